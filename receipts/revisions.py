"""Signatures of a PDF as its revisions tell them: which field, which bytes, what came after (pyHanko's reader).

One adapter over the library's reader and its difference analysis; ISO 32000-2 12.8. Runs in the
limited child only: what it opens may be hostile.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from io import BytesIO

from pyhanko.pdf_utils.misc import PdfError
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign.diff_analysis import DiffResult, ModificationLevel
from pyhanko.sign.fields import enumerate_sig_fields
from pyhanko.sign.validation.errors import SignatureValidationError
from pyhanko.sign.validation.pdf_embedded import EmbeddedPdfSignature
from pyhanko.sign.validation.status import SignatureCoverageLevel

from receipts.model import Coverage
from receipts.strict import MALFORMED, SignedRange


class UnreadablePdf(ValueError):
    """The reader cannot find its way through the file."""


class Later(StrEnum):
    """What was appended after a signature."""

    NOTHING = "nothing"
    VALIDATION_DATA = "validation-data"
    """Only revocation data and document time stamps (PAdES LT/LTA)."""
    SIGNATURES = "signatures"
    """Only further signatures, in the fields listed."""
    CHANGES = "changes"


@dataclass(frozen=True, slots=True)
class FoundSignature:
    """One signature field with a value, in the order of signing."""

    field: str
    signed: SignedRange
    contents: bytes
    coverage: Coverage
    later: Later
    later_fields: frozenset[str]
    claimed_at: datetime | None
    sub_filter: str


def read_signatures(pdf: bytes) -> list[FoundSignature]:
    """Every signature of the file, earliest first. Raises UnreadablePdf."""
    with _unreadable():
        reader = PdfFileReader(BytesIO(pdf), strict=False)
        if reader.encrypted:
            raise UnreadablePdf("encrypted")
        embedded = [EmbeddedPdfSignature(reader, reference.get_object(), name)
                    for name, value, reference in enumerate_sig_fields(reader, filled_status=True)]
        embedded.sort(key=lambda signature: signature.signed_revision)
        tidy = _ends_at_its_xref(pdf, reader)
        return [_found(signature, tidy=tidy) for signature in embedded]


@contextmanager
def _unreadable() -> Iterator[None]:
    """What the library raises on files that are not as it expects; it documents PdfError alone."""
    try:
        yield
    except UnreadablePdf:
        raise
    except (PdfError, SignatureValidationError, *MALFORMED) as cause:
        raise UnreadablePdf(type(cause).__name__) from cause


def _found(signature: EmbeddedPdfSignature, *, tidy: bool) -> FoundSignature:
    signature.compute_integrity_info()
    later, fields = _later(signature)
    if later is not Later.NOTHING and not tidy:
        later = Later.CHANGES
    byte_range = [int(number) for number in signature.byte_range]
    if len(byte_range) != 4:
        raise UnreadablePdf("byte range")
    return FoundSignature(
        field=signature.field_name,
        signed=SignedRange(*byte_range),
        contents=signature.pkcs7_content,
        coverage=_coverage(signature.summarise_integrity_info()["coverage"]),
        later=later,
        later_fields=fields,
        claimed_at=_claimed(signature),
        sub_filter=str(signature.sig_object.get("/SubFilter", "")),
    )


def _later(signature: EmbeddedPdfSignature) -> tuple[Later, frozenset[str]]:
    summary = signature.summarise_integrity_info()
    difference = summary["diff_result"]
    if not summary["docmdp_ok"] or not isinstance(difference, DiffResult):
        return Later.CHANGES, frozenset()
    if summary["coverage"] is SignatureCoverageLevel.ENTIRE_FILE:
        return Later.NOTHING, frozenset()
    match difference.modification_level:
        case ModificationLevel.LTA_UPDATES:
            return Later.VALIDATION_DATA, frozenset()
        case ModificationLevel.FORM_FILLING:
            return Later.SIGNATURES, frozenset(difference.changed_form_fields)
        case _:
            # NONE without covering the file is the tell of bytes that no cross-reference admits to.
            return Later.CHANGES, frozenset()


def _coverage(level: SignatureCoverageLevel | None) -> Coverage:
    match level:
        case SignatureCoverageLevel.ENTIRE_FILE:
            return Coverage.ENTIRE_FILE
        case SignatureCoverageLevel.ENTIRE_REVISION:
            return Coverage.EARLIER_REVISION
        case _:
            return Coverage.UNCLEAR


def _claimed(signature: EmbeddedPdfSignature) -> datetime | None:
    """The signer's own word about the time; None where it is missing or unreadable."""
    try:
        stated = signature.self_reported_timestamp
    except (PdfError, *MALFORMED):
        return None
    return stated if stated is not None and stated.tzinfo is not None else None


def _ends_at_its_xref(pdf: bytes, reader: PdfFileReader) -> bool:
    """Whether the file ends with the %%EOF of the very cross-reference section that was read."""
    tail = pdf[-64:].rstrip(b"\r\n")
    start, _, number = tail.rpartition(b"startxref")
    digits, _, rest = number.strip().partition(b"%%EOF")
    stated = digits.strip()
    return bool(start) and not rest and stated.isdigit() and int(stated) == reader.last_startxref
