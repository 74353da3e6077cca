"""The invisible text layer: right letters, right places, nothing to see."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pikepdf
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pikepdf import Dictionary, Stream

from digitize.geometry import Matrix
from digitize.invisible import RESOURCE, embed_font, encode, font_program, text_content, to_unicode
from digitize.model import Word
from digitize.textlayer import parse

ALPHABET = "aàảãáạăằẳẵắặâầẩẫấậbcdđeèẻẽéẹêềểễếệghiìỉĩíịklmnoòỏõóọôồổỗốộơờởỡớợpqrstuùủũúụưừửữứựvxyỳỷỹýỵ"
DPI = 144


def page_of(words: list[Word], out: Path) -> Path:
    with pikepdf.new() as pdf:
        page = pdf.add_blank_page(page_size=(600, 800))
        font = embed_font(pdf, {c for word in words for c in word.text})
        page.obj.Resources = Dictionary(Font=Dictionary({RESOURCE: font}))
        page.obj.Contents = Stream(pdf, text_content(words, Matrix(0.5, 0, 0, -0.5, 0, 800)))
        pdf.save(out)
    return out


def seen_by_poppler(pdf: Path) -> list[Word]:
    argv = ["pdftotext", "-bbox-layout", str(pdf), "-"]
    return parse(subprocess.run(argv, capture_output=True, check=True).stdout, DPI)


def test_every_vietnamese_letter_is_found_where_it_was_laid(tmp_path: Path) -> None:
    letters = ALPHABET + ALPHABET.upper()
    words = [Word(letters[i:i + 8], (100, 50 + 60 * n, 400, 90 + 60 * n), 1, n, 0, 82 + 60 * n)
             for n, i in enumerate(range(0, len(letters), 8))]
    found = seen_by_poppler(page_of(words, tmp_path / "letters.pdf"))
    assert [word.text for word in found] == [word.text for word in words]
    for was, now in zip(words, found, strict=True):
        assert now.box[0] == pytest.approx(was.box[0], abs=1)
        assert now.box[2] == pytest.approx(was.box[2], abs=1)
        assert now.box[1] < was.baseline < now.box[3]


def test_words_of_a_line_read_as_a_phrase(tmp_path: Path) -> None:
    line = [Word(text, (100 + 112 * n, 100, 200 + 112 * n, 140), 1, 0, 0, 132)
            for n, text in enumerate(("Độc", "lập", "tự", "do"))]
    pdf = page_of(line, tmp_path / "line.pdf")
    text = subprocess.run(["pdftotext", str(pdf), "-"], capture_output=True, check=True).stdout.decode()
    assert text.split("\n")[0] == "Độc lập tự do"


@pytest.mark.parametrize("gap_px", [0, 2, 6])
def test_words_set_tightly_are_still_words(tmp_path: Path, gap_px: int) -> None:
    line = [Word(text, (100 + (90 + gap_px) * n, 100, 190 + (90 + gap_px) * n, 140), 1, 0, 0, 132)
            for n, text in enumerate(("thi", "hành", "án", "dân", "sự"))]
    pdf = page_of(line, tmp_path / "tight.pdf")
    text = subprocess.run(["pdftotext", str(pdf), "-"], capture_output=True, check=True).stdout.decode()
    assert text.split("\n")[0] == "thi hành án dân sự"


def test_the_layer_paints_nothing(tmp_path: Path) -> None:
    pdf = page_of([Word("Nguyễn", (100, 100, 900, 400), 1, 0, 0, 350)], tmp_path / "one.pdf")
    subprocess.run(["pdftoppm", "-r", "50", "-gray", str(pdf), str(tmp_path / "seen")], check=True)
    picture = next(tmp_path.glob("seen*.pgm")).read_bytes()
    assert set(picture[-100_000:]) == {255}


def test_the_font_is_the_same_every_time() -> None:
    assert font_program() == font_program()


@given(st.text())
def test_any_text_becomes_two_bytes_a_letter(text: str) -> None:
    safe = "".join(c for c in text if not 0xD800 <= ord(c) <= 0xDFFF)
    assert len(encode(safe)) == 2 * len(safe)


@given(st.sets(st.characters(min_codepoint=1, max_codepoint=0xFFFF, exclude_categories=["Cs"]), max_size=250))
def test_the_cmap_names_each_letter_once(characters: set[str]) -> None:
    cmap = to_unicode(characters).decode("ascii")
    for character in characters:
        assert cmap.count(f"\n<{ord(character):04X}> <{ord(character):04X}>\n") == 1


@given(st.floats(1, 5000), st.floats(1, 300), st.text(alphabet=ALPHABET, min_size=1, max_size=40))
def test_content_has_no_exponents(width: float, height: float, text: str) -> None:
    word = Word(text, (10, 10, 10 + width, 10 + height), 1, 0, 0, 10 + height * 0.8)
    content = text_content([word], Matrix(0.24, 0, 0, -0.24, 0, 842)).decode("ascii")
    assert "e" not in content.replace("/SohoaText", "").split("<")[0].lower().replace("et", "")
