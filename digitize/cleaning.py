"""The reading buffer: a grey copy of a page made easy to read; the page itself is never changed.

All functions are pure over numpy arrays: grey is uint8, 0 black to 255 white; colour is BGR. Sizes
are given in pixels at READING_DPI. Measured on real and degraded forms: dot leaders and rules cost
more characters than all dirt together, and red stamps vanish where the red channel is read.
"""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

Grey = NDArray[np.uint8]
Pixels = NDArray[np.uint8]
"""Grey (height, width) or colour (height, width, 3) in BGR."""

READING_DPI = 200.0
RED_EXCESS = 24  # red minus the larger of green and blue, above which a pixel is stamp or seal
DARK = 140
FAINT = 215
BLANK_SHARE = 0.0012  # of dark pixels: blank backs measured up to 0.0003, written pages from 0.008
FAINT_SHARE = 0.002  # of faint pixels: clean blank pages measured up to 0.0013, pencil and carbon copies from 0.012
DOT_PX = 7
DOTS_IN_A_ROW = 6
RULE_PX = 63
LETTER_PX = (10, 60)
FEW_LETTERS = 10
LETTER_SHARE = 0.18  # of all marks: faint writing measured 0.2 and more, dust up to 0.11
GOLDEN = 0.6180339887


def luma(pixels: Pixels) -> Grey:
    """Grey where red stamps fade: stamped pixels take the red channel, in which red ink is light."""
    if pixels.ndim == 2:
        return pixels
    grey: Any = cv2.cvtColor(pixels, cv2.COLOR_BGR2GRAY)
    blue, green, red = cv2.split(pixels)
    stamped = cv2.subtract(red, cv2.max(blue, green)) > RED_EXCESS
    if stamped.any():
        around = cv2.dilate(stamped.astype(np.uint8), np.ones((3, 3), np.uint8)) > 0
        grey[around] = red[around]
    return _grey(grey)


def even_light(grey: Grey) -> Grey:
    """Divide by the paper's own brightness, so that shadows, folds and bleed-through turn white."""
    height, width = grey.shape
    small = cv2.resize(grey, (max(1, width // 4), max(1, height // 4)), interpolation=cv2.INTER_AREA)
    paper = cv2.medianBlur(cv2.dilate(small, np.ones((7, 7), np.uint8)), 21)
    paper = cv2.resize(paper, (width, height), interpolation=cv2.INTER_LINEAR)
    return _grey(cv2.divide(grey, paper, scale=255))


def dark_share(grey: Grey, darker_than: int = DARK) -> float:
    """Share of pixels darker than that in a quarter-size copy without its rim: specks of dust do not count."""
    height, width = grey.shape
    small = cv2.resize(grey, (max(1, width // 4), max(1, height // 4)), interpolation=cv2.INTER_AREA)
    margin_y, margin_x = small.shape[0] // 50, small.shape[1] // 50
    inner = small[margin_y:small.shape[0] - margin_y, margin_x:small.shape[1] - margin_x]
    return float((inner < darker_than).mean()) if inner.size else 0.0


def strengthened(grey: Grey) -> Grey:
    """Faint writing made black: the darkest half percent of the page goes to black, white stays."""
    low = min(float(np.percentile(grey, 0.5)), 220.0)
    table = ((np.arange(256) - low) * (255 / (255 - low))).clip(0, 255).astype(np.uint8)
    return _grey(cv2.LUT(grey, table))


def looks_written(grey: Grey) -> bool:
    """True if enough of the marks have the size of letters; dust and grain of the paper are mostly smaller."""
    ink = (grey < DARK).astype(np.uint8)
    parts: Any = cv2.connectedComponentsWithStats(ink, connectivity=8)
    width, height, area = (parts[2][1:, column] for column in (2, 3, 4))
    fits = (height >= LETTER_PX[0]) & (height <= LETTER_PX[1]) & (width >= 3) & (width <= 2 * LETTER_PX[1])
    letters = int((fits & (area >= 20) & (area > 0.12 * width * height)).sum())
    return letters >= FEW_LETTERS and letters >= LETTER_SHARE * len(area)


def skew(grey: Grey, *, limit: float = 5.0) -> float:
    """How far lines of text fall to the right, degrees clockwise, found by the sharpest row profile.

    `grey` at READING_DPI, upright to within a quarter turn and `limit`.
    """
    half = cv2.resize(grey, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA)
    ys, xs = np.nonzero(half < DARK)
    if len(ys) < 200:
        return 0.0
    if len(ys) > 60_000:
        step = len(ys) // 60_000 + 1
        ys, xs = ys[::step], xs[::step]
    x, y = xs.astype(np.float32), ys.astype(np.float32)
    coarse = _sharpest(x, y, np.arange(-limit, limit + 0.01, 0.25))
    return round(_sharpest(x, y, np.arange(coarse - 0.25, coarse + 0.26, 0.05)), 2)


def rows_over_columns(grey: Grey) -> float:
    """How much sharper the profile of rows is than that of columns; below 1 the text runs down the page."""
    small = cv2.resize(without_rules(grey), None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA)
    ys, xs = np.nonzero(small < DARK)
    if len(ys) < 200:
        return 1.0
    step = len(ys) // 30_000 + 1
    x, y = xs[::step].astype(np.float32), ys[::step].astype(np.float32)
    angles = np.arange(-3.0, 3.01, 0.5)
    return _peak(x, y, angles) / _peak(y, x, angles)


def _peak(x: NDArray[np.float32], y: NDArray[np.float32], angles: NDArray[np.float64]) -> float:
    """The sharpest profile over all angles."""
    return max(_sharpness(x, y, angle) for angle in angles.tolist())


def _sharpest(x: NDArray[np.float32], y: NDArray[np.float32], angles: NDArray[np.float64]) -> float:
    best, best_score = 0.0, -1.0
    for angle in sorted(angles.tolist(), key=abs):
        score = _sharpness(x, y, angle)
        if score > best_score * 1.0001:
            best, best_score = angle, score
    return best


def _sharpness(x: NDArray[np.float32], y: NDArray[np.float32], angle: float) -> float:
    """How abruptly ink comes and goes from row to row when the page is sheared by `angle` degrees."""
    rows = y - x * np.float32(np.tan(np.radians(angle)))
    # Points are spread over their pixel and shared between two rows: whole numbers would favour 0 degrees.
    rows += (np.arange(len(rows)) * GOLDEN % 1.0).astype(np.float32)
    rows -= rows.min()
    above = rows.astype(np.int32)
    share = rows - above
    size = int(above.max()) + 2
    profile = np.bincount(above, 1 - share, minlength=size) + np.bincount(above + 1, share, minlength=size)
    return float(np.square(np.diff(profile)).sum())


def rotated(grey: Grey, degrees: float) -> Grey:
    """The same page turned counter-clockwise by a small angle around its middle, same size, edges repeated."""
    height, width = grey.shape
    matrix = cv2.getRotationMatrix2D((width / 2, height / 2), degrees, 1.0)
    return _grey(cv2.warpAffine(grey, matrix, (width, height), flags=cv2.INTER_LINEAR,
                                borderMode=cv2.BORDER_REPLICATE))


def without_rules(grey: Grey) -> Grey:
    """Lines of tables and forms turned white: they glue cells together and hide letters."""
    ink = (grey < 160).astype(np.uint8)
    cleaned = grey.copy()
    for shape in ((RULE_PX, 1), (1, RULE_PX)):
        lines = cv2.morphologyEx(ink, cv2.MORPH_OPEN, cv2.getStructuringElement(cv2.MORPH_RECT, shape))
        cleaned[cv2.dilate(lines, np.ones((3, 3), np.uint8)) > 0] = 255
    return cleaned


def without_dot_leaders(grey: Grey) -> Grey:
    """Dotted lines of forms turned white: rows of at least six small equal marks at equal steps."""
    ink = (grey < 160).astype(np.uint8)
    parts: Any = cv2.connectedComponentsWithStats(ink, connectivity=8)
    stats, centres = parts[2], parts[3]
    small = (stats[:, 2] <= DOT_PX) & (stats[:, 3] <= DOT_PX)
    small[0] = False
    index = np.nonzero(small)[0]
    if len(index) < DOTS_IN_A_ROW:
        return grey
    cleaned = grey.copy()
    for row in _rows_of_dots(centres[index]):
        for left, top, width, height in stats[index[row], :4]:
            cleaned[max(0, top - 1):top + height + 1, max(0, left - 1):left + width + 1] = 255
    return cleaned


def _rows_of_dots(centres: NDArray[np.float64]) -> list[NDArray[np.int64]]:
    """Indices of small marks that stand in rows with equal steps."""
    order = np.lexsort((centres[:, 0], np.round(centres[:, 1] / 3)))
    rows: list[NDArray[np.int64]] = []
    # Two passes with shifted bands, so that a row on the border of a band is found in one of them.
    for offset in (0.0, 1.5):
        band = np.floor((centres[:, 1] + offset) / 3)
        order = np.lexsort((centres[:, 0], band))
        same_band = np.diff(band[order]) == 0
        steps = np.diff(centres[order, 0])
        close = same_band & (steps > 1.5) & (steps < 4 * DOT_PX)
        even = close[1:] & close[:-1] & (np.abs(np.diff(steps)) <= np.maximum(1.6, 0.25 * steps[1:]))
        start = 0
        while start < len(even):
            if not even[start]:
                start += 1
                continue
            stop = start
            while stop < len(even) and even[stop]:
                stop += 1
            if stop - start + 2 >= DOTS_IN_A_ROW:
                rows.append(order[start:stop + 2])
            start = stop
    return rows


def _grey(array: Any) -> Grey:  # noqa: ANN401 - cv2 promises too little
    result: Grey = array
    return result
