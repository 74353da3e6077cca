"""Tesseract through pytesseract: one pass over a page gives words with boxes, base lines and confidence.

Runs in the limited child, whose limits the tool inherits. The picture is handed over as PGM: writing
a PNG costs as much as a fifth of the reading.
"""

from __future__ import annotations

import re
import unicodedata
import xml.etree.ElementTree as ET
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import pytesseract

from digitize.cleaning import READING_DPI, Grey
from digitize.errors import MissingTool
from digitize.geometry import Box
from digitize.model import Word

SETTINGS = "--oem 1 --psm 4 -c invert_threshold=0"
OSD_DPI = 150
MIN_ORIENTATION_CONFIDENCE = 1.0
LANGUAGE_MISSING = "Failed loading language"
NOTHING_TO_ORIENT = 1
"""Exit code of tesseract's orientation pass where a page has too few letters."""

_BOX = re.compile(r"bbox (-?\d+) (-?\d+) (-?\d+) (-?\d+)")
_BASELINE = re.compile(r"baseline (-?[\d.]+) (-?[\d.]+)")
_CONFIDENCE = re.compile(r"x_wconf (\d+)")
_ORIENTATION = re.compile(r"Rotate: (\d+)\s+Orientation confidence: ([\d.]+)")


class OcrFailed(Exception):
    """Tesseract ended with an error or wrote what is not its format."""


@dataclass(frozen=True, slots=True)
class _Place:
    """Where the walk through the hOCR tree stands."""

    block: int
    line: int
    box: Box
    slope: float
    offset: float


def recognise(grey: Grey, language: str, scratch: Path) -> list[Word]:
    """The words of an upright page at READING_DPI, in that frame, in tesseract's reading order.

    Raises:
        MissingTool: tesseract or the language is not installed.
        OcrFailed: tesseract did not do its work.
    """
    page = _hand_over(grey, scratch)
    config = f"{SETTINGS} --dpi {round(READING_DPI)}"
    try:
        hocr: bytes = pytesseract.image_to_pdf_or_hocr(str(page), lang=language, config=config, extension="hocr")
    except pytesseract.TesseractNotFoundError as cause:
        raise MissingTool("tesseract") from cause
    except pytesseract.TesseractError as cause:
        if LANGUAGE_MISSING in cause.message:
            raise MissingTool(f"tesseract-ocr-{language}") from cause
        raise OcrFailed(str(cause)) from cause
    except OSError as cause:
        raise OcrFailed(str(cause)) from cause
    return parse_hocr(hocr)


def turn_to_upright(grey: Grey, scratch: Path) -> int:
    """How far the page must be turned clockwise to stand upright: 0, 90, 180 or 270; 0 where it cannot be told.

    `grey` at READING_DPI.
    """
    factor = OSD_DPI / READING_DPI
    small: Any = cv2.resize(grey, None, fx=factor, fy=factor, interpolation=cv2.INTER_AREA)
    page = _hand_over(small, scratch)
    try:
        told: str = pytesseract.image_to_osd(str(page), config=f"--dpi {OSD_DPI}")
    except pytesseract.TesseractNotFoundError as cause:
        raise MissingTool("tesseract") from cause
    except pytesseract.TesseractError as cause:
        if cause.status == NOTHING_TO_ORIENT:
            return 0
        raise OcrFailed(str(cause)) from cause
    found = _ORIENTATION.search(told)
    if found is None or float(found[2]) < MIN_ORIENTATION_CONFIDENCE:
        return 0
    return int(found[1]) % 360


def parse_hocr(hocr: bytes) -> list[Word]:
    """Words out of tesseract's hOCR 1.2; text is NFC and never empty.

    Raises:
        OcrFailed: not well-formed, or without the boxes that hOCR promises.
    """
    words: list[Word] = []
    try:
        root = ET.fromstring(hocr)  # noqa: S314 - written by tesseract in this child, entities unused
        _walk(root, _Place(-1, -1, (0, 0, 0, 0), 0, 0), words)
    except (ET.ParseError, ValueError, TypeError) as cause:
        raise OcrFailed("hOCR cannot be understood") from cause
    return words


def _walk(node: ET.Element, place: _Place, words: list[Word]) -> _Place:
    """Add the words below `node`; the place after it, so that blocks and lines are counted through the page."""
    kind, title = node.get("class", ""), node.get("title", "")
    if kind == "ocr_carea":
        place = _Place(place.block + 1, place.line, place.box, 0, 0)
    elif kind in {"ocr_line", "ocr_header", "ocr_caption", "ocr_textfloat"}:
        slope, offset = _baseline(title)
        place = _Place(max(0, place.block), place.line + 1, _box(title), slope, offset)
    elif kind == "ocrx_word":
        word = _word(node, place)
        if word is not None:
            words.append(word)
        return place
    for child in node:
        place = _walk(child, place, words)
    return place


def _word(node: ET.Element, place: _Place) -> Word | None:
    text = unicodedata.normalize("NFC", "".join(node.itertext())).strip()
    text = "".join(c for c in text if c.isprintable())
    if not text:
        return None
    title = node.get("title", "")
    box = _box(title)
    sure = _CONFIDENCE.search(title)
    middle = (box[0] + box[2]) / 2 - place.box[0]
    baseline = place.box[3] + place.offset + place.slope * middle
    return Word(
        text=text,
        box=box,
        confidence=int(sure[1]) / 100 if sure else 0.0,
        line=max(0, place.line),
        block=max(0, place.block),
        baseline=min(max(baseline, box[1] + 1), box[3]),
    )


def _box(title: str) -> Box:
    found = _BOX.search(title)
    if found is None:
        raise ValueError("hOCR element without bbox")
    left, top, right, bottom = (float(v) for v in found.groups())
    return left, top, right, bottom


def _baseline(title: str) -> tuple[float, float]:
    found = _BASELINE.search(title)
    return (float(found[1]), float(found[2])) if found else (0.0, 0.0)


def _hand_over(grey: Grey, scratch: Path) -> Path:
    """Write the picture as PGM, which costs nothing."""
    page = scratch / "reading.pgm"
    if not cv2.imwrite(str(page), grey):
        raise OcrFailed("the reading buffer cannot be written")
    return page
