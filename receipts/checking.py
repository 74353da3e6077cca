"""The check of our own hand: every paper is read back and verified before it leaves (0.3 ms)."""

from __future__ import annotations

import hashlib
import mmap
from functools import partial

from receipts.errors import SigningFailed
from receipts.integrity import NotSignedData, check_cms
from receipts.strict import Place, SignedRange, place, raw_ranges


def check(pdf: bytes | mmap.mmap, *, expected_prefix: int = 0) -> None:
    """The last signature reaches to the last byte, its digest and value are right, and every byte is canonical.

    `expected_prefix`: how many bytes were there before signing; the signature lies after them.
    Raises SigningFailed.
    """
    ranges = raw_ranges(pdf[expected_prefix:])
    if len(ranges) != 1:
        raise SigningFailed
    signed = ranges[0]
    if signed.end != len(pdf) or signed.first_length < expected_prefix:
        raise SigningFailed
    found = place(pdf, signed)
    if found.faults or not _intact(pdf, signed, found):
        raise SigningFailed


def digest_of_range(pdf: bytes | mmap.mmap, signed: SignedRange, hash_name: str) -> bytes:
    """Digest over the two pieces that a /ByteRange names."""
    digest = hashlib.new(hash_name)
    with memoryview(pdf) as view:
        for piece in (view[signed.first:signed.first + signed.first_length], view[signed.second:signed.end]):
            digest.update(piece)
            piece.release()
    return digest.digest()


def _intact(pdf: bytes | mmap.mmap, signed: SignedRange, found: Place) -> bool:
    try:
        result = check_cms(found.der, partial(digest_of_range, pdf, signed))
    except NotSignedData:
        return False
    return result.intact and not result.faults and not result.weak
