"""Text, words.json and ALTO out of page results; pure and page by page, so that long documents stay small in memory.

Page results come in page order; every function yields parts of the file's text (UTF-8, NFC).
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from itertools import groupby
from xml.sax.saxutils import quoteattr

from digitize.geometry import Box
from digitize.model import PageResult, Word

FORM_FEED = "\f"
FREE_LINE = 0.8
"""Gap between two lines, in heights of a line, that is written as an empty line."""
ALTO_NAMESPACE = "http://www.loc.gov/standards/alto/ns-v4#"


def lines(words: Iterable[Word]) -> Iterator[list[Word]]:
    """Words line by line, in reading order."""
    for _, line in groupby(words, key=lambda word: word.line):
        yield list(line)


def page_text(page: PageResult) -> str:
    """The text of one page: a line for each line, an empty line where the page leaves one free."""
    out: list[str] = []
    above: Box | None = None
    for line in lines(page.words):
        box = _around(line)
        if above is not None and box[1] - above[3] > FREE_LINE * (above[3] - above[1]):
            out.append("")
        above = box
        out.append(" ".join(word.text for word in line))
    return "\n".join(out) + "\n" if out else ""


def text(pages: Iterable[PageResult]) -> Iterator[str]:
    """The text of the document; a form feed between pages."""
    for number, page in enumerate(pages):
        if number:
            yield FORM_FEED
        yield page_text(page)


def words_json(pages: Iterable[PageResult]) -> Iterator[str]:
    """Words with boxes and confidence; boxes are left, top, right, bottom in pixels of the upright page image."""
    yield '{"format": 1, "pages": ['
    for number, page in enumerate(pages, start=1):
        entry = {
            "number": number,
            "width_px": page.width_px,
            "height_px": page.height_px,
            "dpi": page.dpi,
            "rotation": page.rotation,
            "skew_degrees": page.skew_degrees,
            "blank": page.blank,
            "confidence": page.confidence,
            "problem": page.problem,
            "words": [
                {"text": w.text, "box": list(w.box), "confidence": w.confidence, "line": w.line, "block": w.block}
                for w in page.words
            ],
        }
        yield (",\n" if number > 1 else "\n") + json.dumps(entry, ensure_ascii=False)
    yield "\n]}\n"


def alto(pages: Iterable[PageResult]) -> Iterator[str]:
    """ALTO 4 (Library of Congress, ns-v4): pages, blocks, lines, words with confidence; measured in pixels."""
    yield '<?xml version="1.0" encoding="UTF-8"?>\n'
    yield f'<alto xmlns="{ALTO_NAMESPACE}">\n'
    yield "<Description><MeasurementUnit>pixel</MeasurementUnit></Description>\n<Layout>\n"
    for number, page in enumerate(pages, start=1):
        yield from _alto_page(number, page)
    yield "</Layout>\n</alto>\n"


def _alto_page(number: int, page: PageResult) -> Iterator[str]:
    yield (
        f'<Page ID="P{number}" PHYSICAL_IMG_NR="{number}" WIDTH="{page.width_px}" HEIGHT="{page.height_px}"'
        f' PC="{page.confidence:.3f}">\n'
        f'<PrintSpace HPOS="0" VPOS="0" WIDTH="{page.width_px}" HEIGHT="{page.height_px}">\n'
    )
    for block, members in groupby(page.words, key=lambda word: word.block):
        within = list(members)
        yield f'<TextBlock ID="P{number}B{block}"{_place(_around(within))}>\n'
        for line in lines(within):
            yield f'<TextLine ID="P{number}L{line[0].line}"{_place(_around(line))}>'
            yield "<SP/>".join(
                f'<String CONTENT={quoteattr(word.text)}{_place(word.box)} WC="{word.confidence:.2f}"/>'
                for word in line
            )
            yield "</TextLine>\n"
        yield "</TextBlock>\n"
    yield "</PrintSpace>\n</Page>\n"


def _around(words: list[Word]) -> Box:
    boxes = [word.box for word in words]
    return (min(b[0] for b in boxes), min(b[1] for b in boxes), max(b[2] for b in boxes), max(b[3] for b in boxes))


def _place(box: Box) -> str:
    left, top, right, bottom = (round(v) for v in box)
    return f' HPOS="{left}" VPOS="{top}" WIDTH="{max(1, right - left)}" HEIGHT="{max(1, bottom - top)}"'
