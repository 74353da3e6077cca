"""Words of receipts as values: who seals, what a check found, and the three verdicts (ETSI EN 319 102-1).

Standard library only. Times are aware UTC.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import assert_never


class SealRole(StrEnum):
    """Three papers, three signers (domain facts 4.2): slip = officer, receipt = organisation, copy = agency."""

    OFFICER = "officer"
    ORGANISATION = "organisation"
    AGENCY = "agency"


@dataclass(frozen=True, slots=True)
class HandedIn:
    """One paper as the slip lists it. `form`: bản chính, bản sao, điện tử; `digitized`: in words, as printed."""

    name: str
    code: str = ""
    form: str = "Bản chính"
    sheets: int | None = None
    digitized: str = ""


class Finding(StrEnum):
    """Why a signature is broken: sub-indications of TOTAL-FAILED (ETSI EN 319 102-1 table 5)."""

    FORMAT_FAILURE = "FORMAT_FAILURE"
    HASH_FAILURE = "HASH_FAILURE"
    SIG_CRYPTO_FAILURE = "SIG_CRYPTO_FAILURE"
    CHANGED_AFTER_SIGNING = "CHANGED_AFTER_SIGNING"
    """Ours: the file was altered or extended after the signature (no ETSI name for it)."""


class Reason(StrEnum):
    """Why no verdict can be given: sub-indications of INDETERMINATE, and two of ours."""

    NO_SIGNATURE = "NO_SIGNATURE"
    UNREADABLE = "UNREADABLE"
    NO_CERTIFICATE_CHAIN_FOUND = "NO_CERTIFICATE_CHAIN_FOUND"
    CHAIN_CONSTRAINTS_FAILURE = "CHAIN_CONSTRAINTS_FAILURE"
    OUT_OF_BOUNDS_NO_POE = "OUT_OF_BOUNDS_NO_POE"
    REVOKED_NO_POE = "REVOKED_NO_POE"
    TRY_LATER = "TRY_LATER"
    CRYPTO_CONSTRAINTS_FAILURE_NO_POE = "CRYPTO_CONSTRAINTS_FAILURE_NO_POE"
    SIG_CONSTRAINTS_FAILURE = "SIG_CONSTRAINTS_FAILURE"


@dataclass(frozen=True, slots=True)
class Holds:
    """Every signature is intact, covers what it must, and leads to a trust anchor (TOTAL-PASSED)."""

    signers: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Broken:
    """At least one signature does not belong to these bytes (TOTAL-FAILED)."""

    finding: Finding


@dataclass(frozen=True, slots=True)
class Undecided:
    """Nothing speaks against the file, but not everything speaks for it (INDETERMINATE)."""

    reason: Reason


Verdict = Holds | Broken | Undecided


class Coverage(StrEnum):
    """How far a signature reaches over the file that carries it."""

    ENTIRE_FILE = "entire_file"
    EARLIER_REVISION = "earlier_revision"
    UNCLEAR = "unclear"


@dataclass(frozen=True, slots=True)
class Signer:
    """The holder of a signing certificate as the certificate says it; `serial` is hexadecimal."""

    name: str
    subject: str
    issuer: str
    serial: str
    not_before: datetime
    not_after: datetime
    test: bool
    """The certificate itself says that it is for tests and has no legal value."""


@dataclass(frozen=True, slots=True)
class SignatureReport:
    """What was found about one signature of a file, in the order of signing.

    `claimed_at` is the signer's own word, `stamped_at` the word of a time-stamp token that is shown
    but not yet checked. `verdict` is about this signature alone.
    """

    field: str
    signer: Signer | None
    claimed_at: datetime | None
    stamped_at: datetime | None
    coverage: Coverage
    intact: bool
    algorithm: str
    findings: tuple[str, ...]
    verdict: Verdict


@dataclass(frozen=True, slots=True)
class VerificationReport:
    """The answer to one verification: the verdict over the whole file and what it rests on."""

    sha256: str
    size: int
    checked_at: datetime
    verdict: Verdict
    signatures: tuple[SignatureReport, ...]

    @property
    def test(self) -> bool:
        """Whether any signature was made with a test key."""
        return any(s.signer is not None and s.signer.test for s in self.signatures)


def headline(verdict: Verdict) -> str:
    """The official word for a verdict (domain facts 5.3)."""
    match verdict:
        case Holds():
            return "Hợp lệ"
        case Broken():
            return "Không hợp lệ"
        case Undecided():
            return "Không xác định"
        case _:
            assert_never(verdict)
