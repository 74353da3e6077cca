"""First fields: what is read from the samples, and the forms of single lines."""

from __future__ import annotations

import unicodedata
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from digitize.fields import read_fields, tidy_notation
from digitize.geometry import Matrix
from digitize.kinds import by_notation
from digitize.layout import fold
from digitize.model import PageResult, Route, Sheet, Word
from digitize.pipeline import Digitized
from storage.model import Field

SHEET = Sheet(Matrix(), Matrix(), (0, 0, 595, 842), 0)
EMPTY = PageResult(Route.IMAGE, 1654, 2339, 200, 0, 0, blank=False, confidence=0.9, problem=None, sheet=SHEET)


def page(*lines: tuple[int, int, str], confidence: float = 0.9) -> PageResult:
    """A page of lines given as left, top, text; every letter is 14 pixels wide."""
    words = []
    for number, (left, top, text) in enumerate(lines):
        at = left
        for part in text.split():
            words.append(Word(part, (at, top, at + 14 * len(part), top + 30), confidence, number, 0, top + 24))
            at += 14 * (len(part) + 1)
    return replace(EMPTY, words=tuple(words))


def values(*pages: PageResult) -> dict[str, Field]:
    return {field.name: field for field in read_fields(pages)}


def head(number: str, date: str) -> PageResult:
    return page((200, 100, "SỞ NỘI VỤ"), (800, 102, "CỘNG HÒA XÃ HỘI CHỦ NGHĨA VIỆT NAM"), (200, 160, number),
                (800, 162, date), (700, 260, "THÔNG BÁO"), (500, 300, "Về việc nghỉ lễ năm 2026"),
                (300, 400, "Căn cứ kế hoạch công tác"))


def test_the_decision_gives_all_its_fields(everything: Digitized) -> None:
    found = values(*everything.pages[2:3])
    assert {name: field.value for name, field in found.items()} == {
        "document_type": "Quyết định",
        "document_number": "145",
        "document_notation": "QĐ-UBND",
        "issued_on": "2026-11-09",
        "issued_place": "Hoa Mai",
        "issuing_organ": "ỦY BAN NHÂN DÂN PHƯỜNG HOA MAI",
        "subject": "Về việc phê duyệt danh mục hồ sơ, giấy tờ cần số hóa năm 2026",
    }
    left, top, right, bottom = found["issued_on"].box or (0, 0, 0, 0)
    assert 0.5 < left < right < 1
    assert 0 < top < bottom < 0.2


def test_the_letter_gives_parent_organ_and_subject(everything: Digitized) -> None:
    found = values(*everything.pages[3:4])
    assert found["document_type"].value == "Công văn"
    assert (found["document_number"].value, found["document_notation"].value) == ("2318", "SNV-VTLT")
    assert found["parent_organ"].value == "UBND THÀNH PHỐ SÔNG LAM"
    assert found["issuing_organ"].value == "SỞ NỘI VỤ"
    assert found["subject"].value == "V/v hướng dẫn kỹ thuật số hóa giấy tờ tại bộ phận một cửa"


def test_the_card_gives_its_fields_from_the_code(everything: Digitized) -> None:
    found = values(*everything.pages)
    assert found["citizen_id"].value == "022090000123"
    assert found["citizen_birth_date"].value == "1990-01-15"
    assert found["citizen_id"].source == "qr"
    assert found["citizen_id"].page == 6


@pytest.mark.parametrize(
    ("line", "number", "notation"),
    [
        ("Số: 07/TB-SNV", "07", "TB-SNV"),
        ("Số: 07/TB- SNV", "07", "TB-SNV"),
        ("Số 1234 / ÐA-SNV", "1234", "ĐA-SNV"),
        ("Số: 12a/TB-SNV", "12a", "TB-SNV"),
        ("3641 /CT-UBND", "3641", "CT-UBND"),
    ],
)
def test_number_and_notation_in_many_spellings(line: str, number: str, notation: str) -> None:
    found = values(head(line, "Sông Lam, ngày 05 tháng 3 năm 2026"))
    assert (found["document_number"].value, found["document_notation"].value) == (number, notation)


def test_a_number_that_cannot_be_read_is_left_to_a_person() -> None:
    found = values(head("Số: ố†/TB-SNV", "Sông Lam, ngày 05 tháng 3 năm 2026"))
    assert found["document_number"].value == ""
    assert found["document_number"].confidence == 0.0
    assert found["document_number"].box is not None


def test_digits_are_never_changed() -> None:
    found = values(head("Số: O7/TB-SNV", "Sông Lam, ngày 05 tháng 3 năm 2026"))
    assert found["document_number"].value == "O7"
    assert found["document_number"].confidence == 0.0


def test_a_day_that_cannot_be_read_leaves_the_month() -> None:
    found = values(head("Số: 07/TB-SNV", "Sông Lam, ngày OP” tháng 02 năm 2026"))
    assert (found["issued_on"].value, found["issued_on"].confidence) == ("2026-02", 0.0)


def test_a_day_that_does_not_exist_is_not_believed() -> None:
    found = values(head("Số: 07/TB-SNV", "Sông Lam, ngày 31 tháng 02 năm 2026"))
    assert found["issued_on"].confidence == 0.0


def test_a_page_without_letterhead_after_the_first_gives_nothing() -> None:
    assert read_fields([EMPTY, page((100, 100, "Số: 22/QĐ-UBND"))]) == []


@pytest.mark.parametrize(("notation", "kind"), [("QĐ-UBND", "Quyết định"), ("TTr-SNV", "Tờ trình"),
                                                ("UBND-VP", "Công văn"), ("TNHS", None), ("", None)])
def test_the_notation_tells_the_kind(notation: str, kind: str | None) -> None:
    assert by_notation(notation) == kind


@given(st.text(alphabet=st.characters(exclude_categories=["Cs"])))
def test_folding_keeps_every_place(text: str) -> None:
    assert len(fold(text)) == len(text)


@given(st.text(alphabet="QĐÐUBNDTTr- .&", max_size=20))
def test_a_tidy_notation_stays_tidy(text: str) -> None:
    assert tidy_notation(tidy_notation(text)) == tidy_notation(text)


@given(st.lists(st.text(alphabet="aăâđêSsốngàythánm0123/:,.-QĐUBND ", min_size=1, max_size=40), max_size=6))
def test_any_lines_give_fields_with_boxes_inside_the_page(lines: list[str]) -> None:
    made = page(*((100, 100 + 50 * n, unicodedata.normalize("NFC", line)) for n, line in enumerate(lines)))
    for field in read_fields([made]):
        assert field.box is not None
        assert all(0 <= value <= 1 for value in field.box)
        assert 0 <= field.confidence <= 1
