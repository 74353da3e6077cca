"""The text layer of a PDF page: taken out by pdftotext, and judged before it is believed.

Scanners write English guesses under Vietnamese pages, and signing software stamps "Ký bởi: ..." on
scans; both look like text layers. What tells them from Vietnamese text is the share of letters that
carry a mark: 0.28 to 0.31 in genuine text, below 0.19 in all junk that was measured.
"""

from __future__ import annotations

import unicodedata
import xml.etree.ElementTree as ET
from pathlib import Path

from digitize.geometry import POINTS_PER_INCH
from digitize.model import Word
from storage import tools

MARKED_SHARE = 0.20
A4_SQUARE_INCHES = 210 * 297 / 25.4**2
LETTERS_ON_A4 = 300
"""Fewer letters than this on an A4 page with images are a stamp or a caption, not the text of the page."""
LETTERS_WITHOUT_IMAGE = 10
ASCENT = 0.8
PDFTOTEXT = tools.Limits(wall_seconds=30)


def is_trustworthy(text: str, *, square_inches: float, images: bool) -> bool:
    """True if `text` can be the Vietnamese text of a whole page of this size."""
    letters = [c for c in unicodedata.normalize("NFC", text) if c.isalpha()]
    enough = LETTERS_ON_A4 * square_inches / A4_SQUARE_INCHES if images else LETTERS_WITHOUT_IMAGE
    if len(letters) < enough:
        return False
    return sum(map(_is_marked, letters)) / len(letters) >= MARKED_SHARE


def _is_marked(letter: str) -> bool:
    """True for đ and for Latin letters with a mark that Vietnamese writes."""
    return letter in "đĐ" or (unicodedata.decomposition(letter) != "" and letter.isalpha())


def words(path: Path, index: int, dpi: float, scratch: Path) -> list[Word]:
    """The words of page `index` in the frame that a viewer shows, at `dpi`.

    Raises:
        ToolFailed, ToolTimedOut: pdftotext could not read the page.
    """
    number = str(index + 1)
    out = scratch / "layer.xhtml"
    argv = ["pdftotext", "-q", "-cropbox", "-bbox-layout", "-enc", "UTF-8", "-f", number, "-l", number,
            str(path), str(out)]
    tools.run(argv, cwd=scratch, limits=PDFTOTEXT)
    return parse(out.read_bytes(), dpi)


def parse(xhtml: bytes, dpi: float) -> list[Word]:
    """Words out of `pdftotext -bbox-layout`; points become pixels. Unreadable output is no text layer."""
    clean = bytes(c for c in xhtml if c >= 0x20 or c in b"\t\n\r")
    try:
        root = ET.fromstring(clean)  # noqa: S314 - written by pdftotext, entities unused
    except ET.ParseError:
        return []
    found: list[Word] = []
    block = line = -1
    for node in root.iter():
        kind = node.tag.rpartition("}")[2]
        if kind == "block":
            block += 1
        elif kind == "line":
            line += 1
        elif kind == "word":
            found += _word(node, dpi / POINTS_PER_INCH, line, block)
    return found


def _word(node: ET.Element, per_point: float, line: int, block: int) -> list[Word]:
    text = unicodedata.normalize("NFC", node.text or "").strip()
    text = "".join(c for c in text if c.isprintable())
    try:
        left, top, right, bottom = (float(node.get(k, "")) * per_point for k in ("xMin", "yMin", "xMax", "yMax"))
    except ValueError:
        return []
    if not text or right <= left or bottom <= top:
        return []
    baseline = top + ASCENT * (bottom - top)
    return [Word(text, (left, top, right, bottom), 1.0, max(0, line), max(0, block), baseline)]
