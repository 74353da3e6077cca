from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from receipts.errors import SymbolInvalid
from receipts.symbols import MAX_NUMBER, SERIES_LETTERS, display_number, receipt_number, series_symbol

DAY = date(2026, 11, 23)


@given(st.integers(1, MAX_NUMBER), st.text(SERIES_LETTERS, min_size=2, max_size=2))
def test_a_number_of_the_year_is_accepted_and_shown_with_eight_digits(number: int, letters: str) -> None:
    accepted = receipt_number("EBL01", series_symbol(2026, letters), number, DAY)
    assert int(display_number(accepted.number)) == number
    assert len(display_number(number)) == 8


@given(st.text(max_size=7))
def test_only_symbols_of_the_circular_pass(text: str) -> None:
    right = len(text) == 5 and text[:2] == "26" and text[2] == "T" and set(text[3:]) <= set(SERIES_LETTERS)
    if not right:
        with pytest.raises(SymbolInvalid):
            receipt_number("EBL01", text, 1, DAY)


@pytest.mark.parametrize(("template", "series", "number", "day"), [
    ("EBL03", "26TAA", 1, DAY),
    ("EBL01", "25TAA", 1, DAY),
    ("EBL01", "26TFJ", 1, DAY),
    ("EBL01", "26TAA\n", 1, DAY),
    ("EBL01", "26TAA", 0, DAY),
    ("EBL01", "26TAA", 100_000_000, DAY),
    ("01BLP0-001", "BI-26T", 1, date(2026, 6, 30)),
])
def test_what_the_rule_of_the_day_forbids_is_refused(template: str, series: str, number: int, day: date) -> None:
    with pytest.raises(SymbolInvalid):
        receipt_number(template, series, number, day)
