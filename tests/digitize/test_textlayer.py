"""The gate that tells a Vietnamese text layer from stamps and garbage, and the reader of pdftotext's boxes."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from digitize.textlayer import is_trustworthy, parse

A4 = 96.7
GENUINE = "Căn cứ Luật Tổ chức chính quyền địa phương; theo đề nghị của Giám đốc Sở Nội vụ về việc số hóa giấy tờ. " * 6
GARBAGE = "CONG HOA xA HQI CilU NGHIA VIT NAM Dc Ip - Tir do - Hanh phuc theo de nghj cUa Giam dc So Ni vu. " * 6
STAMP = "Ký bởi: Ủy ban nhân dân thành phố Sông Lam Cơ quan: Thành phố Sông Lam Thời gian ký: 06/02/2025 16:02:02"


def test_genuine_text_is_trusted() -> None:
    assert is_trustworthy(GENUINE, square_inches=A4, images=True)


def test_decomposed_text_is_trusted_as_well() -> None:
    assert is_trustworthy(unicodedata.normalize("NFD", GENUINE), square_inches=A4, images=True)


def test_english_guesses_of_a_scanner_are_not_trusted() -> None:
    assert not is_trustworthy(GARBAGE, square_inches=A4, images=True)


def test_a_signature_stamp_is_too_short_for_a_page_with_a_picture() -> None:
    assert not is_trustworthy(STAMP, square_inches=A4, images=True)


def test_the_same_few_words_are_the_whole_text_of_a_page_without_picture() -> None:
    assert is_trustworthy(GENUINE[:100], square_inches=A4, images=False)


@given(st.text(max_size=300), st.floats(0.1, 1000), st.booleans())
def test_the_gate_answers_for_any_text(text: str, square_inches: float, images: bool) -> None:
    assert is_trustworthy(text, square_inches=square_inches, images=images) in {True, False}


@given(st.binary(max_size=500))
def test_any_output_of_the_tool_is_words_or_nothing(output: bytes) -> None:
    assert isinstance(parse(output, 300), list)


def test_points_become_pixels_and_lines_are_counted() -> None:
    page = """<html xmlns="http://www.w3.org/1999/xhtml"><body><doc><page width="595" height="842"><flow><block>
    <line><word xMin="72" yMin="36" xMax="144" yMax="48">Số:</word></line>
    <line><word xMin="72" yMin="60" xMax="90" yMax="72">đo&#768;</word></line>
    </block></flow></page></doc></body></html>"""
    first, second = parse(page.encode(), 144)
    assert (first.text, first.box, first.line) == ("Số:", (144, 72, 288, 96), 0)
    assert (second.text, second.line) == ("đò", 1)
    assert first.baseline == pytest.approx(91.2)
