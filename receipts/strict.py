"""What a signature's place in the file must look like, byte by byte; stricter than readers are.

Readers accept hexadecimal of mixed case, blanks, and any bytes in the padding of /Contents: all that is
outside the signed range and may be changed unseen. Here every byte of it has exactly one right value.
"""

from __future__ import annotations

import binascii
import mmap
import re
from dataclasses import dataclass
from enum import StrEnum


class Fault(StrEnum):
    """A place that is not as it must be. The first group breaks a signature, the second only leaves doubt."""

    RANGE_NOT_FROM_START = "range-not-from-start"
    RANGE_BEYOND_FILE = "range-beyond-file"
    GAP_NOT_CONTENTS = "gap-not-contents"
    PADDING_NOT_ZERO = "padding-not-zero"
    NOT_DER = "not-der"
    MIXED_CASE = "mixed-hex-case"
    SIGNER_ID_NOT_EXACT = "signer-id-not-exact"
    PARAMETERS_NOT_EXACT = "parameters-not-exact"
    VERSION_NOT_EXACT = "version-not-exact"
    UNSIGNED_ATTRIBUTE = "unsigned-attribute"


DOUBTS = frozenset({Fault.MIXED_CASE, Fault.SIGNER_ID_NOT_EXACT, Fault.PARAMETERS_NOT_EXACT, Fault.VERSION_NOT_EXACT,
                    Fault.UNSIGNED_ATTRIBUTE})

MALFORMED = (ValueError, LookupError, TypeError, AttributeError, AssertionError, ArithmeticError, NotImplementedError,
             RecursionError)
"""What the parsing libraries raise on structures that are not what they claim: they parse late and promise little.
Caught only around such parsing, inside the limited child or over bytes of our own making."""

_HEX = re.compile(rb"[0-9A-Fa-f]*")
_RANGE = re.compile(rb"/ByteRange\s*\[\s*(\d{1,12})\s+(\d{1,12})\s+(\d{1,12})\s+(\d{1,12})\s*\]")


@dataclass(frozen=True, slots=True)
class SignedRange:
    """A /ByteRange: [first, first + first_length) and [second, second + second_length), in bytes of the file."""

    first: int
    first_length: int
    second: int
    second_length: int

    @property
    def end(self) -> int:
        return self.second + self.second_length


@dataclass(frozen=True, slots=True)
class Place:
    """A signature's bytes as they stand in the file, and what is wrong with them."""

    der: bytes
    faults: tuple[Fault, ...]


def raw_ranges(pdf: bytes) -> list[SignedRange]:
    """Every /ByteRange spelled out in the bytes, whether or not a reader would reach it."""
    return [SignedRange(*map(int, match.groups())) for match in _RANGE.finditer(pdf)]


def place(pdf: bytes | mmap.mmap, signed: SignedRange) -> Place:
    """The signature in the gap of `signed`, with every fault of the gap."""
    if signed.first != 0:
        return Place(b"", (Fault.RANGE_NOT_FROM_START,))
    if not 0 < signed.first_length < signed.second <= signed.end <= len(pdf):
        return Place(b"", (Fault.RANGE_BEYOND_FILE,))
    gap = pdf[signed.first_length:signed.second]
    inner = gap[1:-1]
    if gap[:1] != b"<" or gap[-1:] != b">" or len(inner) % 2 or not _HEX.fullmatch(inner):
        return Place(b"", (Fault.GAP_NOT_CONTENTS,))
    faults = [Fault.MIXED_CASE] if inner not in (inner.upper(), inner.lower()) else []
    contents = binascii.unhexlify(inner)
    length = der_length(contents)
    if length is None:
        return Place(contents, (*faults, Fault.NOT_DER))
    if any(contents[length:]):
        faults.append(Fault.PADDING_NOT_ZERO)
    return Place(contents[:length], tuple(faults))


def der_length(encoded: bytes) -> int | None:
    """Length of the DER SEQUENCE that `encoded` begins with, shortest form only (X.690 10.1); None if none."""
    if len(encoded) < 2 or encoded[0] != 0x30:
        return None
    first = encoded[1]
    if first < 0x80:
        return 2 + first if 2 + first <= len(encoded) else None
    size = first & 0x7F
    length = int.from_bytes(encoded[2:2 + size])
    if not 1 <= size <= 4 or len(encoded) < 2 + size or length < 0x80 or length >> (8 * (size - 1)) == 0:
        return None
    return 2 + size + length if 2 + size + length <= len(encoded) else None
