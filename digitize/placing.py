"""Where words and sheets come to stand: from the reading frame to the upright frame to PDF user space."""

from __future__ import annotations

import math
from dataclasses import replace

from digitize.cleaning import READING_DPI
from digitize.geometry import POINTS_PER_INCH, Box, Matrix, chain, quarter_turn, scale, shift, straighten
from digitize.model import Sheet, Word
from digitize.source import ShownPage

Frame = tuple[Matrix, float, float]
"""A way into a frame, and the frame's width and height in pixels."""


def upright_frame(page: ShownPage, turn: int, skew_degrees: float) -> Frame:
    """From shown to upright: turned clockwise by `turn`, and `skew_degrees` undone."""
    turned, width, height = quarter_turn(turn, page.width_px, page.height_px)
    if not skew_degrees:
        return turned, width, height
    straightened, width, height = straighten(skew_degrees, width, height)
    return turned.then(straightened), width, height


def reading_to_upright(page: ShownPage, turn: int, skew_degrees: float, upright: Matrix) -> Matrix:
    """From the buffer that was read (turned, skew undone around its middle) to the upright frame."""
    turned, width, height = quarter_turn(turn, page.width_px, page.height_px)
    angle = math.radians(skew_degrees)
    cos, sin = math.cos(angle), math.sin(angle)
    factor = page.letter_dpi / READING_DPI
    return chain((
        scale(factor, factor),
        shift(-width / 2, -height / 2),
        Matrix(cos, sin, -sin, cos, 0, 0),
        shift(width / 2, height / 2),
        turned.inverse(),
        upright,
    ))


def move_word(word: Word, way: Matrix) -> Word:
    """The word carried along `way`: its centre moves, its box is scaled and stays square to the page.

    The ways used here turn by less than the skew that is not worth straightening.
    """
    left, top, right, bottom = word.box
    x, y = way.point((left + right) / 2, (top + bottom) / 2)
    across, down = way.scales()
    half_width, half_height = (right - left) / 2 * across, (bottom - top) / 2 * down
    baseline = y + (word.baseline - (top + bottom) / 2) * down
    return replace(word, box=(x - half_width, y - half_height, x + half_width, y + half_height), baseline=baseline)


def inside(word: Word, width: float, height: float) -> Word:
    """The word with its box cut to the page; two decimals."""
    left, top, right, bottom = word.box
    left, top = min(max(0.0, left), width - 1), min(max(0.0, top), height - 1)
    right, bottom = max(left + 1, min(width, right)), max(top + 1, min(height, bottom))
    baseline = min(max(word.baseline, top + 0.5), bottom)
    return replace(word, box=rounded((left, top, right, bottom)), baseline=round(baseline, 2))


def rounded(box: Box) -> Box:
    """Two decimals are finer than any scan."""
    left, top, right, bottom = (round(v, 2) for v in box)
    return left, top, right, bottom


def sheet(page: ShownPage, upright: Frame, turn: int, *, straightened: bool) -> Sheet:
    """Where the page stands in the archive.

    An image file gets a page of its own size. A PDF page keeps its user space; it is turned by
    /Rotate, and straightened by a matrix before its content.
    """
    way, width, height = upright
    if page.user_from_shown is None:
        point = POINTS_PER_INCH / page.dpi
        to_user = Matrix(point, 0, 0, -point, 0, height * point)
        place = page.stored_to_shown.then(way).then(to_user)
        return Sheet(to_user, place, (0.0, 0.0, width * point, height * point), 0)
    rotate = (page.rotate + turn) % 360
    if not straightened:
        return Sheet(way.inverse().then(page.user_from_shown), Matrix(), page.crop, rotate)
    turned, old_width, old_height = quarter_turn(turn, page.width_px, page.height_px)
    centred = shift((old_width - width) / 2, (old_height - height) / 2)
    to_user = chain((centred, turned.inverse(), page.user_from_shown))
    place = chain((page.user_from_shown.inverse(), way, to_user))
    return Sheet(to_user, place, to_user.box((0, 0, width, height)), rotate)
