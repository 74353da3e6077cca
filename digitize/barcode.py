"""QR codes through zxing-cpp: the plain page first, then enlarged and softened patches that look like a code."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import cv2
import numpy as np
import zxingcpp

from digitize.cleaning import Grey
from digitize.model import Code

PATCH_DPI = 100.0
SIDE_MM = (8.0, 40.0)
"""Sides of printed codes: 10 mm on identity cards, 18 mm on the new ones, 30 mm on cover sheets."""
MAX_PATCHES = 8
QR = zxingcpp.BarcodeFormats([zxingcpp.BarcodeFormat.QRCode])
RETRIES = (2.0, 3.0)
"""Small prints (1.6 px a module) are read enlarged and softened, never plain."""


def read_codes(grey: Grey, dpi: float) -> list[Code]:
    """The QR codes of a page, in the frame of `grey`."""
    found = _read(grey)
    if not found:
        for left, top, patch in _patches(grey, dpi):
            found += _read_enlarged(patch, left, top)
    return sorted(found, key=lambda code: (code.box[1], code.box[0], code.text))


def _read_enlarged(patch: Grey, left: int, top: int) -> list[Code]:
    for factor in RETRIES:
        large: Any = cv2.resize(patch, None, fx=factor, fy=factor, interpolation=cv2.INTER_CUBIC)
        found = _read(cv2.GaussianBlur(large, (0, 0), factor * 0.5), 1 / factor, left, top)
        if found:
            return found
    return []


def _read(picture: Any, scale: float = 1.0, left: int = 0, top: int = 0) -> list[Code]:  # noqa: ANN401 - cv2 array
    found = []
    for hit in zxingcpp.read_barcodes(picture, formats=QR):
        if not hit.text:
            continue
        at = hit.position
        corners = (at.top_left, at.top_right, at.bottom_right, at.bottom_left)
        xs, ys = [left + c.x * scale for c in corners], [top + c.y * scale for c in corners]
        found.append(Code("qr", hit.text, (min(xs), min(ys), max(xs), max(ys))))
    return found


def _patches(grey: Grey, dpi: float) -> Iterator[tuple[int, int, Grey]]:
    """Square, evenly filled patches of the size of a printed code, with their left and top."""
    factor = min(1.0, PATCH_DPI / dpi)
    small = cv2.resize(grey, None, fx=factor, fy=factor, interpolation=cv2.INTER_AREA)
    ink = (small < 140).astype(np.uint8)
    joined = cv2.morphologyEx(ink, cv2.MORPH_CLOSE, np.ones((7, 7), np.uint8))
    _, _, stats, _ = cv2.connectedComponentsWithStats(joined, connectivity=8)
    px_per_mm = dpi * factor / 25.4
    given = 0
    for left, top, width, height, area in stats[1:].tolist():
        side = max(width, height)
        fits = SIDE_MM[0] <= side / px_per_mm <= SIDE_MM[1]
        if not fits or min(width, height) < 0.7 * side or area < 0.6 * width * height:
            continue
        margin = side * 0.2
        x0, y0 = max(0, int((left - margin) / factor)), max(0, int((top - margin) / factor))
        x1, y1 = int((left + width + margin) / factor), int((top + height + margin) / factor)
        yield x0, y0, grey[y0:y1, x0:x1]
        given += 1
        if given == MAX_PATCHES:
            return
