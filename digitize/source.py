"""One page of an original, ready to be read: how large it is shown, how to get its pixels, its trusted words.

Runs in the limited child. The frame is `shown`: the page as a viewer shows the original.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import cv2
import pikepdf

from digitize import picture, textlayer
from digitize.cleaning import Pixels
from digitize.geometry import IDENTITY, POINTS_PER_INCH, Box, Matrix, frame_from_user
from digitize.model import MediaType, Route, Word
from digitize.pdffile import open_pdf
from digitize.pdfpage import PdfPage, Scan, inspect
from digitize.picture import PictureFailed
from storage import tools

MAX_READ_PIXELS = 60_000_000
"""Pictures are shrunk to this before they are read; an A2 sheet at 300 dpi."""
A3_LONG_INCHES = 420 / 25.4
PREVIEW_DPI = 120
CODES_DPI = 150
LAYER_CONFIDENCE = 0.9
"""Text laid under a scan by other software is good enough to keep, but it was recognised, not typed."""


@dataclass(frozen=True, slots=True)
class ShownPage:
    """A page before reading.

    `letter_dpi` is the resolution that letters are taken to have (it differs from `dpi` where a
    photo was bound at 72 dpi). `words` are those of a trusted text layer, else None; `layer_letters`
    counts the letters of a layer that is not trusted. PDF pages have `user_from_shown`, image files
    `stored_to_shown`.
    """

    route: Route
    width_px: int
    height_px: int
    dpi: float
    letter_dpi: float
    decode: Callable[[], Pixels]
    preview: Callable[[], Pixels] | None = None
    words: list[Word] | None = None
    layer_letters: int = 0
    may_straighten: bool = True
    user_from_shown: Matrix | None = None
    stored_to_shown: Matrix = IDENTITY
    crop: Box = (0.0, 0.0, 0.0, 0.0)
    rotate: int = 0


def open_page(path: Path, media_type: MediaType, index: int, *, render_dpi: int, signed: bool,
              scratch: Path) -> ShownPage:
    """Page `index` of the original.

    Raises:
        PictureFailed: there is no such page, or it is broken beyond measuring.
        InputRefused: the PDF does not open.
    """
    if media_type is not MediaType.PDF:
        return _image_page(path, media_type, index)
    with open_pdf(path) as pdf:
        try:
            found = inspect(pdf.pages[index])
        except (pikepdf.PdfError, ValueError, TypeError, KeyError, IndexError, AttributeError) as cause:
            raise PictureFailed from cause
        pixels = _scanned(found)
    return _pdf_page(path, index, found, pixels, render_dpi=render_dpi, signed=signed, scratch=scratch)


def _image_page(path: Path, media_type: MediaType, index: int) -> ShownPage:
    found = picture.measure_image(path, index)

    def decode() -> Pixels:
        stored = picture.decode_image(path, media_type, index)
        return bounded(picture.lay_out(stored, found.stored_to_shown, found.shown_width, found.shown_height))

    return ShownPage(Route.IMAGE, found.shown_width, found.shown_height, found.shown_dpi, found.shown_dpi, decode,
                     stored_to_shown=found.stored_to_shown)


def _scanned(found: PdfPage) -> Pixels | None:
    """The pixels of the page's one image while its file is open, or None where it must be drawn."""
    if found.scan is None:
        return None
    try:
        return picture.decode_stream(found.scan.image)
    except PictureFailed:
        return None


def _pdf_page(path: Path, index: int, found: PdfPage, pixels: Pixels | None, *, render_dpi: int, signed: bool,
              scratch: Path) -> ShownPage:
    scan = found.scan if pixels is not None else None
    dpi = max(scan.dpi) if scan else _drawing_dpi(found, render_dpi)
    to_shown, width, height = frame_from_user(found.crop, found.rotate, dpi, found.user_unit)
    words, layer_letters = _text_layer(path, index, found, dpi, scratch)
    # One drawing in colour serves reading and preview; where nothing is read, codes need no more than this.
    decode: Callable[[], Pixels] = partial(_draw, path, index, dpi if words is None else CODES_DPI, scratch)
    if scan and pixels is not None:
        unit = Matrix(1 / scan.width_px, 0, 0, -1 / scan.height_px, 0, 1)
        way = unit.then(scan.unit_to_user).then(to_shown)
        decode = partial(_lay_out, pixels, way, round(width), round(height))
    return ShownPage(
        route=Route.TEXT if words is not None else Route.SCAN if scan else Route.RENDERED,
        width_px=round(width),
        height_px=round(height),
        dpi=dpi,
        letter_dpi=_letter_dpi(scan, dpi, width, height),
        decode=decode,
        preview=partial(_draw, path, index, PREVIEW_DPI, scratch) if scan and found.notes else None,
        words=words,
        layer_letters=layer_letters,
        # What was signed is shown as it was signed; what was typed is straight.
        may_straighten=scan is not None and not signed and not found.notes,
        user_from_shown=to_shown.inverse(),
        crop=found.crop,
        rotate=found.rotate,
    )


def _text_layer(path: Path, index: int, found: PdfPage, dpi: float, scratch: Path) -> tuple[list[Word] | None, int]:
    """The words of the text layer where it can be believed, else the number of letters in it."""
    if not found.text:
        return None, 0
    try:
        words = textlayer.words(path, index, dpi * found.user_unit, scratch)
    except tools.ToolFailed:
        return None, 0
    inches = (found.crop[2] - found.crop[0]) * (found.crop[3] - found.crop[1]) / POINTS_PER_INCH**2
    inches *= found.user_unit**2
    text = " ".join(word.text for word in words)
    if not textlayer.is_trustworthy(text, square_inches=inches, images=found.images):
        return None, sum(map(str.isalpha, text))
    if found.scan is None:
        return words, 0
    return [replace(word, confidence=LAYER_CONFIDENCE) for word in words], 0


def _drawing_dpi(found: PdfPage, render_dpi: int) -> float:
    """`render_dpi`, less for sheets so large that the picture would pass MAX_READ_PIXELS."""
    inches = (found.crop[2] - found.crop[0]) * (found.crop[3] - found.crop[1]) * (found.user_unit / 72) ** 2
    return min(float(render_dpi), math.sqrt(MAX_READ_PIXELS / inches))


def _letter_dpi(scan: Scan | None, dpi: float, width: float, height: float) -> float:
    """`dpi`, unless a photo was bound so coarsely that the sheet would be larger than A3: then A4 is assumed."""
    long_px = max(width, height)
    if scan and dpi < picture.CREDIBLE_DPI[0] and long_px / dpi > A3_LONG_INCHES:
        return max(dpi, long_px / picture.A4_LONG_INCHES)
    return dpi


def _draw(path: Path, index: int, dpi: float, scratch: Path) -> Pixels:
    return picture.draw(path, index, dpi, scratch, colour=True)


def _lay_out(pixels: Pixels, way: Matrix, width: int, height: int) -> Pixels:
    return bounded(picture.lay_out(pixels, way, width, height))


def bounded(pixels: Pixels) -> Pixels:
    """The same picture with at most MAX_READ_PIXELS."""
    count = pixels.shape[0] * pixels.shape[1]
    if count <= MAX_READ_PIXELS:
        return pixels
    factor = math.sqrt(MAX_READ_PIXELS / count)
    smaller: Pixels = cv2.resize(pixels, None, fx=factor, fy=factor, interpolation=cv2.INTER_AREA)  # type: ignore[assignment]
    return smaller
