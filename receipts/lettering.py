"""Lines of text in Tinos as PDF objects: an embedded subset with ToUnicode, and what draws the lines.

Made by hand because the stamp text of the PDF library comes out letter-spaced with fonts of 2048
units. Glyph numbers are kept and unused outlines left out, so a subset costs no table rebuilding.
Lengths are points, origin bottom-left, y up (ISO 32000-2 8.3); glyph widths 1/1000 em.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from fontTools.ttLib import TTFont
from pyhanko.pdf_utils import generic
from pyhanko.pdf_utils.generic import pdf_name
from pyhanko.pdf_utils.writer import BasePdfFileWriter

_FONT = Path(__file__).parent / "fonts" / "Tinos-Regular.ttf"
_BASE_NAME = "SOHOAA+Tinos-Regular"
_TABLES = ("head", "hhea", "maxp", "hmtx")
_CHECKSUM_MAGIC = 0xB1B0AFBA
_SYMBOLIC, _SERIF = 4, 2


@dataclass(frozen=True, slots=True)
class Face:
    """The regular face, taken apart once."""

    glyph_of: dict[int, int]
    widths: tuple[int, ...]
    outlines: tuple[bytes, ...]
    tables: dict[str, bytes]
    box: tuple[int, int, int, int]
    ascent: int
    descent: int
    cap_height: int

    def width(self, text: str, size: float) -> float:
        """Width of `text` in points."""
        return sum(self.widths[self.glyph(letter)] for letter in text) * size / 1000

    def glyph(self, letter: str) -> int:
        """Glyph number; raises ValueError for a letter the font lacks (text.printable refuses those earlier)."""
        try:
            return self.glyph_of[ord(letter)]
        except KeyError:
            raise ValueError(f"no glyph for U+{ord(letter):04X}") from None

    def wrap(self, text: str, size: float, limit: float) -> list[str]:
        """`text` broken at spaces into lines no wider than `limit` points; a longer word stands alone."""
        lines: list[str] = []
        for word in text.split():
            longer = f"{lines[-1]} {word}" if lines else word
            if lines and self.width(longer, size) <= limit:
                lines[-1] = longer
            else:
                lines.append(word)
        return lines


@lru_cache(maxsize=1)
def face() -> Face:
    """Read the vendored font; some 30 ms, once in a process."""
    font: Any = TTFont(_FONT, lazy=False)
    order, head, glyf = font.getGlyphOrder(), font["head"], font["glyf"]

    def thousandths(value: float) -> int:
        return round(float(value * 1000 / head.unitsPerEm))

    return Face(
        glyph_of={point: font.getGlyphID(name) for point, name in font.getBestCmap().items()},
        widths=tuple(thousandths(font["hmtx"][name][0]) for name in order),
        outlines=tuple(glyf[name].compile(glyf, recalcBBoxes=False) for name in order),
        tables={tag: font.getTableData(tag) for tag in _TABLES},
        box=(thousandths(head.xMin), thousandths(head.yMin), thousandths(head.xMax), thousandths(head.yMax)),
        ascent=thousandths(font["hhea"].ascent),
        descent=thousandths(font["hhea"].descent),
        cap_height=thousandths(font["OS/2"].sCapHeight),
    )


def embed_font(writer: BasePdfFileWriter, texts: Iterable[str]) -> generic.IndirectObject:
    """Add a composite font holding the letters of `texts` (ISO 19005-2 6.2.11); returns its reference."""
    letters = sorted(set("".join(texts)))
    tinos = face()
    program = generic.StreamObject(stream_data=_program(tinos, {tinos.glyph(letter) for letter in letters}))
    program[pdf_name("/Length1")] = generic.NumberObject(len(program.data))
    program.compress()
    descriptor = generic.DictionaryObject({
        pdf_name("/Type"): pdf_name("/FontDescriptor"),
        pdf_name("/FontName"): pdf_name(f"/{_BASE_NAME}"),
        pdf_name("/Flags"): generic.NumberObject(_SYMBOLIC | _SERIF),
        pdf_name("/FontBBox"): generic.ArrayObject(map(generic.NumberObject, tinos.box)),
        pdf_name("/ItalicAngle"): generic.NumberObject(0),
        pdf_name("/Ascent"): generic.NumberObject(tinos.ascent),
        pdf_name("/Descent"): generic.NumberObject(tinos.descent),
        pdf_name("/CapHeight"): generic.NumberObject(tinos.cap_height),
        pdf_name("/StemV"): generic.NumberObject(80),
        pdf_name("/FontFile2"): writer.add_object(program),
    })
    to_unicode = generic.StreamObject(stream_data=_to_unicode(tinos, letters))
    to_unicode.compress()
    return writer.add_object(generic.DictionaryObject({
        pdf_name("/Type"): pdf_name("/Font"),
        pdf_name("/Subtype"): pdf_name("/Type0"),
        pdf_name("/BaseFont"): pdf_name(f"/{_BASE_NAME}"),
        pdf_name("/Encoding"): pdf_name("/Identity-H"),
        pdf_name("/DescendantFonts"): generic.ArrayObject([_descendant(writer, tinos, letters, descriptor)]),
        pdf_name("/ToUnicode"): writer.add_object(to_unicode),
    }))


def show_lines(lines: Sequence[tuple[float, float, str]], size: float, font_name: str) -> bytes:
    """Content that writes each (x, y, text), baseline start in points, in black."""
    tinos = face()
    shown = [b"q 0 g BT /%s %s Tf" % (font_name.encode(), number(size))]
    for x, y, text in lines:
        glyphs = "".join(f"{tinos.glyph(letter):04X}" for letter in text)
        shown.append(b"1 0 0 1 %s %s Tm <%s> Tj" % (number(x), number(y), glyphs.encode()))
    return b"\n".join([*shown, b"ET Q"])


def number(value: float) -> bytes:
    """A PDF number, at most four decimals, never in exponent form."""
    return f"{value:.4f}".rstrip("0").rstrip(".").encode() or b"0"


def _descendant(writer: BasePdfFileWriter, tinos: Face, letters: Sequence[str],
                descriptor: generic.DictionaryObject) -> generic.IndirectObject:
    widths = generic.ArrayObject()
    for glyph in sorted({tinos.glyph(letter) for letter in letters}):
        widths += [generic.NumberObject(glyph), generic.ArrayObject([generic.NumberObject(tinos.widths[glyph])])]
    return writer.add_object(generic.DictionaryObject({
        pdf_name("/Type"): pdf_name("/Font"),
        pdf_name("/Subtype"): pdf_name("/CIDFontType2"),
        pdf_name("/BaseFont"): pdf_name(f"/{_BASE_NAME}"),
        pdf_name("/CIDSystemInfo"): generic.DictionaryObject({
            pdf_name("/Registry"): generic.pdf_string("Adobe"),
            pdf_name("/Ordering"): generic.pdf_string("Identity"),
            pdf_name("/Supplement"): generic.NumberObject(0),
        }),
        pdf_name("/FontDescriptor"): writer.add_object(descriptor),
        pdf_name("/DW"): generic.NumberObject(500),
        pdf_name("/W"): widths,
        pdf_name("/CIDToGIDMap"): pdf_name("/Identity"),
    }))


def _to_unicode(tinos: Face, letters: Sequence[str]) -> bytes:
    """A ToUnicode CMap, at most 100 pairs to a block (ISO 32000-2 9.10.3)."""
    pairs = [f"<{tinos.glyph(letter):04X}> <{letter.encode('utf-16-be').hex().upper()}>" for letter in letters]
    blocks = [pairs[start:start + 100] for start in range(0, len(pairs), 100)]
    body = "\n".join(f"{len(block)} beginbfchar\n" + "\n".join(block) + "\nendbfchar" for block in blocks)
    return (
        "/CIDInit /ProcSet findresource begin\n12 dict begin\nbegincmap\n"
        "/CIDSystemInfo << /Registry (Adobe) /Ordering (UCS) /Supplement 0 >> def\n"
        "/CMapName /Adobe-Identity-UCS def\n/CMapType 2 def\n"
        "1 begincodespacerange\n<0000> <FFFF>\nendcodespacerange\n"
        f"{body}\nendcmap\nCMapName currentdict /CMap defineresource pop\nend\nend\n"
    ).encode("ascii")


def _program(tinos: Face, glyphs: set[int]) -> bytes:
    """A TrueType file with all glyph numbers but only the outlines of `glyphs` and their parts."""
    kept = _with_parts(tinos, glyphs | {0})
    glyf, offsets = bytearray(), [0]
    for glyph, outline in enumerate(tinos.outlines):
        if glyph in kept:
            glyf += outline + bytes(-len(outline) % 4)
        offsets.append(len(glyf))
    head = bytearray(tinos.tables["head"])
    struct.pack_into(">I", head, 8, 0)   # checkSumAdjustment, filled in below
    struct.pack_into(">h", head, 50, 1)  # indexToLocFormat: long offsets
    loca = struct.pack(f">{len(offsets)}I", *offsets)
    return _assemble({**tinos.tables, "head": bytes(head), "glyf": bytes(glyf), "loca": loca})


def _with_parts(tinos: Face, glyphs: set[int]) -> set[int]:
    """`glyphs` and every glyph that composite ones are made of."""
    kept, todo = set[int](), list(glyphs)
    while todo:
        glyph = todo.pop()
        if glyph not in kept:
            kept.add(glyph)
            todo += _components(tinos.outlines[glyph])
    return kept


def _components(outline: bytes) -> list[int]:
    """Glyph numbers a composite outline refers to (OpenType glyf: flags 1 words, 8 scale, 64 xy, 128 two-by-two)."""
    if len(outline) < 10 or struct.unpack_from(">h", outline)[0] >= 0:
        return []
    parts, at, more = list[int](), 10, True
    while more:
        flags, part = struct.unpack_from(">HH", outline, at)
        parts.append(part)
        at += 4 + (4 if flags & 1 else 2) + (2 if flags & 8 else 4 if flags & 64 else 8 if flags & 128 else 0)
        more = bool(flags & 32)
    return parts


def _assemble(tables: dict[str, bytes]) -> bytes:
    """A font file from its tables: directory, checksums, four-byte alignment (OpenType, "Font Tables")."""
    count = len(tables)
    power = 1 << (count.bit_length() - 1)
    directory = bytearray(struct.pack(">IHHHH", 0x00010000, count, power * 16, power.bit_length() - 1,
                                      (count - power) * 16))
    body, at = bytearray(), 12 + 16 * count
    for tag, table in sorted(tables.items()):
        directory += struct.pack(">4sIII", tag.encode(), _checksum(table), at + len(body), len(table))
        body += table + bytes(-len(table) % 4)
    whole = directory + body
    head_at = at + sum(len(t) + -len(t) % 4 for tag, t in sorted(tables.items()) if tag < "head")
    struct.pack_into(">I", whole, head_at + 8, (_CHECKSUM_MAGIC - _checksum(bytes(whole))) & 0xFFFFFFFF)
    return bytes(whole)


def _checksum(table: bytes) -> int:
    padded = table + bytes(-len(table) % 4)
    words: tuple[int, ...] = struct.unpack(f">{len(padded) // 4}I", padded)
    return sum(words) & 0xFFFFFFFF
