from __future__ import annotations

import dataclasses
import unicodedata
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from fontTools.ttLib import TTFont
from hypothesis import given
from hypothesis import strategies as st

from receipts import rendering
from receipts.canonical import canonical, statement_sha256
from receipts.errors import StatementInvalid, SymbolInvalid
from receipts.fees import Bill
from receipts.samples import APPLICANT, DOSSIER, sample_fee, sample_slip
from receipts.statements import Marks, Replaced, fee_statement, slip_statement
from receipts.text import drawable, printable

MARKS = Marks(test_keys=True)


def test_a_slip_holds_every_field_of_the_official_form() -> None:
    slip = slip_statement(sample_slip(MARKS))
    assert slip["number_text"] == "05/TTPVHCC"
    assert slip["dossier"]["received_text"] == "08 giờ 30 phút, ngày 23 tháng 11 năm 2026"
    assert slip["dossier"]["due_at"] == "2026-12-02T10:00:00Z"
    assert [paper["position"] for paper in slip["components"]] == [1, 2, 3]
    assert {"unit", "solving_unit", "applicant", "submitter", "officer", "procedure", "place"} <= slip.keys()


def test_a_fee_receipt_holds_what_the_decree_makes_mandatory() -> None:
    fee = fee_statement(sample_fee(MARKS))
    assert (fee["template_symbol"], fee["series_symbol"], fee["number_text"]) == ("EBL01", "26TAA", "00000123")
    assert fee["collector"]["tax_code"] == "0100000001"
    assert (fee["total"], fee["total_words"]) == (30_000, "Ba mươi nghìn đồng")
    assert fee["made_short"] == "23/11/2026"


def test_the_day_and_the_year_are_those_of_the_office() -> None:
    new_year = datetime(2026, 12, 31, 17, 30, tzinfo=UTC)  # 1 January 2027, 00:30 at the office
    with pytest.raises(SymbolInvalid):
        fee_statement(dataclasses.replace(sample_fee(MARKS), made_at=new_year))


def test_a_replacement_names_the_receipt_it_stands_for() -> None:
    wrong = Replaced("EBL01", "26TAA", 98, date(2026, 2, 5))
    fee = fee_statement(dataclasses.replace(sample_fee(MARKS), replaces=wrong))
    assert fee["replaces"]["text"] == (
        "Thay thế cho biên lai ký hiệu mẫu EBL01 ký hiệu 26TAA số 00000098 ngày 05 tháng 02 năm 2026")


def test_nothing_to_pay_gives_no_receipt() -> None:
    with pytest.raises(StatementInvalid):
        fee_statement(dataclasses.replace(sample_fee(MARKS), bill=Bill(())))


def test_a_nameless_applicant_is_refused_in_words() -> None:
    nameless = dataclasses.replace(DOSSIER, applicant=dataclasses.replace(APPLICANT, name=" \t"))
    with pytest.raises(StatementInvalid, match="Thiếu: Họ tên chủ hồ sơ"):
        slip_statement(dataclasses.replace(sample_slip(MARKS), dossier=nameless))


@given(st.text(max_size=60))
def test_text_for_a_form_is_normal_drawable_and_stable_or_refused(text: str) -> None:
    try:
        clean = printable(text, "Họ tên")
    except StatementInvalid:
        assert not all(drawable(letter) for letter in unicodedata.normalize("NFC", " ".join(text.split())))
        return
    assert clean == unicodedata.normalize("NFC", clean) == printable(clean, "Họ tên")
    assert all(map(drawable, clean))


def test_a_refused_letter_is_named_by_code_and_the_text_stays_out_of_the_message() -> None:
    with pytest.raises(StatementInvalid, match=r"U\+6C49") as refused:
        printable("Lý \u6c49 Bí Mật", "Họ tên")
    assert "Bí Mật" not in str(refused.value)


@pytest.mark.parametrize("style", ["Regular", "Bold", "Italic", "BoldItalic"])
def test_every_letter_that_text_allows_is_in_every_font(style: str) -> None:
    font = TTFont(Path(rendering.FONTS) / f"Tinos-{style}.ttf")
    missing = [hex(point) for point in range(0x20, 0x3000) if drawable(chr(point)) and point not in font.getBestCmap()]
    assert missing == []


def test_canonical_bytes_ignore_the_order_of_names_and_keep_vietnamese_readable() -> None:
    assert canonical({"b": 1, "a": "Ổ"}) == '{"a":"Ổ","b":1}'.encode() == canonical({"a": "Ổ", "b": 1})
    assert statement_sha256({"a": [1, None, True]}) != statement_sha256({"a": [1, None, False]})


@pytest.mark.parametrize("value", [1.5, 2**53, b"x", {"ô": 1}, {1: 2}])
def test_values_without_one_single_form_are_refused(value: object) -> None:
    with pytest.raises(StatementInvalid):
        canonical({"a": value})
