"""The picture of one page as a viewer shows it: from an image file, a scanner's stream in a PDF, or drawn.

Runs in the limited child. A page that is one image is decoded once, without drawing: faster, and
exactly the pixels that the scanner made. Everything else is drawn by poppler through pdf2image.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pdf2image
import pikepdf
from pdf2image.exceptions import PDFInfoNotInstalledError, PDFPageCountError, PDFSyntaxError, PopplerNotInstalledError
from PIL import Image, ImageSequence

from digitize.cleaning import Pixels
from digitize.errors import MissingTool
from digitize.geometry import Matrix, exif_to_shown, scale
from digitize.model import MediaType

CREDIBLE_DPI = (99.0, 2400.0)
A4_LONG_INCHES = 297 / 25.4
EXIF_ORIENTATION = 0x0112
NEARLY_PX = 1.5


class PictureFailed(Exception):
    """The page cannot be decoded or drawn."""


@dataclass(frozen=True, slots=True)
class ImagePage:
    """One page of an image file: stored size, resolution across and down, and the way from stored to shown pixels."""

    width_px: int
    height_px: int
    dpi: tuple[float, float]
    stored_to_shown: Matrix
    shown_width: int
    shown_height: int
    shown_dpi: float


def measure_image(path: Path, index: int) -> ImagePage:
    """Size and resolution of page `index`, from its header alone.

    Raises:
        PictureFailed: no such page.
    """
    Image.MAX_IMAGE_PIXELS = None
    try:
        with Image.open(path) as image:
            image.seek(index)
            width, height = image.size
            dpi_x, dpi_y = _credible_dpi(image)
            orientation = int(image.getexif().get(EXIF_ORIENTATION, 1))
    except (OSError, EOFError, SyntaxError, ValueError, TypeError) as cause:
        raise PictureFailed from cause
    dpi = max(dpi_x, dpi_y)
    square = scale(dpi / dpi_x, dpi / dpi_y)
    shown, shown_width, shown_height = exif_to_shown(orientation, width * dpi / dpi_x, height * dpi / dpi_y)
    return ImagePage(width, height, (dpi_x, dpi_y), square.then(shown), round(shown_width), round(shown_height), dpi)


def _credible_dpi(image: Image.Image) -> tuple[float, float]:
    """The resolution that the file claims, or, where it claims none or a screen's, that of an A4 sheet."""
    claimed = image.info.get("dpi")
    try:
        across, down = (float(v) for v in claimed or (0.0, 0.0))
    except (TypeError, ValueError):
        across = down = 0.0
    low, high = CREDIBLE_DPI
    if low <= across <= high and low <= down <= high:
        return across, down
    guessed = min(high, max(72.0, max(image.size) / A4_LONG_INCHES))
    return guessed, guessed


def decode_image(path: Path, media_type: MediaType, index: int) -> Pixels:
    """The stored pixels of page `index`, grey or BGR; transparency over white.

    Raises:
        PictureFailed: the data cannot be decoded.
    """
    if media_type is MediaType.JPEG:
        return decode_jpeg(path.read_bytes())
    try:
        with Image.open(path) as image:
            for number, frame in enumerate(ImageSequence.Iterator(image)):
                if number == index:
                    return from_pil(frame)
    except (OSError, SyntaxError, ValueError, EOFError) as cause:
        raise PictureFailed from cause
    raise PictureFailed


def decode_jpeg(data: bytes) -> Pixels:
    """JPEG to stored pixels (Exif orientation not applied), grey where it is grey."""
    flags = cv2.IMREAD_ANYCOLOR | cv2.IMREAD_IGNORE_ORIENTATION
    pixels: Any = cv2.imdecode(np.frombuffer(data, np.uint8), flags)
    if pixels is None:
        raise PictureFailed
    decoded: Pixels = pixels
    return decoded


def from_pil(image: Image.Image) -> Pixels:
    """Pillow's image as grey or BGR; 16 bits cut to 8, transparency over white."""
    if image.mode in {"1", "L"}:
        return np.asarray(image.convert("L"))
    if image.mode.startswith(("I", "F")):
        values = np.asarray(image, dtype=np.float64)
        top = values.max() if values.size else 0.0
        return (values * (255.0 / (65535.0 if top > 255 else 255.0))).clip(0, 255).astype(np.uint8)
    if image.mode in {"LA", "RGBA", "PA"} or "transparency" in image.info:
        over = image.convert("RGBA")
        sheet = Image.new("RGBA", over.size, "white")
        sheet.alpha_composite(over)
        image = sheet
    return np.ascontiguousarray(np.asarray(image.convert("RGB"))[:, :, ::-1])


def decode_stream(image: Any) -> Pixels:  # noqa: ANN401 - a pikepdf stream
    """The pixels of an image XObject.

    Raises:
        PictureFailed: a kind that is better drawn by poppler (masks, JBIG2, CMYK, unusual decoding).
    """
    if image.get("/ImageMask", False) or "/Decode" in image or "/SMask" in image or "/Mask" in image:
        raise PictureFailed
    filters = image.get("/Filter")
    names = [str(name) for name in filters] if isinstance(filters, pikepdf.Array) else [str(filters)]
    try:
        if names == ["/DCTDecode"]:
            if str(image.get("/ColorSpace")) == "/DeviceCMYK":
                raise PictureFailed
            return decode_jpeg(image.read_raw_bytes())
        return from_pil(pikepdf.PdfImage(image).as_pil_image())
    except (pikepdf.PdfError, OSError, ValueError, TypeError, KeyError, NotImplementedError, RuntimeError) as cause:
        raise PictureFailed from cause


def draw(path: Path, index: int, dpi: float, scratch: Path, *, colour: bool) -> Pixels:
    """Page `index` drawn by poppler as a viewer shows it: crop box, /Rotate, annotations.

    Raises:
        MissingTool: poppler is not installed.
        PictureFailed: poppler cannot draw it.
    """
    try:
        pages = pdf2image.convert_from_path(
            path, dpi=dpi, first_page=index + 1, last_page=index + 1, output_folder=scratch,  # type: ignore[arg-type]
            fmt="ppm", grayscale=not colour, use_cropbox=True, thread_count=1,
        )
    except (PDFInfoNotInstalledError, PopplerNotInstalledError) as cause:
        raise MissingTool("poppler-utils") from cause
    except (PDFPageCountError, PDFSyntaxError, OSError, ValueError) as cause:
        raise PictureFailed from cause
    if len(pages) != 1 or min(pages[0].size) <= 1:  # poppler draws one pixel where it gives up
        raise PictureFailed
    with pages[0] as page:
        pixels = from_pil(page)
    for left in scratch.glob("*.p?m"):
        left.unlink()
    return pixels


def lay_out(pixels: Pixels, to_shown: Matrix, width: int, height: int) -> Pixels:
    """Stored pixels laid on the shown sheet of `width` x `height`; quarter turns and mirrors copy pixels exactly."""
    turned = _exact(pixels, to_shown, width, height)
    if turned is not None:
        return turned
    # Pixel centres lie half a pixel inside their corners; warpAffine counts centres, our frames count corners.
    m = Matrix(1, 0, 0, 1, 0.5, 0.5).then(to_shown).then(Matrix(1, 0, 0, 1, -0.5, -0.5))
    a, b, c, d, e, f = m.numbers()
    warp = np.array([[a, c, e], [b, d, f]], np.float64)
    white = (255, 255, 255)
    sheet: Any = cv2.warpAffine(pixels, warp, (width, height), flags=cv2.INTER_LINEAR, borderValue=white)
    laid: Pixels = sheet
    return laid


def _exact(pixels: Pixels, to_shown: Matrix, width: int, height: int) -> Pixels | None:
    """The sheet where the way is a pure quarter turn or mirror to within a pixel, else None."""
    stored_height, stored_width = pixels.shape[:2]
    for orientation in range(1, 9):
        exact, new_width, new_height = exif_to_shown(orientation, stored_width, stored_height)
        if abs(new_width - width) > NEARLY_PX or abs(new_height - height) > NEARLY_PX:
            continue
        corners = ((0, 0), (stored_width, 0), (0, stored_height))
        if all(_near(exact.point(*c), to_shown.point(*c)) for c in corners):
            return _turn_by_exif(pixels, orientation)
    return None


def _near(p: tuple[float, float], q: tuple[float, float]) -> bool:
    return abs(p[0] - q[0]) <= NEARLY_PX and abs(p[1] - q[1]) <= NEARLY_PX


def _turn_by_exif(pixels: Pixels, orientation: int) -> Pixels:
    if orientation in {2, 4, 5, 7}:
        pixels = pixels[:, ::-1]
    quarter_turns = {3: 2, 4: 2, 5: 1, 6: 3, 7: 3, 8: 1}.get(orientation, 0)  # np.rot90 turns counter-clockwise
    return np.ascontiguousarray(np.rot90(pixels, quarter_turns)) if orientation != 1 else pixels
