"""Tesseract's output, as it is and as it should never be."""

from __future__ import annotations

import contextlib

from hypothesis import given
from hypothesis import strategies as st

from digitize.ocr import OcrFailed, parse_hocr

PAGE = """<?xml version="1.0" encoding="UTF-8"?>
<html xmlns="http://www.w3.org/1999/xhtml"><body><div class="ocr_page" title="image x; bbox 0 0 1654 2339">
<div class="ocr_carea" title="bbox 100 100 900 300"><p class="ocr_par" title="bbox 100 100 900 300">
<span class="ocr_line" title="bbox 100 100 900 140; baseline 0.01 -8; x_size 40">
<span class="ocrx_word" title="bbox 100 100 180 140; x_wconf 96">Số:</span>
<span class="ocrx_word" title="bbox 200 102 400 141; x_wconf 31"><strong>145/QĐ-UBND</strong></span>
<span class="ocrx_word" title="bbox 500 102 510 141; x_wconf 90"> </span></span>
<span class="ocr_caption" title="bbox 100 200 300 240; baseline 0 0">
<span class="ocrx_word" title="bbox 100 200 300 240; x_wconf 50">&amp;</span></span></p></div></div></body></html>"""


def test_words_carry_text_box_confidence_and_place() -> None:
    first, second, third = parse_hocr(PAGE.encode())
    assert (first.text, first.box, first.confidence) == ("Số:", (100, 100, 180, 140), 0.96)
    assert (second.text, second.line, second.block) == ("145/QĐ-UBND", 0, 0)
    assert (third.text, third.line) == ("&", 1)


def test_the_base_line_follows_its_slope_and_stays_in_the_box() -> None:
    first, second, _ = parse_hocr(PAGE.encode())
    assert first.baseline == 140 - 8 + 0.01 * 40
    assert second.baseline == 140 - 8 + 0.01 * 200


@given(st.binary(max_size=400))
def test_any_bytes_are_words_or_a_failure_of_the_tool(output: bytes) -> None:
    with contextlib.suppress(OcrFailed):
        assert isinstance(parse_hocr(output), list)


@given(st.text(max_size=60))
def test_a_broken_title_is_a_failure_of_the_tool(title: str) -> None:
    safe = title.encode("ascii", "ignore").decode().translate({ord(c): None for c in '<>&"'})
    with contextlib.suppress(OcrFailed):
        parse_hocr(f'<div class="ocr_line" title="{safe}"/>'.encode())
