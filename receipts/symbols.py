"""Symbols and numbers of fee receipts, chosen by the receipt's date.

TT 91/2026/TT-BTC annex II.2; NĐ 254/2026/NĐ-CP art. 23.2.b-c.

`EBL01 / 26TAA / 123`: form symbol, series symbol whose two digits are the year, number of at most
eight digits that starts at 1 each year. Before 01/07/2026 other shapes held: read, never written.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date

from receipts.errors import SymbolInvalid

MAX_NUMBER = 99_999_999
SERIES_LETTERS = "ABCDEGHKLMNPQRSTUVXY"


@dataclass(frozen=True, slots=True)
class SymbolRule:
    """The shapes in force from `valid_from` until the day before `valid_to`."""

    valid_from: date
    valid_to: date | None
    template: re.Pattern[str]
    series: re.Pattern[str]
    writable: bool
    basis: str


RULES: tuple[SymbolRule, ...] = (
    SymbolRule(
        date(2026, 7, 1), None, re.compile(r"EBL0[12]"), re.compile(rf"\d{{2}}T[{SERIES_LETTERS}]{{2}}"), True,
        "TT 91/2026/TT-BTC, phụ lục II",
    ),
    # Shapes seen on old papers (domain facts 1.9); only ever read, and never more exactly than needed.
    SymbolRule(
        date(2014, 1, 1), date(2026, 7, 1), re.compile(r"0[12]BL[A-Z]\d?-\d{3}"), re.compile(r"[A-Z]{2}-\d{2}[TEP]"),
        False, "TT 303/2016/TT-BTC",
    ),
)


@dataclass(frozen=True, slots=True, order=True)
class ReceiptNumber:
    """The unique name of a receipt within one collecting organisation."""

    template_symbol: str
    series_symbol: str
    number: int

    def __str__(self) -> str:
        return f"{self.template_symbol} / {self.series_symbol} / {display_number(self.number)}"


def display_number(number: int) -> str:
    """Eight digits with leading zeros; the stored number is the integer."""
    return f"{number:08d}"


def rule_for(day: date) -> SymbolRule:
    """The rule in force on `day`; raises SymbolInvalid where none is known."""
    for rule in RULES:
        if rule.valid_from <= day and (rule.valid_to is None or day < rule.valid_to):
            return rule
    raise SymbolInvalid("Không có quy định ký hiệu biên lai cho ngày này.")


def receipt_number(template_symbol: str, series_symbol: str, number: int, made_on: date) -> ReceiptNumber:
    """A receipt number that may be written on `made_on`.

    Raises:
        SymbolInvalid: a shape is wrong, the year in the series is not that of the day, or the number
            is outside 1..99 999 999.
    """
    rule = rule_for(made_on)
    if not rule.writable:
        raise SymbolInvalid("Không lập biên lai mới theo quy định đã hết hiệu lực.")
    if not rule.template.fullmatch(template_symbol):
        raise SymbolInvalid("Ký hiệu mẫu biên lai phải là EBL01 hoặc EBL02.")
    if not rule.series.fullmatch(series_symbol):
        raise SymbolInvalid("Ký hiệu biên lai phải có dạng hai số năm, chữ T và hai chữ cái, ví dụ 26TAA.")
    if int(series_symbol[:2]) != made_on.year % 100:
        raise SymbolInvalid("Hai số đầu của ký hiệu biên lai phải là năm lập.")
    if not 1 <= number <= MAX_NUMBER:
        raise SymbolInvalid("Số biên lai phải từ 1 đến 99999999.")
    return ReceiptNumber(template_symbol, series_symbol, number)


def series_symbol(year: int, letters: str) -> str:
    """As "26TAA" for 2026 and "AA"; raises SymbolInvalid for a letter outside the twenty."""
    symbol = f"{year % 100:02d}T{letters}"
    if not rule_for(date(year, 12, 31)).series.fullmatch(symbol):
        raise SymbolInvalid(f"Hai chữ cái của ký hiệu phải thuộc {SERIES_LETTERS}.")
    return symbol
