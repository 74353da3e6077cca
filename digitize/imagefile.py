"""The structure of JPEG, PNG and TIFF files, walked without decoding a pixel.

Runs in the limited child only. Size and pages are read from headers; a file that ends early is told
by its missing end mark, so that a half-copied scan is refused and never half kept.
"""

from __future__ import annotations

import struct
import zlib
from pathlib import Path

from PIL import Image, ImageSequence, TiffImagePlugin, UnidentifiedImageError

from digitize.errors import DamagedFile, TooManyPages, TooManyPixels
from digitize.model import MediaType, Probe

JPEG_EOI = 0xD9
JPEG_SOS = 0xDA
BARE_MARKERS = frozenset({0x01, *range(0xD0, 0xD8)})
TIFF_STRIPS = ((273, 279), (324, 325))
"""Offsets and byte counts of strips, of tiles (TIFF 6.0)."""


def probe_image(path: Path, media_type: MediaType, *, max_pages: int, max_pixels: int) -> Probe:
    """What the image file holds.

    Raises:
        DamagedFile: the file ends early or its structure is broken.
        TooManyPages, TooManyPixels: past the budget.
    """
    Image.MAX_IMAGE_PIXELS = None  # our own budget, for which nothing is decoded
    try:
        with Image.open(path) as image:
            if image.format not in {"JPEG", "MPO", "PNG", "TIFF"}:
                raise DamagedFile
            check_pixels(image.width, image.height, max_pixels)
            if isinstance(image, TiffImagePlugin.TiffImageFile):
                return Probe(media_type, _walk_tiff(image, path.stat().st_size, max_pages, max_pixels))
    except (OSError, SyntaxError, ValueError, TypeError, KeyError, struct.error, UnidentifiedImageError) as cause:
        raise DamagedFile from cause
    whole = _jpeg_is_whole if media_type is MediaType.JPEG else _png_is_whole
    if not whole(path.read_bytes()):
        raise DamagedFile
    return Probe(media_type, 1)


def check_pixels(width: float, height: float, max_pixels: int) -> None:
    """Refuse what is larger than the budget, and what has no area."""
    if width < 1 or height < 1:
        raise DamagedFile
    if width * height > max_pixels:
        raise TooManyPixels(width=int(width), height=int(height), max_pixels=max_pixels)


def _walk_tiff(image: TiffImagePlugin.TiffImageFile, size: int, max_pages: int, max_pixels: int) -> int:
    """The number of pages; each page's data must lie inside the file."""
    pages = 0
    for frame in ImageSequence.Iterator(image):
        pages += 1
        if pages > max_pages:
            raise TooManyPages(max_pages=max_pages)
        check_pixels(frame.width, frame.height, max_pixels)
        tags = image.tag_v2
        places = [(tags.get(at), tags.get(count)) for at, count in TIFF_STRIPS if at in tags]
        if not places:
            raise DamagedFile
        for offsets, counts in places:
            if offsets is None or counts is None or max(map(sum, zip(offsets, counts, strict=True))) > size:
                raise DamagedFile
    return pages


def _jpeg_is_whole(data: bytes) -> bool:
    """True if the first scan is followed by an end-of-image mark (ITU-T T.81 B.1.1.3).

    Segments before the scan are skipped by their length, so that the end mark of an Exif thumbnail
    is not taken for the end of the picture.
    """
    at = 2
    while at + 4 <= len(data):
        if data[at] != 0xFF:
            return False
        marker = data[at + 1]
        if marker == 0xFF:
            at += 1
        elif marker in BARE_MARKERS:
            at += 2
        elif marker == JPEG_SOS:
            return data.find(bytes((0xFF, JPEG_EOI)), at) >= 0
        else:
            at += 2 + int.from_bytes(data[at + 2:at + 4], "big")
    return False


def _png_is_whole(data: bytes) -> bool:
    """True if all chunks up to IEND are there with right check sums (PNG 2nd ed. 5.3)."""
    at = 8
    while at + 12 <= len(data):
        length = int.from_bytes(data[at:at + 4], "big")
        end = at + 8 + length
        if end + 4 > len(data) or zlib.crc32(data[at + 4:end]) != int.from_bytes(data[end:end + 4], "big"):
            return False
        if data[at + 4:at + 8] == b"IEND":
            return True
        at = end + 4
    return False
