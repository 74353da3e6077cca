"""The citizen card's code."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from digitize.cccd import agrees, parse

CODE = "022090000123|100000001|Nguyễn Văn Mẫu|15011990|Nam|Số 1, tổ 2, phường Mẫu|22122021"


def test_a_card_of_seven_fields_is_read() -> None:
    card = parse(CODE)
    assert card is not None
    assert (card.number, card.birth, card.issued, card.extra) == ("022090000123", "1990-01-15", "2021-12-22", ())
    assert agrees(card)


def test_fields_after_the_seventh_are_kept() -> None:
    card = parse(CODE + "|Nguyễn Văn Cha|Trần Thị Mẹ")
    assert card is not None
    assert card.extra == ("Nguyễn Văn Cha", "Trần Thị Mẹ")


def test_an_empty_old_number_and_a_year_alone_are_accepted() -> None:
    card = parse("022090000123||Nguyễn Văn Mẫu|1990|Nam|Phường Mẫu|22122021")
    assert card is not None
    assert (card.old_number, card.birth) == ("", "1990")
    assert agrees(card)


@pytest.mark.parametrize(
    ("sex", "birth"), [("Nữ", "1990-01-15"), ("Nam", "1991-01-15"), ("Nam", "2090-01-15"), ("Nam", "15")]
)
def test_a_number_against_birth_or_sex_is_seen(sex: str, birth: str) -> None:
    card = parse(CODE)
    assert card is not None
    assert not agrees(replace(card, sex=sex, birth=birth))


def test_a_woman_of_this_century_agrees() -> None:
    card = parse("079305001234||Trần Thị Mẫu|01022005|Nữ|Phường Mẫu|01032021")
    assert card is not None
    assert agrees(card)


@pytest.mark.parametrize("text", ["", "https://example.org", "02209000012|a|b|c|d|e|f", "022090000123|a|b"])
def test_other_codes_are_no_card(text: str) -> None:
    assert parse(text) is None


@given(st.text(max_size=200))
def test_any_text_is_a_card_or_none(text: str) -> None:
    card = parse(text)
    assert card is None or len(card.number) == 12
