"""The limited child that opens a digitized paper to make room for its seal: no key, no network.

`python -m receipts.seal_child` answers one JSON line for each JSON line asked (storage.tools.Resident): it
appends one revision to the file named, in place, and says where the place for the signature is, or why
the file cannot carry one.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

from pyhanko.pdf_utils import generic
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.pdf_utils.misc import PdfError
from pyhanko.sign.fields import enumerate_sig_fields
from pyhanko.sign.general import SigningError

from receipts.lettering import embed_font, face
from receipts.sheets import Page, Sheet, pages, write_on
from receipts.signing import Frame, SealSpec, prepare
from receipts.strict import MALFORMED

_MM = 72 / 25.4
BLOCK_SIZE, TEST_SIZE = 10.0, 8.0
"""Points; 10 is the law's (NĐ 30/2020 annex I)."""
_LEADING = 1.2
_EDGE = 6 * _MM
_TOP = 4 * _MM
"""Official papers begin 20 mm below the edge; three lines of the block end above that."""
_WIDEST = 88 * _MM


class Locked(Exception):
    """The file forbids any further signature."""


def main() -> None:
    """Answer until nobody asks any more."""
    for line in sys.stdin:
        sys.stdout.write(json.dumps(answer(json.loads(line))) + "\n")
        sys.stdout.flush()


def answer(question: Mapping[str, Any]) -> dict[str, Any]:
    """The place kept in the file of `question`, or the reason why there is none."""
    try:
        return append(Path(question["file"]), question)
    except Locked as reason:
        return {"refused": str(reason)}
    except (PdfError, SigningError, *MALFORMED) as cause:
        return {"refused": type(cause).__name__}


def append(file: Path, question: Mapping[str, Any]) -> dict[str, Any]:
    """Append the revision; raises Locked and whatever the library raises on broken files."""

    def design(document: IncrementalPdfFileWriter) -> SealSpec:
        _refuse_locked(document)
        if any(value is not None for _, value, _ in enumerate_sig_fields(document.prev)):
            return _beside_signatures(document, question["test_line"])
        return SealSpec(certify=False, frame=_on_pages(document, question["block"], question["test_line"]))

    with file.open("r+b") as stream:
        gap = prepare(stream, design, datetime.fromisoformat(question["at"]), question["reserve"])
    return {"start": gap.start, "end": gap.end}


def _refuse_locked(document: IncrementalPdfFileWriter) -> None:
    if document.prev.encrypted:
        raise Locked("encrypted")
    if "/Perms" in document.root and "/DocMDP" in document.root["/Perms"]:
        raise Locked("certified")


def _on_pages(document: IncrementalPdfFileWriter, block: list[str], test_line: str) -> Frame | None:
    """Write the copy block on page 1 and the test line on every page; the block is where the signature shows."""
    if not block and not test_line:
        return None
    font = embed_font(document, [*block, test_line])
    frame = None
    for position, page in enumerate(pages(document)):
        if test_line:
            _write_test_line(document, page, test_line, font)
        if position == 0 and block:
            frame = _write_block(document, page, block, font)
        if not test_line:
            break
    return frame


def _beside_signatures(document: IncrementalPdfFileWriter, test_line: str) -> SealSpec:
    """Signed pages take no more writing; the seal's own field at the foot of page 1 can still say that it is a test."""
    if not test_line:
        return SealSpec(certify=False)
    sheet = next(pages(document)).sheet()
    size = _fitting(sheet, TEST_SIZE)
    width = min(face().width(test_line, size) + 14, sheet.width)
    box = sheet.in_user_space((sheet.width - width) / 2, _EDGE / 2, width, size * 1.6)
    return SealSpec(certify=False, frame=Frame(0, *box, rotate=sheet.rotate), lines=(test_line,), size=size)


def _write_block(document: IncrementalPdfFileWriter, page: Page, block: list[str],
                 font: generic.IndirectObject) -> Frame:
    sheet = page.sheet()
    size = _fitting(sheet, BLOCK_SIZE)
    lines, box = place_block(sheet, block, size)
    write_on(document, page, lines, size, font)
    return Frame(0, *sheet.in_user_space(*box), rotate=sheet.rotate)


def place_block(sheet: Sheet, block: list[str], size: float) -> tuple[list[tuple[float, float, str]],
                                                                     tuple[float, float, float, float]]:
    """Lines flush right at the top right corner, and the box (shown x, y, width, height) round them."""
    tinos = face()
    limit = min(_WIDEST, sheet.width - 2 * _EDGE)
    lines = [part for line in block for part in tinos.wrap(line, size, limit)]
    right, top = sheet.width - _EDGE, sheet.height - min(_TOP, sheet.height / 20)
    widest = max(tinos.width(line, size) for line in lines)
    leading = size * _LEADING
    placed = [(right - tinos.width(line, size), top - size * 0.85 - leading * row, line)
              for row, line in enumerate(lines)]
    height = leading * (len(lines) - 1) + size * 1.15
    return placed, (right - widest, top - height, widest, height)


def _write_test_line(document: IncrementalPdfFileWriter, page: Page, test_line: str,
                     font: generic.IndirectObject) -> None:
    sheet = page.sheet()
    size = _fitting(sheet, TEST_SIZE)
    lines = face().wrap(test_line, size, sheet.width - _EDGE)
    placed = [((sheet.width - face().width(line, size)) / 2, _EDGE / 2 + size * _LEADING * row, line)
              for row, line in enumerate(reversed(lines))]
    write_on(document, page, placed, size, font)


def _fitting(sheet: Sheet, size: float) -> float:
    """The size the law gives, smaller only on sheets too small for it (a card, a stamp)."""
    return min(size, sheet.width / 18, sheet.height / 10)


if __name__ == "__main__":
    main()
