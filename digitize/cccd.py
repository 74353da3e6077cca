"""The QR code of the citizen card: fields divided by bars, at least seven, more on newer cards.

`number|old number|name|ddMMyyyy|sex|address|ddMMyyyy|...` (cards of 2021 and 2024). The code is not
signed: it saves typing and proves nothing. The 12-digit number has no check digit, but its fourth
digit tells century and sex and the next two the year of birth (NĐ 137/2015/NĐ-CP art. 13).
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from datetime import date

from digitize.model import Code, PageResult
from storage.model import Field

LEAST_FIELDS = 7
SURE, CONTRADICTED, UNFIT = 0.99, 0.5, 0.3
"""Confidence: all agrees; number against birth or sex; not in its form."""
FIRST_CENTURY = 1900
MALE, FEMALE = "Nam", "Nữ"


@dataclass(frozen=True, slots=True)
class Card:
    """What a card's code says; dates are ISO, or the year alone, or as written where they are no date."""

    number: str
    old_number: str
    name: str
    birth: str
    sex: str
    address: str
    issued: str
    extra: tuple[str, ...] = ()


def parse(text: str) -> Card | None:
    """The card, or None where the text is not a card's."""
    parts = [unicodedata.normalize("NFC", part).strip() for part in text.split("|")]
    if len(parts) < LEAST_FIELDS or re.fullmatch(r"\d{12}", parts[0]) is None:
        return None
    number, old, name, birth, sex, address, issued, *extra = parts
    return Card(number, old, name, _iso(birth), sex, address, _iso(issued), tuple(extra))


def _iso(written: str) -> str:
    """An ISO date out of ddMMyyyy; a year, and whatever is no date, stays as written."""
    if re.fullmatch(r"\d{8}", written) is None:
        return written
    try:
        return date(int(written[4:]), int(written[2:4]), int(written[:2])).isoformat()
    except ValueError:
        return written


def agrees(card: Card) -> bool:
    """True if the number fits year of birth and sex as far as they are given."""
    year = card.birth[:4]
    if re.fullmatch(r"\d{4}(-.*)?", card.birth) is None:
        return False
    century, is_female = divmod(int(card.number[3]), 2)
    if FIRST_CENTURY + 100 * century != int(year) // 100 * 100 or card.number[4:6] != year[2:]:
        return False
    return card.sex not in {MALE, FEMALE} or (card.sex == FEMALE) == bool(is_female)


def card_fields(number: int, page: PageResult) -> list[Field]:
    """The fields of the first card code on page `number`."""
    for code in page.codes:
        card = parse(code.text)
        if card is not None:
            return _fields(card, code, number, page)
    return []


def _fields(card: Card, code: Code, number: int, page: PageResult) -> list[Field]:
    left, top, right, bottom = code.box
    width, height = page.width_px, page.height_px
    box = (round(left / width, 5), round(top / height, 5), round(right / width, 5), round(bottom / height, 5))
    linked = SURE if agrees(card) else CONTRADICTED
    wanted = (
        ("citizen_id", "Số định danh cá nhân", card.number, linked),
        ("citizen_old_id", "Số CMND cũ", card.old_number, SURE),
        ("citizen_name", "Họ, chữ đệm và tên", card.name, SURE),
        ("citizen_birth_date", "Ngày sinh", card.birth, linked if _is_date(card.birth) else UNFIT),
        ("citizen_sex", "Giới tính", card.sex, linked if card.sex in {MALE, FEMALE} else UNFIT),
        ("citizen_address", "Nơi thường trú", card.address, SURE),
        ("citizen_id_issued_on", "Ngày cấp", card.issued, SURE if _is_date(card.issued) else UNFIT),
    )
    return [Field(name, label, value, value, confidence, number, box, "qr")
            for name, label, value, confidence in wanted if value]


def _is_date(value: str) -> bool:
    return re.fullmatch(r"\d{4}(-\d\d-\d\d)?", value) is not None
