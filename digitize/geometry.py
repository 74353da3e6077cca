"""Planes of a page and the ways between them.

Every function names its frame. Pixel frames have the origin top-left and y down; PDF user space has
the origin bottom-left and y up (ISO 32000-1 8.3). A turn is in degrees clockwise as people see it.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from functools import reduce

POINTS_PER_INCH = 72.0
SINGULAR = 1e-12

Box = tuple[float, float, float, float]
"""left, top, right, bottom (pixel frames) or x0, y0, x1, y1 (user space)."""


@dataclass(frozen=True, slots=True)
class Matrix:
    """An affine map as PDF writes it: x' = a x + c y + e, y' = b x + d y + f (ISO 32000-1 8.3.3)."""

    a: float = 1.0
    b: float = 0.0
    c: float = 0.0
    d: float = 1.0
    e: float = 0.0
    f: float = 0.0

    def then(self, after: Matrix) -> Matrix:
        """The map that applies this one first and `after` second."""
        return Matrix(
            self.a * after.a + self.b * after.c,
            self.a * after.b + self.b * after.d,
            self.c * after.a + self.d * after.c,
            self.c * after.b + self.d * after.d,
            self.e * after.a + self.f * after.c + after.e,
            self.e * after.b + self.f * after.d + after.f,
        )

    def inverse(self) -> Matrix:
        """The way back.

        Raises:
            ZeroDivisionError: the map flattens the plane.
        """
        det = self.a * self.d - self.b * self.c
        if abs(det) < SINGULAR:
            raise ZeroDivisionError("matrix has no inverse")
        a, b, c, d = self.d / det, -self.b / det, -self.c / det, self.a / det
        return Matrix(a, b, c, d, -(self.e * a + self.f * c), -(self.e * b + self.f * d))

    def point(self, x: float, y: float) -> tuple[float, float]:
        """Where the point goes."""
        return self.a * x + self.c * y + self.e, self.b * x + self.d * y + self.f

    def box(self, box: Box) -> Box:
        """The smallest upright box around the image of `box`."""
        x0, y0, x1, y1 = box
        corners = [self.point(x, y) for x, y in ((x0, y0), (x1, y0), (x1, y1), (x0, y1))]
        xs, ys = [p[0] for p in corners], [p[1] for p in corners]
        return min(xs), min(ys), max(xs), max(ys)

    def scales(self) -> tuple[float, float]:
        """How much lengths along x and along y grow."""
        return math.hypot(self.a, self.b), math.hypot(self.c, self.d)

    def numbers(self) -> tuple[float, float, float, float, float, float]:
        """The six numbers in PDF order."""
        return self.a, self.b, self.c, self.d, self.e, self.f


IDENTITY = Matrix()


def chain(steps: Iterable[Matrix]) -> Matrix:
    """The steps one after another as one map."""
    return reduce(Matrix.then, steps, Matrix())


def scale(x: float, y: float) -> Matrix:
    """Stretch by x and y."""
    return Matrix(x, 0, 0, y, 0, 0)


def shift(x: float, y: float) -> Matrix:
    """Move by x and y."""
    return Matrix(1, 0, 0, 1, x, y)


def quarter_turn(turn: int, width: float, height: float) -> tuple[Matrix, float, float]:
    """Turn a `width` x `height` pixel frame clockwise by 0, 90, 180 or 270; the map and the new size."""
    match turn % 360:
        case 0:
            return Matrix(), width, height
        case 90:
            return Matrix(0, 1, -1, 0, height, 0), height, width
        case 180:
            return Matrix(-1, 0, 0, -1, width, height), width, height
        case 270:
            return Matrix(0, -1, 1, 0, 0, width), height, width
    raise ValueError(f"not a quarter turn: {turn}")


def straighten(skew_degrees: float, width: float, height: float) -> tuple[Matrix, float, float]:
    """Undo a skew in a pixel frame: the map, and the size of the sheet that still holds every corner.

    `skew_degrees` is how far lines of text fall to the right (clockwise). The sheet grows rather
    than lose its corners: whatever was scanned stays visible.
    """
    angle = math.radians(-skew_degrees)
    cos, sin = math.cos(angle), math.sin(angle)
    new_width = width * abs(cos) + height * abs(sin)
    new_height = width * abs(sin) + height * abs(cos)
    around = chain((
        shift(-width / 2, -height / 2),
        Matrix(cos, sin, -sin, cos, 0, 0),
        shift(new_width / 2, new_height / 2),
    ))
    return around, new_width, new_height


def frame_from_user(crop: Box, rotate: int, dpi: float, user_unit: float = 1.0) -> tuple[Matrix, float, float]:
    """PDF user space to the pixel frame that a viewer shows: crop box, /Rotate, `dpi`; the map and its size."""
    x0, y0, x1, y1 = crop
    per_point = dpi * user_unit / POINTS_PER_INCH
    width, height = (x1 - x0) * per_point, (y1 - y0) * per_point
    upright = Matrix(per_point, 0, 0, -per_point, -x0 * per_point, y1 * per_point)
    turned, width, height = quarter_turn(rotate, width, height)
    return upright.then(turned), width, height


def exif_to_shown(orientation: int, width: float, height: float) -> tuple[Matrix, float, float]:
    """Stored pixels to shown pixels for the Exif orientation 1..8 (Exif 2.32 4.6.4 A); the map and the new size."""
    mirror = Matrix(-1, 0, 0, 1, width, 0)
    turn = {1: 0, 2: 0, 3: 180, 4: 180, 5: 270, 6: 90, 7: 90, 8: 270}.get(orientation, 0)
    turned, new_width, new_height = quarter_turn(turn, width, height)
    return (mirror.then(turned) if orientation in {2, 4, 5, 7} else turned), new_width, new_height
