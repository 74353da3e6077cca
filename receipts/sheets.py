"""Writing on pages that somebody else made: upright as shown, whatever /Rotate, boxes and /UserUnit say.

Shown coordinates: points on the page as a reader displays it, origin bottom-left, y up. User space is
the page's own (ISO 32000-2 8.3.2.3, 14.11.2). Nothing of the page is covered, moved or taken away.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from pyhanko.pdf_utils import generic
from pyhanko.pdf_utils.generic import pdf_name
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter

from receipts.lettering import number, show_lines

_INHERITED = ("/Resources", "/MediaBox", "/CropBox", "/Rotate")
_MAX_DEPTH = 64
_A4 = (0.0, 0.0, 595.276, 841.89)


@dataclass(frozen=True, slots=True)
class Sheet:
    """A page as shown: its visible box in user space, its rotation (clockwise degrees), points per user unit."""

    x0: float
    y0: float
    x1: float
    y1: float
    rotate: int = 0
    unit: float = 1.0

    @property
    def width(self) -> float:
        """Shown width in points."""
        return (self.x1 - self.x0 if self.rotate % 180 == 0 else self.y1 - self.y0) * self.unit

    @property
    def height(self) -> float:
        """Shown height in points."""
        return (self.y1 - self.y0 if self.rotate % 180 == 0 else self.x1 - self.x0) * self.unit

    def matrix(self) -> tuple[float, float, float, float, float, float]:
        """Shown coordinates to user space, as the operands of `cm`."""
        s = 1 / self.unit
        match self.rotate % 360:
            case 90:
                return (0, s, -s, 0, self.x1, self.y0)
            case 180:
                return (-s, 0, 0, -s, self.x1, self.y1)
            case 270:
                return (0, -s, s, 0, self.x0, self.y1)
            case _:
                return (s, 0, 0, s, self.x0, self.y0)

    def in_user_space(self, x: float, y: float, width: float, height: float) -> tuple[float, float, float, float]:
        """A shown box as x, y, width, height in user space."""
        a, b, c, d, e, f = self.matrix()
        xs = [a * u + c * v + e for u in (x, x + width) for v in (y, y + height)]
        ys = [b * u + d * v + f for u in (x, x + width) for v in (y, y + height)]
        return min(xs), min(ys), max(xs) - min(xs), max(ys) - min(ys)


@dataclass(frozen=True, slots=True)
class Page:
    """One page of a document and what it inherits from the tree above it."""

    reference: generic.IndirectObject
    inherited: dict[str, generic.PdfObject]

    @property
    def dictionary(self) -> generic.DictionaryObject:
        found = self.reference.get_object()
        if not isinstance(found, generic.DictionaryObject):
            raise TypeError("a page is a dictionary")
        return found

    def get(self, name: str) -> generic.PdfObject | None:
        """An attribute of the page or of its ancestors."""
        return self.dictionary.get(name, self.inherited.get(name))

    def sheet(self) -> Sheet:
        """How the page is shown."""
        media = _box(self.get("/MediaBox")) or _A4
        crop = _box(self.get("/CropBox")) or media
        x0, y0 = max(media[0], crop[0]), max(media[1], crop[1])
        x1, y1 = min(media[2], crop[2]), min(media[3], crop[3])
        if x1 <= x0 or y1 <= y0:
            x0, y0, x1, y1 = media
        turned, unit = _number(self.get("/Rotate")), _number(self.dictionary.get("/UserUnit"))
        return Sheet(x0, y0, x1, y1, int(turned or 0) % 360, unit if unit and unit > 0 else 1.0)


def pages(document: IncrementalPdfFileWriter) -> Iterator[Page]:
    """All pages in order. Raises ValueError for a tree that is no tree."""
    seen: set[int] = set()

    def walk(reference: generic.IndirectObject, inherited: dict[str, generic.PdfObject], depth: int) -> Iterator[Page]:
        if depth > _MAX_DEPTH or reference.idnum in seen:
            raise ValueError("page tree loops")
        seen.add(reference.idnum)
        node = reference.get_object()
        if "/Kids" not in node:
            yield Page(reference, inherited)
            return
        below = inherited | {name: node[name] for name in _INHERITED if name in node}
        for kid in _raw(node["/Kids"]):
            if not isinstance(kid, generic.IndirectObject):
                raise TypeError("a page stands under its own number")
            yield from walk(kid, below, depth + 1)

    yield from walk(document.root.raw_get("/Pages"), {}, 0)


def write_on(document: IncrementalPdfFileWriter, page: Page, lines: list[tuple[float, float, str]], size: float,
             font: generic.IndirectObject) -> None:
    """Add lines (baseline start in shown points) over the page's own content, which is fenced by q and Q."""
    name = _add_font(page, font)
    matrix = b" ".join(map(number, page.sheet().matrix()))
    drawn = b"Q q %s cm /Artifact BMC\n%s\nEMC Q" % (matrix, show_lines(lines, size, name))
    opening = document.add_object(generic.StreamObject(stream_data=b"q\n"))
    closing = document.add_object(generic.StreamObject(stream_data=b"\n" + drawn))
    page.dictionary[pdf_name("/Contents")] = generic.ArrayObject([opening, *_content_parts(page), closing])
    document.mark_update(page.reference)


def _content_parts(page: Page) -> list[generic.PdfObject]:
    if "/Contents" not in page.dictionary:
        return []
    raw = page.dictionary.raw_get("/Contents")
    inner = raw.get_object() if isinstance(raw, generic.IndirectObject) else raw
    return _raw(inner) if isinstance(inner, generic.ArrayObject) else [raw]


def _add_font(page: Page, font: generic.IndirectObject) -> str:
    """Give the page resources of its own that hold `font`; what it shared with other pages stays untouched."""
    resources = _copy(page.get("/Resources"))
    fonts = _copy(resources.get("/Font"))
    name = next(name for name in (f"SohoaF{n}" for n in range(len(fonts) + 1)) if f"/{name}" not in fonts)
    fonts[pdf_name(f"/{name}")] = font
    resources[pdf_name("/Font")] = fonts
    page.dictionary[pdf_name("/Resources")] = resources
    return name


def _copy(dictionary: generic.PdfObject | None) -> generic.DictionaryObject:
    if not isinstance(dictionary, generic.DictionaryObject):
        return generic.DictionaryObject()
    return generic.DictionaryObject({key: dictionary.raw_get(key) for key in dictionary})


def _raw(array: generic.ArrayObject) -> list[generic.PdfObject]:
    """The elements of an array with references left as references."""
    return [array.raw_get(index) for index in range(len(array))]


def _number(value: object) -> float | None:
    return float(value) if isinstance(value, generic.NumberObject | generic.FloatObject) else None


def _box(value: generic.PdfObject | None) -> tuple[float, float, float, float] | None:
    """A rectangle with its corners in order, or None where there is none worth the name."""
    if not isinstance(value, generic.ArrayObject) or len(value) != 4:
        return None
    xa, ya, xb, yb = (float(side) for side in value)
    box = (min(xa, xb), min(ya, yb), max(xa, xb), max(ya, yb))
    return box if box[2] > box[0] and box[3] > box[1] else None
