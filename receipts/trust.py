"""Whether a signing certificate leads to an anchor we trust, as a reason to doubt or none (RFC 5280 6).

Nothing is fetched here. A certificate that names where its revocation may be asked, while nobody has
asked, leaves doubt (TRY_LATER); one that names no such place (our demo authority) is taken as it is.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

from asn1crypto import pem, x509
from pyhanko_certvalidator import CertificateValidator, ValidationContext
from pyhanko_certvalidator.errors import (
    DisallowedAlgorithmError,
    ExpiredError,
    InsufficientPOEError,
    InsufficientRevinfoError,
    NotYetValidError,
    PathBuildingError,
    RevokedError,
    ValidationError,
)

from receipts.model import Reason
from receipts.strict import MALFORMED

_SIGNING = frozenset({"non_repudiation"})
_TIME_STAMPING = frozenset({"time_stamping"})

_REASONS: tuple[tuple[type[Exception], Reason], ...] = (
    (RevokedError, Reason.REVOKED_NO_POE),
    (InsufficientRevinfoError, Reason.TRY_LATER),
    (ExpiredError, Reason.OUT_OF_BOUNDS_NO_POE),
    (NotYetValidError, Reason.OUT_OF_BOUNDS_NO_POE),
    (InsufficientPOEError, Reason.OUT_OF_BOUNDS_NO_POE),
    (DisallowedAlgorithmError, Reason.CRYPTO_CONSTRAINTS_FAILURE_NO_POE),
    (PathBuildingError, Reason.NO_CERTIFICATE_CHAIN_FOUND),
    (ValidationError, Reason.CHAIN_CONSTRAINTS_FAILURE),
)
"""First match wins; the last two are the bases of the library's families."""


def load_anchors(folder: Path) -> tuple[x509.Certificate, ...]:
    """Every certificate in the `.pem`, `.crt` and `.cer` files of `folder`; an absent folder holds none.

    Raises ValueError for a file that holds no certificate: a trust list with a hole is a fault, not a shrug.
    """
    files = sorted(path for path in folder.glob("*") if path.suffix in {".pem", ".crt", ".cer"})
    return tuple(certificate for path in files for certificate in _certificates(path.read_bytes()))


def doubt(certificate: x509.Certificate, others: Sequence[x509.Certificate], anchors: Sequence[x509.Certificate],
          at: datetime, *, time_stamping: bool = False) -> Reason | None:
    """Why `certificate` cannot be relied on at `at`, or None when it leads to one of `anchors`."""
    if not anchors:
        return Reason.NO_CERTIFICATE_CHAIN_FOUND
    context = ValidationContext(trust_roots=list(anchors), other_certs=list(others), moment=at,
                                allow_fetching=False, crls=[], ocsps=[], revocation_mode="hard-fail")
    validator = CertificateValidator(certificate, intermediate_certs=list(others), validation_context=context)
    try:
        if time_stamping:
            asyncio.run(validator.async_validate_usage(set(), set(_TIME_STAMPING)))
        else:
            asyncio.run(validator.async_validate_usage(set(_SIGNING)))
    except (PathBuildingError, ValidationError) as refused:
        return next(reason for kind, reason in _REASONS if isinstance(refused, kind))
    except MALFORMED:
        return Reason.CHAIN_CONSTRAINTS_FAILURE  # a certificate that cannot be read to its end
    return None


def _certificates(content: bytes) -> list[x509.Certificate]:
    if not pem.detect(content):
        return [x509.Certificate.load(content, strict=True)]
    return [x509.Certificate.load(der, strict=True) for _, _, der in pem.unarmor(content, multiple=True)]
