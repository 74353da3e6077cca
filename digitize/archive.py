"""Binding pages that were read into one PDF/A-2u: the scanner's pixels, untouched, with the words under them.

Runs in the limited child. A page of a PDF is copied where that is valid PDF/A, else drawn into a
picture without loss; an image file becomes a page of its own size.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pikepdf
from pikepdf import Array, Dictionary, Name, Stream

from digitize import copying, picture
from digitize.cleaning import Pixels
from digitize.embedding import embed_image, embed_pixels
from digitize.geometry import POINTS_PER_INCH, Matrix, frame_from_user
from digitize.invisible import RESOURCE, embed_font, text_content
from digitize.model import MediaType, PageResult, Route, Sheet
from digitize.pdfa import SAVE, declare, findings, page_findings
from digitize.pdffile import open_pdf
from digitize.pdfpage import PdfPage, inspect
from digitize.textlayer import A4_SQUARE_INCHES, LETTERS_ON_A4

LOOK_DPI = 72
PATCH_PX, PATCH_GAP = 15, 24.0
"""Two drawings show the same if no patch of this size differs by more on the average (0 to 255)."""
FROM_UNIT = Matrix(1, 0, 0, -1, 0, 1)
"""The unit square of an image has y up; its pixels have y down (ISO 32000-1 8.9.5.1)."""


@dataclass(frozen=True, slots=True)
class Leaf:
    """One page to bind: which page of which original, and what reading it gave."""

    path: Path
    media_type: MediaType
    index: int
    result: PageResult


@dataclass(frozen=True, slots=True)
class Facts:
    """What stands in the metadata."""

    title: str
    created: datetime


class Binder:
    """Puts leaves into one archive, in order; `save` ends the work. Originals are opened once each."""

    def __init__(self, facts: Facts, scratch: Path) -> None:
        self._facts = facts
        self._scratch = scratch
        self._pdf = pikepdf.new()
        self._font = self._pdf.make_indirect(Dictionary())
        self._characters: set[str] = set()
        self._sources: dict[Path, pikepdf.Pdf] = {}
        self.pictures: list[int] = []
        """Positions (from 1) of PDF pages that had to be drawn into pictures."""

    def add(self, leaf: Leaf) -> None:
        """Append one page.

        Raises:
            PictureFailed: it can neither be copied nor drawn.
        """
        result = leaf.result
        if leaf.media_type is not MediaType.PDF:
            image = embed_image(self._pdf, leaf.path, leaf.media_type, leaf.index)
            # The matrix of the sheet starts from stored pixels, the image from its unit square.
            stored = Matrix(float(image.Width), 0, 0, float(image.Height), 0, 0)
            self._picture_page(image, FROM_UNIT.then(stored).then(result.sheet.place), result.sheet)
            self._write_words(result, result.sheet.to_user)
        elif self._copy(leaf):
            if result.route is not Route.TEXT:
                self._write_words(result, result.sheet.to_user)
        else:
            self._write_words(result, self._draw(leaf))

    def save(self, out: Path) -> list[str]:
        """Write the archive; returns why it is not PDF/A-2u, which is nothing by construction."""
        if self._characters:
            for key, value in embed_font(self._pdf, self._characters).items():
                self._font[key] = value
        declare(self._pdf, self._facts.title, self._facts.created)
        self._pdf.remove_unreferenced_resources()
        self._pdf.save(out, **SAVE)
        for source in self._sources.values():
            source.close()
        with pikepdf.open(out) as written:
            return findings(written)

    def _copy(self, leaf: Leaf) -> bool:
        """Append the original's own page if it is valid in an archive and hides no wrong text."""
        source = self._source(leaf.path)
        page = source.pages[leaf.index]
        found = inspect(page)
        try:
            copying.sanitize(page, optional_content="/OCProperties" in source.Root)
        except (copying.CannotCopy, pikepdf.PdfError, ValueError, TypeError, KeyError, AttributeError):
            return False
        self._pdf.pages.append(page)
        copied = self._pdf.pages[-1]
        if self._hides_text(leaf, found, copied) or page_findings(copied, self._facts.title, self._facts.created):
            del self._pdf.pages[-1]
            return False
        copying.put_in_place(copied, leaf.result.sheet)
        return True

    def _hides_text(self, leaf: Leaf, found: PdfPage, copied: pikepdf.Page) -> bool:
        """True if the page has a text layer that is not believed and cannot be taken off.

        Text that leaves no mark on the picture is dropped with everything else but the image; visible
        text may stay where it is as little as a stamp.
        """
        if leaf.result.layer_letters == 0:
            return False
        if found.scan is not None and not found.notes:
            before = (copied.obj.Contents, copied.obj.Resources)
            image = copied.obj.Resources.XObject
            scan = _only_image(image)
            if scan is not None:
                copying.image_alone(self._pdf, copied, scan, found.scan.unit_to_user)
                if self._looks_the_same(leaf, copied):
                    return False
                copied.obj.Contents, copied.obj.Resources = before
        inches = leaf.result.width_px * leaf.result.height_px / leaf.result.dpi**2
        return leaf.result.layer_letters >= LETTERS_ON_A4 * inches / A4_SQUARE_INCHES

    def _looks_the_same(self, leaf: Leaf, page: pikepdf.Page) -> bool:
        alone = self._scratch / "alone.pdf"
        with pikepdf.new() as pdf:
            pdf.pages.append(page)
            pdf.save(alone)
        try:
            was = picture.draw(leaf.path, leaf.index, LOOK_DPI, self._scratch, colour=True)
            now = picture.draw(alone, 0, LOOK_DPI, self._scratch, colour=True)
        except picture.PictureFailed:
            return False
        return same_picture(was, now)

    def _draw(self, leaf: Leaf) -> Matrix:
        """Append the page as a picture of what the original shows; the way from the upright frame to its user space."""
        result = leaf.result
        with open_pdf(leaf.path) as untouched:
            found = inspect(untouched.pages[leaf.index])
        pixels = picture.draw(leaf.path, leaf.index, result.dpi, self._scratch, colour=True)
        if bool((pixels == pixels[:, :, :1]).all()):
            pixels = np.ascontiguousarray(pixels[:, :, 0])
        image = embed_pixels(self._pdf, pixels)
        to_shown, width, height = frame_from_user(found.crop, found.rotate, result.dpi, found.user_unit)
        to_upright = to_shown.inverse().then(result.sheet.place).then(result.sheet.to_user.inverse())
        point = POINTS_PER_INCH / result.dpi
        to_user = Matrix(point, 0, 0, -point, 0, result.height_px * point)
        place = FROM_UNIT.then(Matrix(width, 0, 0, height, 0, 0)).then(to_upright).then(to_user)
        sheet = Sheet(to_user, place, (0, 0, result.width_px * point, result.height_px * point), 0)
        self._picture_page(image, place, sheet)
        self.pictures.append(len(self._pdf.pages))
        return to_user

    def _picture_page(self, image: pikepdf.Object, place: Matrix, sheet: Sheet) -> None:
        """Append a page of one image."""
        content = b"q %s cm /SohoaScan Do Q\n" % copying.numbers(place)
        self._pdf.pages.append(pikepdf.Page(self._pdf.make_indirect(Dictionary(
            Type=Name.Page, MediaBox=Array([round(v, 4) for v in sheet.box]), Rotate=sheet.rotate,
            Resources=Dictionary(XObject=Dictionary({"/SohoaScan": image})), Contents=Stream(self._pdf, content),
        ))))

    def _write_words(self, result: PageResult, to_user: Matrix) -> None:
        """Lay the words on the last page."""
        if not result.words:
            return
        page = self._pdf.pages[-1]
        resources = copying.own_resources(page)
        fonts = Dictionary(dict(resources.get("/Font", Dictionary()).items()))
        fonts[RESOURCE] = self._font
        resources.Font = fonts
        page.contents_add(text_content(result.words, to_user), prepend=False)
        self._characters.update(*(word.text for word in result.words))

    def _source(self, path: Path) -> pikepdf.Pdf:
        if path not in self._sources:
            self._sources[path] = open_pdf(path)
        return self._sources[path]


def bind(leaves: Iterator[Leaf], facts: Facts, out: Path, scratch: Path) -> dict[str, Any]:
    """Write the archive of the leaves to `out`; returns the number of pages and what became of them.

    Where a page can neither be copied nor drawn, nothing is written and the answer names it: "broken".
    """
    binder = Binder(facts, scratch)
    pages = 0
    for leaf in leaves:
        pages += 1
        try:
            binder.add(leaf)
        except picture.PictureFailed:
            return {"broken": pages}
    found = binder.save(out)
    return {"pages": pages, "drawn": binder.pictures, "findings": found[:20]}


def same_picture(one: Pixels, other: Pixels) -> bool:
    """True if two drawings of a page show the same; sizes may differ by a pixel of rounding."""
    height, width = min(one.shape[0], other.shape[0]), min(one.shape[1], other.shape[1])
    if abs(one.shape[0] - other.shape[0]) > 1 or abs(one.shape[1] - other.shape[1]) > 1:
        return False
    gap: Any = cv2.absdiff(one[:height, :width], other[:height, :width])
    return float(cv2.blur(gap, (PATCH_PX, PATCH_PX)).max()) <= PATCH_GAP


def _only_image(xobjects: Any) -> Any:  # noqa: ANN401 - a PDF object
    """The image among the page's XObjects, where there is just one and it is named by the page itself."""
    images = [xobject for xobject in xobjects.values() if xobject.get("/Subtype") == Name.Image]
    return images[0] if len(images) == 1 else None
