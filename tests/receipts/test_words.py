from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from receipts.errors import StatementInvalid
from receipts.words import MAX_AMOUNT, amount_in_words, number_in_words, parse_amount, parse_number


@given(st.integers(0, 10**12))
def test_every_amount_reads_back_to_its_number(amount: int) -> None:
    assert parse_amount(amount_in_words(amount)) == amount


@given(st.integers(0, 10**12), st.integers(0, 10**12))
def test_two_amounts_never_share_their_words(one: int, other: int) -> None:
    assert (number_in_words(one) == number_in_words(other)) == (one == other)


@pytest.mark.parametrize(("amount", "words"), [
    (0, "Không đồng"),
    (8_000, "Tám nghìn đồng"),
    (10_015, "Mười nghìn không trăm mười lăm đồng"),
    (21_000, "Hai mươi mốt nghìn đồng"),
    (105_000, "Một trăm linh năm nghìn đồng"),
    (1_000_005, "Một triệu không trăm linh năm đồng"),
    (1_234_555_000, "Một tỷ hai trăm ba mươi bốn triệu năm trăm năm mươi lăm nghìn đồng"),
    (10**12, "Một nghìn tỷ đồng"),
])
def test_amounts_are_worded_as_people_write_them(amount: int, words: str) -> None:
    assert amount_in_words(amount) == words


@pytest.mark.parametrize(("words", "number"), [
    ("hai mươi tư nghìn", 24_000), ("một trăm lẻ năm ngàn", 105_000), ("bảy mươi nhăm", 75),
])
def test_common_variants_are_read_too(words: str, number: int) -> None:
    assert parse_number(words) == number


@pytest.mark.parametrize("words", ["", "nghìn triệu", "hai nghìn ba triệu", "mươi", "một hai", "xin chào"])
def test_words_that_say_no_number_are_refused(words: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        parse_number(words)


@pytest.mark.parametrize("amount", [-1, MAX_AMOUNT + 1, True])
def test_amounts_that_no_receipt_holds_are_refused(amount: int) -> None:
    with pytest.raises(StatementInvalid):
        amount_in_words(amount)
