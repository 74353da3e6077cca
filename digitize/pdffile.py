"""The structure of a PDF file, walked without drawing anything; runs in the limited child only."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pikepdf
from pikepdf import Name

from digitize.errors import DamagedFile, PasswordProtected, TooManyPages
from digitize.imagefile import check_pixels
from digitize.model import MediaType, Probe

TAIL_BYTES = 2048
MAX_FORM_DEPTH = 8
"""Form XObjects nested deeper than this are not looked into; drawing them is bounded by time and memory."""


def open_pdf(path: Path) -> pikepdf.Pdf:
    """Open a PDF that is whole.

    A broken cross-reference table is forgiven, an end that is missing is not: pages may be gone.

    Raises:
        PasswordProtected: it opens only with a password.
        DamagedFile: it cannot be opened, or its end is missing.
    """
    try:
        return pikepdf.open(path, attempt_recovery=False, suppress_warnings=True)
    except pikepdf.PasswordError as cause:
        raise PasswordProtected from cause
    except pikepdf.PdfError as cause:
        if not _has_end(path):
            raise DamagedFile from cause
    try:
        return pikepdf.open(path, suppress_warnings=True)
    except pikepdf.PasswordError as cause:
        raise PasswordProtected from cause
    except pikepdf.PdfError as cause:
        raise DamagedFile from cause


def probe_pdf(path: Path, *, max_pages: int, max_pixels: int, render_dpi: int) -> Probe:
    """What the PDF holds.

    Raises:
        PasswordProtected, DamagedFile: as `open_pdf`; also when it has no pages.
        TooManyPages, TooManyPixels: past the budget; drawing a page at `render_dpi` counts, and each image on it.
    """
    with open_pdf(path) as pdf:
        try:
            pages = len(pdf.pages)
            if pages == 0:
                raise DamagedFile
            if pages > max_pages:
                raise TooManyPages(pages=pages, max_pages=max_pages)
            seen: set[tuple[int, int]] = set()
            for page in pdf.pages:
                _check_page(page, seen, max_pixels, render_dpi)
            return Probe(MediaType.PDF, pages, signed=_is_signed(pdf))
        except (pikepdf.PdfError, ValueError, TypeError, AttributeError, KeyError) as cause:
            raise DamagedFile from cause


def _check_page(page: pikepdf.Page, seen: set[tuple[int, int]], max_pixels: int, render_dpi: int) -> None:
    per_point = float(page.obj.get("/UserUnit", 1)) * render_dpi / 72
    for box in (page.mediabox, page.cropbox):
        x0, y0, x1, y1 = (float(v) for v in box)
        check_pixels(abs(x1 - x0) * per_point, abs(y1 - y0) * per_point, max_pixels)
    for image in _images(page.obj.get("/Resources"), seen, 0):
        check_pixels(int(image.get("/Width", 1)), int(image.get("/Height", 1)), max_pixels)
    for note in page.obj.get("/Annots", ()):
        normal = note.get("/AP", pikepdf.Dictionary()).get("/N")
        if isinstance(normal, pikepdf.Stream):
            for image in _images(normal.get("/Resources"), seen, 0):
                check_pixels(int(image.get("/Width", 1)), int(image.get("/Height", 1)), max_pixels)


def _images(resources: Any, seen: set[tuple[int, int]], depth: int) -> Iterator[Any]:  # noqa: ANN401 - PDF objects
    """Every image that the resources name, through forms and masks, each once."""
    if resources is None or depth > MAX_FORM_DEPTH:
        return
    for xobject in resources.get("/XObject", {}).values():
        if xobject.is_indirect and xobject.objgen in seen:
            continue
        seen.add(xobject.objgen)
        if xobject.get("/Subtype") == Name.Image:
            yield xobject
            for mask in ("/SMask", "/Mask"):
                if isinstance(xobject.get(mask), pikepdf.Stream):
                    yield xobject[mask]
        elif xobject.get("/Subtype") == Name.Form:
            yield from _images(xobject.get("/Resources"), seen, depth + 1)


def _is_signed(pdf: pikepdf.Pdf) -> bool:
    """True if a signature field has a value (ISO 32000-1 12.7.4.5)."""
    form = pdf.Root.get("/AcroForm")
    if form is None:
        return False
    waiting, walked = list(form.get("/Fields", ())), 0
    while waiting and walked < 10_000:
        field = waiting.pop()
        walked += 1
        if field.get("/FT") == Name.Sig and "/V" in field:
            return True
        waiting.extend(field.get("/Kids", ()))
    return False


def _has_end(path: Path) -> bool:
    with path.open("rb") as stream:
        stream.seek(max(0, path.stat().st_size - TAIL_BYTES))
        return b"%%EOF" in stream.read()
