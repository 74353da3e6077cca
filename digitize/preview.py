"""The small JPEG of a page that people look at: upright, at most PREVIEW_HEIGHT_PX high."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import cv2
import numpy as np

from digitize.cleaning import Pixels
from digitize.geometry import Matrix, chain, scale, shift

PREVIEW_HEIGHT_PX = 1400
QUALITY = 80


def write_preview(pixels: Pixels, shown: tuple[int, int], upright: tuple[Matrix, float, float], path: Path) -> None:
    """Write the upright page.

    `pixels` show the whole `shown` frame (width, height) at whatever resolution; `upright` leads from it.
    """
    way, width, height = upright
    factor = min(1.0, PREVIEW_HEIGHT_PX / height)
    small = _shrunk(pixels, min(1.0, factor * shown[0] / pixels.shape[1]))
    to_shown = scale(shown[0] / small.shape[1], shown[1] / small.shape[0])
    # warpAffine counts pixel centres, our frames count corners.
    m = chain((shift(0.5, 0.5), to_shown, way, scale(factor, factor), shift(-0.5, -0.5)))
    warp = np.array([[m.a, m.c, m.e], [m.b, m.d, m.f]], np.float64)
    size = (max(1, round(width * factor)), max(1, round(height * factor)))
    drawn = cv2.warpAffine(small, warp, size, flags=cv2.INTER_LINEAR, borderValue=(255, 255, 255))
    cv2.imwrite(str(path), drawn, [cv2.IMWRITE_JPEG_QUALITY, QUALITY])


def write_placeholder(width: float, height: float, path: Path) -> None:
    """A grey sheet for a page that cannot be drawn."""
    factor = min(1.0, PREVIEW_HEIGHT_PX / max(1.0, height))
    empty = np.full((max(1, round(height * factor)), max(1, round(width * factor))), 225, np.uint8)
    cv2.imwrite(str(path), empty, [cv2.IMWRITE_JPEG_QUALITY, QUALITY])


def _shrunk(pixels: Pixels, factor: float) -> Pixels:
    if factor >= 1:
        return pixels
    small: Any = cv2.resize(pixels, None, fx=factor, fy=factor, interpolation=cv2.INTER_AREA)
    shrunk: Pixels = small
    return shrunk
