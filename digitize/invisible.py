"""The invisible text layer: a font without shapes, and words laid on their base lines with it.

The font is a TrueType program with one empty glyph, used as a CID font: code = character, every code
maps to that glyph, and /ToUnicode says which letter it stands for (ISO 19005-2 6.2.11.7.2). Text
render mode 3 paints nothing (ISO 32000-1 table 106); search, copying and highlighting work.
"""

from __future__ import annotations

import io
import math
from collections.abc import Iterable, Sequence

import pikepdf
from fontTools.fontBuilder import FontBuilder
from fontTools.pens.ttGlyphPen import TTGlyphPen
from pikepdf import Array, Dictionary, Name, Stream

from digitize.geometry import Matrix
from digitize.model import Word

FONT_NAME = "SohoaInvisible"
RESOURCE = "/SohoaText"
UNITS_PER_EM = 1000
ADVANCE = 500
ASCENT, DESCENT = 800, -200
ENTRIES_PER_BLOCK = 100
"""Most entries of one bfchar block (Adobe Technical Note 5014, 4)."""
CLEAR_GAP = 0.2
"""Least gap between two words of a line, in font sizes; poppler parts words from 0.15."""
BASIC_PLANE_END = 0xFFFF
FONT_DATE = 3_818_448_000
"""2025-01-01 in seconds since 1904, as TrueType counts; any fixed date will do."""
REPLACEMENT = "\ufffd"


def font_program() -> bytes:
    """The TrueType program: .notdef and one empty glyph of half an em; the same bytes every time."""
    builder = FontBuilder(UNITS_PER_EM, isTTF=True)
    builder.setupGlyphOrder([".notdef", "blank"])
    builder.setupCharacterMap({0x20: "blank"})
    empty = TTGlyphPen(None).glyph()
    builder.setupGlyf({".notdef": empty, "blank": empty})
    builder.setupHorizontalMetrics({".notdef": (ADVANCE, 0), "blank": (ADVANCE, 0)})
    builder.setupHorizontalHeader(ascent=ASCENT, descent=DESCENT)
    builder.setupNameTable({"familyName": FONT_NAME, "styleName": "Regular", "psName": FONT_NAME})
    builder.setupOS2(sTypoAscender=ASCENT, sTypoDescender=DESCENT, usWinAscent=ASCENT, usWinDescent=-DESCENT)
    builder.setupPost()
    builder.updateHead(created=FONT_DATE, modified=FONT_DATE)
    builder.font.recalcTimestamp = False
    out = io.BytesIO()
    builder.font.save(out)
    return out.getvalue()


def encode(text: str) -> bytes:
    """Text as the codes of the font: UTF-16 big endian of the basic plane; the rest is a replacement mark."""
    return "".join(c if ord(c) <= BASIC_PLANE_END else REPLACEMENT for c in text).encode("utf-16-be")


def to_unicode(characters: Iterable[str]) -> bytes:
    """The CMap from codes to letters for these characters of the basic plane (ISO 32000-1 9.10.3)."""
    codes = sorted(map(ord, characters))
    blocks = []
    for start in range(0, len(codes), ENTRIES_PER_BLOCK):
        part = codes[start:start + ENTRIES_PER_BLOCK]
        lines = "\n".join(f"<{code:04X}> <{code:04X}>" for code in part)
        blocks.append(f"{len(part)} beginbfchar\n{lines}\nendbfchar\n")
    return (
        "/CIDInit /ProcSet findresource begin\n12 dict begin\nbegincmap\n"
        "/CIDSystemInfo << /Registry (Adobe) /Ordering (UCS) /Supplement 0 >> def\n"
        "/CMapName /Adobe-Identity-UCS def\n/CMapType 2 def\n"
        "1 begincodespacerange\n<0000> <FFFF>\nendcodespacerange\n"
        + "".join(blocks)
        + "endcmap\nCMapName currentdict /CMap defineresource pop\nend\nend\n"
    ).encode("ascii")


def embed_font(pdf: pikepdf.Pdf, characters: Iterable[str]) -> pikepdf.Object:
    """The font dictionary for the characters used in the document, added to `pdf`."""
    used = {c if ord(c) <= BASIC_PLANE_END else REPLACEMENT for c in characters} | {" "}
    # Every code up to the highest one used leads to glyph 1, the empty one.
    to_glyph = Stream(pdf, b"\x00\x01" * (max(map(ord, used)) + 1))
    descriptor = Dictionary(
        Type=Name.FontDescriptor, FontName=Name("/" + FONT_NAME), Flags=4,
        FontBBox=Array([0, DESCENT, ADVANCE, ASCENT]), ItalicAngle=0, Ascent=ASCENT, Descent=DESCENT,
        CapHeight=ASCENT, StemV=80,
        FontFile2=pdf.make_indirect(Stream(pdf, font_program())),
    )
    descendant = Dictionary(
        Type=Name.Font, Subtype=Name.CIDFontType2, BaseFont=Name("/" + FONT_NAME),
        CIDSystemInfo=Dictionary(Registry=pikepdf.String("Adobe"), Ordering=pikepdf.String("Identity"), Supplement=0),
        FontDescriptor=pdf.make_indirect(descriptor), DW=ADVANCE, CIDToGIDMap=pdf.make_indirect(to_glyph),
    )
    return pdf.make_indirect(Dictionary(
        Type=Name.Font, Subtype=Name.Type0, BaseFont=Name("/" + FONT_NAME), Encoding=Name("/Identity-H"),
        DescendantFonts=Array([pdf.make_indirect(descendant)]),
        ToUnicode=pdf.make_indirect(Stream(pdf, to_unicode(used))),
    ))


def text_content(words: Sequence[Word], to_user: Matrix) -> bytes:
    """Content that lays each word on its base line, stretched to its box, a space after it up to the next word.

    `to_user` leads from the upright frame (pixels, y down) to user space (points, y up).
    """
    if not words:
        return b""
    out = [f"BT 3 Tr {RESOURCE} 1 Tf"]
    # The text plane has y up: flip the frame first, so that the letters stand and do not hang.
    flip = Matrix(1, 0, 0, -1, 0, 0)
    for word, following in zip(words, [*words[1:], None], strict=True):
        left, _, right, _ = word.box
        size = _size(word)
        if following is not None and following.line == word.line:
            # Readers take a narrower gap for letters set loosely and glue the words.
            right = max((left + right) / 2, min(right, following.box[0] - CLEAR_GAP * size))
        start = flip.then(Matrix(1, 0, 0, 1, left, word.baseline)).then(to_user)
        a, b, c, d, e, f = start.numbers()
        matrix = " ".join(map(_number, (a * size, b * size, c * size, d * size, e, f)))
        codes = encode(word.text)
        out.append(f"{matrix} Tm {_stretch(right - left, codes, size)} Tz <{codes.hex().upper()}> Tj")
        if following is not None and following.line == word.line and following.box[0] > right:
            out.append(f"{_stretch(following.box[0] - right, b'  ', size)} Tz <0020> Tj")
        else:
            out.append("<0020> Tj")
    return (" ".join(out) + " ET\n").encode("ascii")


def _size(word: Word) -> float:
    """Font size in pixels: from the base line to the top of the box is the ascent, at least a few pixels."""
    height = max(word.baseline - word.box[1], 0.5 * (word.box[3] - word.box[1]), 2.0)
    return height * UNITS_PER_EM / ASCENT


def _stretch(width_px: float, codes: bytes, size: float) -> str:
    """Horizontal scaling, in percent, that makes the codes `width_px` wide at this size."""
    natural = len(codes) / 2 * ADVANCE / UNITS_PER_EM * size
    return _number(max(1.0, 100 * width_px / natural))


def _number(value: float) -> str:
    """A real number as PDF writes it: no exponent, five decimals (ISO 32000-1 7.3.3)."""
    if not math.isfinite(value):
        raise ValueError("not a number for a page")
    text = f"{value:.5f}".rstrip("0").rstrip(".")
    return "0" if text in {"-0", ""} else text
