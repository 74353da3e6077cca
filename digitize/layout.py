"""Lines of words and the two columns of a letterhead; pure values over words in the upright frame."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise

from digitize.geometry import Box
from digitize.model import Word
from digitize.renditions import lines

NATIONAL_NAME = ("cong", "hoa")
"""First words of the national name, which opens the right column of every letterhead (NĐ 30/2020 PL I)."""


def fold(text: str) -> str:
    """Lower case without marks, character for character, so that places in it are places in `text`."""
    return "".join(_bare(c) for c in text)


def _bare(character: str) -> str:
    if character in "đĐÐ":
        return "d"
    bare = unicodedata.normalize("NFD", character)[0].lower()
    return bare if len(bare) == 1 else bare[0]


_BELONGS = re.compile(r"\bngay\b.*\bthang\b|^\W*so\s*:|\bv/v\b|doc lap|hanh phuc|\d\s*/\s*[a-z]+-")
"""What a line of the letterhead says: date, number, subject of a letter, motto."""


@dataclass(frozen=True, slots=True)
class Line:
    """Words that stand side by side, left to right, joined by one space each."""

    words: tuple[Word, ...]

    @property
    def text(self) -> str:
        return " ".join(word.text for word in self.words)

    @property
    def box(self) -> Box:
        return around(self.words)

    def words_at(self, start: int, stop: int) -> tuple[Word, ...]:
        """The words that `text[start:stop]` touches."""
        found, at = [], 0
        for word in self.words:
            end = at + len(word.text)
            if at < stop and end > start:
                found.append(word)
            at = end + 1
        return tuple(found)


def around(words: Iterable[Word]) -> Box:
    """The box around all the words."""
    boxes = [word.box for word in words]
    return (min(b[0] for b in boxes), min(b[1] for b in boxes), max(b[2] for b in boxes), max(b[3] for b in boxes))


def sureness(words: Sequence[Word]) -> float:
    """The confidence of the least certain word."""
    return min((word.confidence for word in words), default=0.0)


def average(words: Sequence[Word]) -> float:
    """The mean confidence over the letters."""
    letters = sum(len(word.text) for word in words)
    return sum(word.confidence * len(word.text) for word in words) / letters if letters else 0.0


def page_lines(words: Sequence[Word]) -> list[Line]:
    """The lines of a page from top to bottom, in the order in which they were read."""
    return [Line(tuple(sorted(line, key=lambda word: word.box[0]))) for line in lines(words)]


@dataclass(frozen=True, slots=True)
class Letterhead:
    """The top of a first page: left column (organ, number), right column (national name, date), the lines below."""

    left: tuple[Line, ...]
    right: tuple[Line, ...]
    below: tuple[Line, ...]


def letterhead(all_lines: Sequence[Line], height_px: float, ends: Callable[[str], bool]) -> Letterhead | None:
    """Part the top of the page at the national name; None where that was not found in the upper third.

    The letterhead reaches down to the last line of number, date or motto; `ends` tells by a line's
    folded text that it is over (title or first line of the text).
    """
    gutter = _gutter(all_lines, height_px)
    if gutter is None:
        return None
    last = 0
    for index, line in enumerate(all_lines):
        folded = fold(line.text)
        if line.box[1] > height_px / 3 or ends(folded):
            break
        below_left = index == last + 1 and index > 0 and all(_middle(word) < gutter for word in line.words)
        if _BELONGS.search(folded) or (below_left and line.text[:1].islower()):
            last = index
    left: list[Line] = []
    right: list[Line] = []
    for line in all_lines[:last + 1]:
        for side, part in ((left, [w for w in line.words if _middle(w) < gutter]),
                           (right, [w for w in line.words if _middle(w) >= gutter])):
            if part:
                side.append(Line(tuple(part)))
    return Letterhead(tuple(left), tuple(right), tuple(all_lines[last + 1:]))


def _gutter(all_lines: Sequence[Line], height_px: float) -> float | None:
    """Where the right column begins: a little left of the national name or, if that is missing, of its motto."""
    for line in all_lines:
        if line.box[1] > height_px / 3:
            return None
        for first, second in pairwise(line.words):
            if (fold(first.text), fold(second.text)) == NATIONAL_NAME:
                return first.box[0] - (first.box[3] - first.box[1]) / 2
    return None


def _middle(word: Word) -> float:
    return (word.box[0] + word.box[2]) / 2
