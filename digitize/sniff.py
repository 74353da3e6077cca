"""What a file is, told by its first bytes and never by its name."""

from __future__ import annotations

from digitize.model import MediaType

HEAD_BYTES = 1024
"""A PDF header may stand anywhere in the first 1024 bytes (ISO 32000-1 annex H 3.4.1)."""

_MAGIC = (
    (b"\xff\xd8\xff", MediaType.JPEG),
    (b"\x89PNG\r\n\x1a\n", MediaType.PNG),
    (b"II*\x00", MediaType.TIFF),
    (b"MM\x00*", MediaType.TIFF),
    (b"II+\x00", MediaType.TIFF),
    (b"MM\x00+", MediaType.TIFF),
)


def media_type(head: bytes) -> MediaType | None:
    """The type of a file that starts with `head`, or None where it is nothing that is taken in."""
    for magic, found in _MAGIC:
        if head.startswith(magic):
            return found
    return MediaType.PDF if b"%PDF-" in head[:HEAD_BYTES] else None
