"""First fields of an administrative paper by the layout of NĐ 30/2020/NĐ-CP, and of a citizen card by its QR code.

Pure functions over page results. A value is what was read, put into a standard form where that
changes no digit; what does not fit its form keeps its letters and loses its confidence, so that a
person looks at it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from difflib import SequenceMatcher

from digitize.cccd import card_fields
from digitize.kinds import KINDS_OF_PAPER, by_notation
from digitize.layout import Letterhead, Line, around, average, fold, letterhead, page_lines, sureness
from digitize.model import PageResult, Word
from storage.model import Field

DOUBTFUL = 0.3
"""Confidence of what was found in its place but is not in its form."""
GUESSED = 0.6
"""Most confidence of what is told by layout alone."""
FIRST_YEAR = 1945
SIMILAR = 0.82
MAX_SUBJECT_LINES = 6
OFF_CENTRE = 0.06
"""Share of the text's width by which a centred line may be off; a first line is indented by more."""
NOISE = 0.6
"""Mean confidence below which a line is a stamp or a scribble."""

_NUMBERS = (
    re.compile(r"\bso\s*[:;]\s*(?P<number>[^/]{0,12}?)\s*/\s*(?P<notation>[a-z].*)"),
    re.compile(r"^\W*so\s+(?P<number>\S{1,8})\s*/\s*(?P<notation>[a-z].*)"),
    re.compile(r"^\W*(?P<number>[a-z]?\d{1,6})\s*/\s*(?P<notation>[a-z]{1,4}-[a-z].*)"),
)
"""Number and notation as they should be, with the colon lost, with the word lost under a stamp; over folded text."""
_NUMBER_ALONE = re.compile(r"(?:^|ky hieu.*)\W*\bso\s*[:;]\s*(?P<number>\d{1,8})\s*$")
_NOTATION = re.compile(r"[A-ZĐÐ][^\W_]*(?:[&.]?[^\W_]+)*(?:\s*-\s*[A-ZĐÐ][^\W_]*(?:[&.]?[^\W_]+)*)*")
_DATE = re.compile(
    r"(?P<place>[^,\d]{2,60}[,.]\s*)?\bngay\s*(?P<day>\S{0,4}?)\s*thang\s*(?P<month>\S{0,3}?)"
    r"\s*nam\s*(?P<year>\d{4})\b"
)
_OPENS_TEXT = re.compile(
    r"^\W*(can cu|kinh gui|xet|theo de nghi|thuc hien|chu tich uy ban|uy ban nhan dan|giam doc|"
    r"hoi dong nhan dan|dieu 1|[1i]\. )"
)
_ORGAN_OPENS = re.compile(
    r"^(uy ban|ubnd|hoi dong|hdnd|so|bo|ban|phong|van phong|chi cuc|cuc|tong cuc|trung tam|cong an|toa|vien|truong|"
    r"benh vien|dang|cong ty|lien|thanh tra|kho bac|chinh phu|thu tuong|quoc hoi|bao hiem|ngan hang|hat|quy|"
    r"chi nhanh)\b"
)
"""First words of names of authorities; a line that opens otherwise goes on with the name above it."""


@dataclass(frozen=True, slots=True)
class _Found:
    """A value with the words it was read from."""

    value: str
    confidence: float
    words: tuple[Word, ...]


def read_fields(pages: Sequence[PageResult]) -> list[Field]:
    """The fields of a document: those of the first page that has some, and those of the first card code found."""
    found: list[Field] = []
    for number, page in enumerate(pages, start=1):
        found = _paper_fields(number, page) if page.words else []
        if found:
            break
    for number, page in enumerate(pages, start=1):
        from_card = card_fields(number, page)
        if from_card:
            return found + from_card
    return found


def _paper_fields(number: int, page: PageResult) -> list[Field]:
    all_lines = page_lines(page.words)
    head = letterhead(all_lines, page.height_px, _ends_letterhead)
    if head is None and number > 1:
        return []
    if head is None:
        head = Letterhead((), (), tuple(all_lines))
    sides = (*head.left, *head.right, *head.below[:12])
    code, notation = _number(sides)
    place, day = _date((*head.right, *head.left, *head.below[:12]))
    kind, kind_at = _kind(head.below, notation)
    parent, organ = _organs(head.left)
    subject = _subject(head, kind_at, _text_edges(all_lines, page.width_px))
    wanted = (
        ("document_type", "Tên loại văn bản", kind),
        ("document_number", "Số văn bản", code),
        ("document_notation", "Ký hiệu văn bản", notation),
        ("issued_on", "Ngày ban hành", day),
        ("issued_place", "Địa danh", place),
        ("issuing_organ", "Cơ quan ban hành", organ),
        ("parent_organ", "Cơ quan chủ quản", parent),
        ("subject", "Trích yếu", subject),
    )
    return [_field(name, label, value, number, page) for name, label, value in wanted if value is not None]


def _field(name: str, label: str, found: _Found, number: int, page: PageResult) -> Field:
    left, top, right, bottom = around(found.words) if found.words else (0.0, 0.0, 0.0, 0.0)
    width, height = page.width_px, page.height_px
    box = (round(left / width, 5), round(top / height, 5), round(right / width, 5), round(bottom / height, 5))
    return Field(name, label, found.value, found.value, round(found.confidence, 3), number,
                 box if found.words else None, "ocr")


def tidy_notation(text: str) -> str:
    """A notation as it is written: eth to Đ, doubled Đ once, no space around hyphens ("QĐ- UBND" -> "QĐ-UBND")."""
    text = re.sub("Đ{2,}", "Đ", text.replace("Ð", "Đ").replace("ð", "đ"))
    return re.sub(r"\s*-\s*", "-", text).strip(" .-")


def _ends_letterhead(folded: str) -> bool:
    return re.match(r"\W*(can cu|kinh gui|dieu 1)\b", folded) is not None or _similar_kind(folded) is not None


def _number(candidates: Iterable[Line]) -> tuple[_Found | None, _Found | None]:
    """Number and notation: "Số: 123/QĐ-UBND". A number that is no number is left empty, for a person to fill."""
    for line in candidates:
        text = line.text.replace("⁄", "/")
        folded = fold(text)
        for pattern in _NUMBERS:
            hit = pattern.search(folded)
            notation = _NOTATION.match(text, hit.start("notation")) if hit else None
            if hit is None or notation is None:
                continue
            words = line.words_at(*notation.span())
            code = _code(text[slice(*hit.span("number"))].strip(), line.words_at(*hit.span("number")) or words[:1])
            return code, _Found(tidy_notation(notation[0]), sureness(words), words)
        alone = _NUMBER_ALONE.search(folded)
        if alone is not None:
            words = line.words_at(*alone.span("number"))
            return _code(text[slice(*alone.span("number"))], words), None
    return None, None


def _code(text: str, words: tuple[Word, ...]) -> _Found:
    """The number as read; nothing of it is kept where no digit was read."""
    is_number = re.fullmatch(r"\d{1,8}[a-zA-Z]?", text) is not None
    return _Found(text if any(map(str.isdigit, text)) else "", sureness(words) if is_number else 0.0, words)


def _date(candidates: Iterable[Line]) -> tuple[_Found | None, _Found | None]:
    """Place and date of issue; the date in ISO form, to the month where the day cannot be read."""
    for line in candidates:
        folded = fold(line.text)
        hit = _DATE.search(folded)
        if hit is None or _OPENS_TEXT.match(folded):
            continue
        words = line.words_at(hit.start("day") if hit["day"] else hit.start("month"), hit.end("year"))
        day = _Found(*_iso(hit["year"], hit["month"], hit["day"], sureness(words)), words)
        return (_place(line.words_at(*hit.span("place"))) if hit["place"] else None), day
    return None, None


def _place(words: tuple[Word, ...]) -> _Found | None:
    """The name right before the comma: back to the first wide gap or to what is no name."""
    name: list[Word] = []
    for word in reversed(words):
        if name and name[0].box[0] - word.box[2] > 1.2 * (word.box[3] - word.box[1]):
            break
        if not word.text[0].isalpha() or not word.text.rstrip(",.").replace("-", "").isalpha():
            break
        name.insert(0, word)
    value = " ".join(word.text for word in name).rstrip(" ,.")
    return _Found(value, sureness(name), tuple(name)) if value else None


def _iso(year: str, month: str, day: str, confidence: float) -> tuple[str, float]:
    """What was read as an ISO date, and how sure it is."""
    try:
        value = date(int(year), int(month), int(day))
    except ValueError:
        return (f"{year}-{int(month):02}" if month.isdigit() and 1 <= int(month) <= 12 else year), 0.0
    sure = confidence if FIRST_YEAR <= value.year <= 2100 else min(confidence, DOUBTFUL)
    return value.isoformat(), sure


def _kind(below: Sequence[Line], notation: _Found | None) -> tuple[_Found | None, int | None]:
    """The kind of paper by its title line, checked against the notation; the place of that line in `below`."""
    told = by_notation(notation.value) if notation is not None else None
    for index, line in enumerate(below[:10]):
        if line.text != line.text.upper():
            continue
        name = _similar_kind(fold(line.text))
        if name is not None:
            sure = sureness(line.words)
            return _Found(name, max(sure, GUESSED) if told == name else sure, line.words), index
    if told is not None and notation is not None:
        return _Found(told, min(GUESSED, notation.confidence), notation.words), None
    return None, None


def _similar_kind(folded: str) -> str | None:
    best = max(KINDS_OF_PAPER, key=lambda name: SequenceMatcher(None, fold(name), folded).ratio())
    return best if SequenceMatcher(None, fold(best), folded).ratio() >= SIMILAR else None


def _organs(left: Sequence[Line]) -> tuple[_Found | None, _Found | None]:
    """Parent and issuing organ: the lines in capitals of the left column above the number."""
    names: list[list[Word]] = []
    for line in left:
        folded = fold(line.text)
        if re.match(r"\W*so\s*[:;]", folded) or "v/v" in folded or "/" in folded:
            break
        words = [word for word in line.words if any(map(str.isalpha, word.text))]
        if not _in_capitals(line):
            continue
        if names and _ORGAN_OPENS.match(fold(" ".join(word.text for word in words))) is None:
            names[-1] += words
        else:
            names.append(words)
    found = [_joined(name) for name in names]
    if not found:
        return None, None
    return (found[-2] if len(found) > 1 else None), found[-1]


def _joined(words: Sequence[Word]) -> _Found:
    """Several words as one value; layout alone never makes sure."""
    value = " ".join(word.text for word in words).strip(" .,'`_-")
    return _Found(value, min(GUESSED, average(words)), tuple(words))


def _text_edges(all_lines: Sequence[Line], width_px: float) -> tuple[float, float]:
    """Left and right edge of the text, told by its long lines."""
    long = [line.box for line in all_lines if line.box[2] - line.box[0] > width_px / 2]
    if not long:
        return 0.0, width_px
    lefts, rights = sorted(box[0] for box in long), sorted(box[2] for box in long)
    return lefts[len(long) // 8], rights[-1 - len(long) // 8]


def _subject(head: Letterhead, kind_at: int | None, edges: tuple[float, float]) -> _Found | None:
    """What the paper is about: the centred lines below its title, or the "V/v" of a letter."""
    if kind_at is not None:
        parts = _until_text(head.below[kind_at + 1:], edges)
    else:
        starts = [i for i, line in enumerate(head.left) if "v/v" in fold(line.text)]
        parts = _until_text(head.left[starts[0]:], None) if starts else []
    words = [word for line in parts for word in line.words]
    return _joined(words) if words else None


def _until_text(candidates: Sequence[Line], edges: tuple[float, float] | None) -> list[Line]:
    """Lines up to the one that opens the text: by its words, its gap, its capitals, or because it is not centred."""
    parts: list[Line] = []
    for line in candidates[:MAX_SUBJECT_LINES]:
        left, top, right, _ = line.box
        if _OPENS_TEXT.match(fold(line.text)) or average(line.words) < NOISE:
            break
        if parts and (top - parts[-1].box[3] > parts[-1].box[3] - parts[-1].box[1] or _in_capitals(line)):
            break
        if edges is not None and abs((left - edges[0]) - (edges[1] - right)) > OFF_CENTRE * (edges[1] - edges[0]):
            break
        parts.append(line)
    return parts


def _in_capitals(line: Line) -> bool:
    letters = [c for c in line.text if c.isalpha()]
    return len(letters) >= 3 and sum(c.isupper() for c in letters) >= 0.8 * len(letters)
