"""Text that a form can print: NFC, one line, only letters that the vendored fonts draw.

A letter without a glyph would leave a hole in a signed paper (and breaks PDF/A, ISO 19005-3
6.2.11.8), so it is refused before anything is numbered, in words the clerk can act on.
"""

from __future__ import annotations

import unicodedata

from receipts.errors import StatementInvalid

FONT_RANGES: tuple[tuple[int, int], ...] = (
    (0x20, 0x7E), (0xA0, 0x17F), (0x192, 0x192), (0x1A0, 0x1A1), (0x1AF, 0x1B0), (0x218, 0x21B),
    (0x300, 0x304), (0x306, 0x30C), (0x31B, 0x31B), (0x323, 0x323), (0x1E80, 0x1E85), (0x1EA0, 0x1EF9),
    (0x2010, 0x2015), (0x2018, 0x201E), (0x2020, 0x2022), (0x2026, 0x2026), (0x2030, 0x2030),
    (0x2032, 0x2033), (0x2039, 0x203A), (0x2044, 0x2044), (0x20AB, 0x20AC), (0x2116, 0x2116),
    (0x2122, 0x2122), (0x2212, 0x2212),
)
"""What fonts/*.ttf were cut to; a test holds the two together."""

MAX_LENGTH = 1000
_UNSEEN = dict.fromkeys(map(ord, "\u00ad\u200b\u200c\u200d\u2060\ufeff"))


def printable(text: str, field: str, *, required: bool = False) -> str:
    """`text` cleaned for a form: NFC, unseen characters dropped, white space folded to single spaces.

    Raises:
        StatementInvalid: empty though `required`, too long, or with a character no form can print;
            the message names `field` (Vietnamese) and the character's code, never the text.
    """
    clean = " ".join(unicodedata.normalize("NFC", text).translate(_UNSEEN).split())
    if required and not clean:
        raise StatementInvalid(f"Thiếu: {field}.")
    if len(clean) > MAX_LENGTH:
        raise StatementInvalid(f"{field}: dài quá {MAX_LENGTH} ký tự.")
    for letter in clean:
        if not drawable(letter):
            raise StatementInvalid(
                f"{field}: không in được ký tự U+{ord(letter):04X}; hãy gõ lại bằng chữ Việt hoặc La-tinh.")
    return clean


def drawable(letter: str) -> bool:
    """Whether the vendored fonts hold this letter."""
    point = ord(letter)
    return any(first <= point <= last for first, last in FONT_RANGES)
