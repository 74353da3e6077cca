"""What one PDF page is made of: one scanned image, a text layer, marks drawn over it.

Runs in the limited child. Frames: PDF user space in points, origin bottom-left (ISO 32000-1 8.3).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pikepdf
from pikepdf import Name

from digitize.geometry import Box, Matrix

MAX_CONTENT_BYTES = 200_000
"""A page that is one image needs a few dozen bytes of content; longer content is not walked."""
COVERS = 0.95
"""Share of the visible page that an image must cover to be the page."""
HIDDEN, NO_VIEW = 2, 32
"""Annotation flags (ISO 32000-1 table 165)."""
_HARMLESS = frozenset({"q", "Q", "cm", "Do", "W", "W*", "n", "re", "g", "G", "rg", "RG", "k", "K", "w", "J", "j", "M",
                       "d", "i", "ri", "cs", "CS", "sc", "SC", "scn", "SCN", "gs", "BMC", "BDC", "EMC", "MP", "DP",
                       "BT", "ET"})
"""Operators that leave no mark by themselves."""
_TEXT_SHOWN = frozenset({"Tj", "TJ", "'", '"'})


@dataclass(frozen=True, slots=True)
class Scan:
    """The one image of a page: the stream, the way from its unit square to user space, its resolution."""

    image: Any
    unit_to_user: Matrix
    width_px: int
    height_px: int
    dpi: tuple[float, float]


@dataclass(frozen=True, slots=True)
class PdfPage:
    """The visible part of a page, its turn and unit, its one image if it is one, what else is on it.

    `notes`: annotations are drawn over it; `images`, `text`: its content may draw some.
    """

    crop: Box
    rotate: int
    user_unit: float
    scan: Scan | None
    notes: bool
    images: bool
    text: bool


def inspect(page: pikepdf.Page) -> PdfPage:
    """Look at a page without drawing it."""
    obj = page.obj
    x0, y0, x1, y1 = (float(v) for v in page.cropbox)
    mx0, my0, mx1, my1 = (float(v) for v in page.mediabox)
    left, right = max(min(x0, x1), min(mx0, mx1)), min(max(x0, x1), max(mx0, mx1))
    bottom, top = max(min(y0, y1), min(my0, my1)), min(max(y0, y1), max(my0, my1))
    crop = (left, bottom, right, top) if right - left > 1 and top - bottom > 1 else (mx0, my0, mx1, my1)
    user_unit = float(obj.get("/UserUnit", 1))
    walked = _walk(page)
    return PdfPage(
        crop=crop,
        rotate=int(obj.get("/Rotate", 0)) % 360 // 90 * 90,
        user_unit=user_unit,
        scan=_scan(walked, crop, user_unit),
        notes=any(is_visible(note) for note in obj.get("/Annots", ())),
        images=walked is None or bool(walked.images) or walked.inline,
        text=walked is None or walked.text,
    )


def is_visible(note: Any) -> bool:  # noqa: ANN401 - a PDF object
    """True if a viewer draws something for the annotation."""
    flags = int(note.get("/F", 0))
    if flags & (HIDDEN | NO_VIEW) or note.get("/Subtype") in {Name.Link, Name.Popup}:
        return False
    normal = note.get("/AP", {}).get("/N")
    if normal is None:
        return str(note.get("/Subtype")) != "/Widget"
    x0, y0, x1, y1 = (float(v) for v in note.get("/Rect", (0, 0, 0, 0)))
    return abs(x1 - x0) > 0 and abs(y1 - y0) > 0


@dataclass(slots=True)
class _Walk:
    images: list[tuple[Any, Matrix]]
    marks: bool = False
    text: bool = False
    inline: bool = False


def _walk(page: pikepdf.Page) -> _Walk | None:
    """The images that the content draws, with their places; None where the content is too long or cannot be read."""
    found = _Walk([])
    try:
        contents = page.obj.get("/Contents")
        parts = list(contents) if isinstance(contents, pikepdf.Array) else [contents]
        size = sum(len(part.read_bytes()) for part in parts if part is not None)
        if size > MAX_CONTENT_BYTES:
            return None
        _walk_content(page, page.obj.get("/Resources"), Matrix(), found, depth=0)
    except (pikepdf.PdfError, ValueError, TypeError, KeyError, AttributeError):
        return None
    return found


def _walk_content(holder: Any, resources: Any, ctm: Matrix, found: _Walk, *, depth: int) -> None:  # noqa: ANN401
    """Follow the content of a page or form; `ctm` maps its space to user space."""
    saved: list[Matrix] = []
    for instruction in pikepdf.parse_content_stream(holder):
        operands, name = instruction.operands, str(instruction.operator)
        if name == "q":
            saved.append(ctm)
        elif name == "Q":
            ctm = saved.pop() if saved else ctm
        elif name == "cm":
            ctm = Matrix(*(float(v) for v in operands)).then(ctm)
        elif name == "Do":
            _do(resources.get("/XObject", {}).get(str(operands[0])), resources, ctm, found, depth)
        elif name in _TEXT_SHOWN:
            found.text = True
        elif name in {"INLINE IMAGE", "BI"}:
            found.inline = True
        elif name not in _HARMLESS and not name.startswith("T"):
            found.marks = True


def _do(xobject: Any, resources: Any, ctm: Matrix, found: _Walk, depth: int) -> None:  # noqa: ANN401
    if xobject is None:
        return
    if xobject.get("/Subtype") == Name.Image:
        found.images.append((xobject, ctm))
    elif depth < 4:
        own = Matrix(*(float(v) for v in xobject.get("/Matrix", (1, 0, 0, 1, 0, 0))))
        _walk_content(xobject, xobject.get("/Resources", resources), own.then(ctm), found, depth=depth + 1)
    else:
        found.marks = True


def _scan(walked: _Walk | None, crop: Box, user_unit: float) -> Scan | None:
    """The one image, where it is the page: no other mark, square to the page, covering what is visible."""
    if walked is None or walked.marks or walked.inline or len(walked.images) != 1:
        return None
    image, place = walked.images[0]
    square = (abs(place.b) < 0.01 * abs(place.a) and abs(place.c) < 0.01 * abs(place.d)) or (
        abs(place.a) < 0.01 * abs(place.b) and abs(place.d) < 0.01 * abs(place.c)
    )
    width, height = int(image.get("/Width", 0)), int(image.get("/Height", 0))
    if not square or width < 1 or height < 1:
        return None
    x0, y0, x1, y1 = place.box((0, 0, 1, 1))
    across = max(0.0, min(x1, crop[2]) - max(x0, crop[0]))
    down = max(0.0, min(y1, crop[3]) - max(y0, crop[1]))
    if across * down < COVERS * (crop[2] - crop[0]) * (crop[3] - crop[1]):
        return None
    long_x, long_y = place.scales()
    dpi = (width * 72 / (long_x * user_unit), height * 72 / (long_y * user_unit))
    return Scan(image, place, width, height, dpi)
