"""A page of an original PDF made fit for the archive: what is seen stays, what acts or hides goes.

Runs in the limited child on a copy in memory; the original file is never written. Appearances of
annotations (signature stamps among them) are drawn into the page where they stood, so that the
archive shows what the original shows and carries no field that pretends to be signed.
"""

from __future__ import annotations

from typing import Any

import pikepdf
from pikepdf import Array, Dictionary, Stream

from digitize.geometry import Matrix
from digitize.model import Sheet
from digitize.pdfpage import is_visible

KEPT = frozenset({"/Type", "/Parent", "/MediaBox", "/CropBox", "/Rotate", "/Resources", "/Contents", "/Group",
                  "/UserUnit"})
"""Entries of a page that are seen; actions, thumbnails, private data and structure go."""
MAX_DEPTH = 8


class CannotCopy(Exception):
    """Something on the page is drawn by the viewer and not by the page; it must be drawn into a picture."""


def sanitize(page: pikepdf.Page, *, optional_content: bool) -> None:
    """Strip the page of everything that PDF/A forbids and nobody sees.

    Raises:
        CannotCopy: the page shows something that only a viewer can draw.
    """
    if optional_content and _uses_layers(page.obj.get("/Resources"), 0):
        raise CannotCopy("layers")
    flatten(page)
    for key in list(page.obj.keys()):
        if key not in KEPT:
            del page.obj[key]
    page.remove_unreferenced_resources()
    _plain_images(page.obj.get("/Resources"), 0)


def flatten(page: pikepdf.Page) -> None:
    """Draw the appearances of all visible annotations into the page (ISO 32000-1 12.5.5) and drop the annotations.

    Raises:
        CannotCopy: a visible annotation has no appearance of its own.
    """
    drawn: list[tuple[str, Any, Matrix]] = []
    for note in page.obj.get("/Annots", ()):
        if not is_visible(note):
            continue
        form = _appearance(note)
        if form is None:
            raise CannotCopy("annotation without appearance")
        drawn.append((f"/SohoaNote{len(drawn)}", form, _place(note, form)))
    if not drawn:
        return
    resources = own_resources(page)
    xobjects = Dictionary(dict(resources.get("/XObject", Dictionary()).items()))
    content = b""
    for name, form, place in drawn:
        xobjects[name] = form
        content += b"q %s cm %s Do Q\n" % (numbers(place), name.encode())
    resources.XObject = xobjects
    isolate(page)
    page.contents_add(content, prepend=False)


def isolate(page: pikepdf.Page) -> None:
    """Put the old content between q and Q, so that what is added after it starts from a clean state."""
    page.contents_add(b"q\n", prepend=True)
    page.contents_add(b"\nQ\n", prepend=False)


def put_in_place(page: pikepdf.Page, sheet: Sheet) -> None:
    """Turn, straighten and size the page as it was read; the old content is isolated."""
    if sheet.place != Matrix():
        page.contents_add(b"q %s cm\n" % numbers(sheet.place), prepend=True)
        page.contents_add(b"\nQ\n", prepend=False)
        page.obj.MediaBox = Array([round(v, 4) for v in sheet.box])
        if "/CropBox" in page.obj:
            del page.obj["/CropBox"]
    else:
        isolate(page)
    page.obj.Rotate = sheet.rotate


def image_alone(pdf: pikepdf.Pdf, page: pikepdf.Page, image: Any, unit_to_user: Matrix) -> None:  # noqa: ANN401
    """Replace the content of the page by its one image, where it stood."""
    page.obj.Resources = Dictionary(XObject=Dictionary({"/SohoaScan": image}))
    page.obj.Contents = Stream(pdf, b"q %s cm /SohoaScan Do Q\n" % numbers(unit_to_user))


def own_resources(page: pikepdf.Page) -> Any:  # noqa: ANN401 - a PDF object
    """The page's resources as a dictionary of its own, which can be added to without touching other pages."""
    shared = page.obj.get("/Resources", Dictionary())
    page.obj.Resources = Dictionary(dict(shared.items()))
    return page.obj.Resources


def numbers(matrix: Matrix) -> bytes:
    """Six numbers of a matrix as content writes them."""
    return b" ".join(f"{v:.6f}".rstrip("0").rstrip(".").encode() for v in matrix.numbers())


def _appearance(note: Any) -> Any:  # noqa: ANN401 - PDF objects
    """The normal appearance of the annotation as a form, or None."""
    normal = note.get("/AP", {}).get("/N")
    if isinstance(normal, pikepdf.Dictionary) and not isinstance(normal, pikepdf.Stream):
        normal = normal.get(str(note.get("/AS", "/Off")))
    return normal if isinstance(normal, pikepdf.Stream) else None


def _place(note: Any, form: Any) -> Matrix:  # noqa: ANN401 - PDF objects
    """The way that carries the form's transformed box onto the annotation's rectangle (ISO 32000-1 12.5.5, 8.1)."""
    own = Matrix(*(float(v) for v in form.get("/Matrix", (1, 0, 0, 1, 0, 0))))
    x0, y0, x1, y1 = (float(v) for v in form.get("/BBox", (0, 0, 1, 1)))
    left, bottom, right, top = own.box((x0, y0, x1, y1))
    rx0, ry0, rx1, ry1 = (float(v) for v in note.Rect)
    rect_left, rect_bottom = min(rx0, rx1), min(ry0, ry1)
    across = abs(rx1 - rx0) / (right - left) if right > left else 1.0
    down = abs(ry1 - ry0) / (top - bottom) if top > bottom else 1.0
    return Matrix(across, 0, 0, down, rect_left - left * across, rect_bottom - bottom * down)


def _uses_layers(resources: Any, depth: int) -> bool:  # noqa: ANN401 - a PDF object
    """True if content of the page may be switched on and off (ISO 32000-1 8.11)."""
    if resources is None or depth > MAX_DEPTH:
        return False
    if any(str(entry.get("/Type", "")) in {"/OCG", "/OCMD"} for entry in resources.get("/Properties", {}).values()):
        return True
    return any("/OC" in xobject or _uses_layers(xobject.get("/Resources"), depth + 1)
               for xobject in resources.get("/XObject", {}).values())


def _plain_images(resources: Any, depth: int) -> None:  # noqa: ANN401 - a PDF object
    """Images are drawn as they are (ISO 19005-2 6.2.8.1), and each mask is a mask only.

    Signing software names the mask of a stamp among the images as well; the validator wants one role
    for one object, so the image keeps a copy as its mask.
    """
    if resources is None or depth > MAX_DEPTH:
        return
    xobjects = resources.get("/XObject", {})
    named = {xobject.objgen for xobject in xobjects.values()}
    for xobject in xobjects.values():
        if "/Interpolate" in xobject:
            del xobject["/Interpolate"]
        mask = xobject.get("/SMask")
        if isinstance(mask, Stream):
            if "/Interpolate" in mask:
                del mask["/Interpolate"]
            if mask.objgen in named:
                xobject.SMask = mask.copy()
        _plain_images(xobject.get("/Resources"), depth + 1)
