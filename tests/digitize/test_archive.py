"""The archive: PDF/A-2u by structure, the scanner's own bytes, the same picture, words that can be found."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pikepdf
import pytest
from pikepdf import Array, Dictionary, Name, Stream

from digitize import picture
from digitize.archive import same_picture
from digitize.cleaning import Pixels
from digitize.model import Route
from digitize.pdfa import findings
from digitize.pipeline import Digitized, digitize
from digitize.settings import DigitizeSettings

from .conftest import CREATED

Digitize = Callable[[Path], Digitized]


def drawn(path: Path, page: int, scratch: Path, dpi: int = 60) -> Pixels:
    return picture.draw(path, page, dpi, scratch, colour=True)


def image_bytes(page: pikepdf.Page) -> bytes:
    (image,) = page.obj.Resources.XObject.values()
    return image.read_raw_bytes()


def text_of(path: Path) -> str:
    return subprocess.run(["pdftotext", str(path), "-"], capture_output=True, check=True).stdout.decode()


def test_nothing_speaks_against_pdfa_2u(everything: Digitized) -> None:
    assert everything.bound.findings == ()
    with pikepdf.open(everything.bound.archive) as pdf:
        metadata = pdf.Root.Metadata.read_bytes().decode()
        assert "<pdfaid:part>2<" in metadata
        assert "<pdfaid:conformance>U<" in metadata
        assert pdf.Root.OutputIntents[0].S == Name.GTS_PDFA1
        assert not pdf.is_encrypted
        assert "/ID" in pdf.trailer
        assert {"/AcroForm", "/Names", "/OpenAction", "/AA"}.isdisjoint(pdf.Root.keys())
        for page in pdf.pages:
            assert {"/Annots", "/AA"}.isdisjoint(page.obj.keys())
            for font in page.obj.Resources.Font.values():
                assert "/ToUnicode" in font
                assert "/FontFile2" in font.DescendantFonts[0].FontDescriptor


def test_qpdf_finds_no_fault(everything: Digitized) -> None:
    assert subprocess.run(["qpdf", "--check", str(everything.bound.archive)], check=False).returncode == 0


def test_the_check_sees_a_font_without_letters(everything: Digitized) -> None:
    with pikepdf.open(everything.bound.archive) as pdf:
        del next(iter(pdf.pages[0].obj.Resources.Font.values())).ToUnicode
        assert any("6.2.11.7.2" in finding for finding in findings(pdf))


def test_vietnamese_words_are_found(everything: Digitized) -> None:
    text = " ".join(text_of(everything.bound.archive).split())
    for phrase in ("TỜ KHAI ĐĂNG KÝ KHAI SINH", "Nguyễn Thị", "thành phố Sông Lam", "ỦY BAN NHÂN DÂN", "hóa năm 2026"):
        assert phrase.lower() in text.lower()


def test_the_scanners_bytes_are_kept(everything: Digitized, samples: Path) -> None:
    with pikepdf.open(everything.bound.archive) as archive, pikepdf.open(samples / "to-khai-khai-sinh.pdf") as original:
        for was, now in zip(original.pages, archive.pages, strict=False):
            assert image_bytes(now) == image_bytes(was)
        assert image_bytes(archive.pages[2]) == (samples / "quyet-dinh-145.jpg").read_bytes()


def test_the_same_input_gives_the_same_bytes(everything: Digitized, samples: Path, settings: DigitizeSettings,
                                              tmp_path: Path) -> None:
    one, two = (digitize([samples / "can-cuoc-mau.png"], tmp_path / name, title="Thẻ", created=CREATED,
                         settings=settings).bound for name in ("one", "two"))
    assert one.archive.read_bytes() == two.archive.read_bytes()
    assert one.words.read_bytes() == two.words.read_bytes()


def test_a_page_that_was_upside_down_stands_upright(everything: Digitized, tmp_path: Path) -> None:
    assert [page.rotation for page in everything.pages] == [0, 0, 0, 0, 180, 0]
    page = drawn(everything.bound.archive, 4, tmp_path)
    dark = (page[:, :, 0] < 128).mean(axis=1)
    assert dark[:len(dark) // 2].sum() > 2 * dark[len(dark) // 2:].sum()  # the second page is written in its upper half


def test_a_skewed_page_is_straightened_by_its_matrix(everything: Digitized) -> None:
    second = everything.pages[1]
    assert second.skew_degrees == pytest.approx(1.2, abs=0.15)
    assert second.width_px > 1654
    words = [word for word in second.words if word.text == "cư"]
    line = [word for word in second.words if word.line == words[0].line]
    assert max(w.baseline for w in line) - min(w.baseline for w in line) < 8


def test_words_lie_on_the_ink_of_the_archive(everything: Digitized, tmp_path: Path) -> None:
    page = everything.pages[1]
    sheet = drawn(everything.bound.archive, 1, tmp_path, dpi=200)[:, :, 0]
    scale = sheet.shape[1] / page.width_px
    sure = [word for word in page.words if word.confidence > 0.9 and len(word.text) > 2]
    dark = []
    for word in sure:
        left, top, right, bottom = (round(v * scale) for v in word.box)
        dark.append((sheet[top:bottom, left:right] < 140).mean())
    assert len(sure) > 40
    assert np.mean(dark) > 0.12
    assert min(dark) > 0.02


def test_visible_stamps_stay_and_fields_go(scan_pdf: Callable[..., Path], digitized: Digitize, tmp_path: Path) -> None:
    def stamp(pdf: pikepdf.Pdf, page: pikepdf.Page) -> None:
        look = Stream(pdf, b"1 0 0 rg 0 0 80 40 re f", Type=Name.XObject, Subtype=Name.Form, BBox=[0, 0, 80, 40])
        note = Dictionary(Type=Name.Annot, Subtype=Name.Widget, FT=Name.Sig, T="Sig1", Rect=[300, 600, 460, 680], F=132,
                          AP=Dictionary(N=pdf.make_indirect(look)), V=Dictionary(Type=Name.Sig))
        field = pdf.make_indirect(note)
        page.obj.Annots = Array([field])
        pdf.Root.AcroForm = Dictionary(Fields=Array([field]), SigFlags=3)

    path = scan_pdf(change=stamp)
    done = digitized(path)
    assert done.originals[0].probe.signed
    assert done.bound.drawn == ()
    assert done.bound.findings == ()
    assert same_picture(drawn(path, 0, tmp_path), drawn(done.bound.archive, 0, tmp_path))


def test_garbage_under_a_scan_is_replaced(scan_pdf: Callable[..., Path], digitized: Digitize) -> None:
    line = b"(UY BAN NHAN DAN PHUONG HQA MAl CONG HOA XA HQI) Tj 0 -20 Td "
    garbage = b"BT 3 Tr /F1 12 Tf 50 700 Td " + line * 20 + b"ET"
    done = digitized(scan_pdf(garbage))
    assert done.pages[0].layer_letters > 300
    assert done.bound.drawn == ()
    text = text_of(done.bound.archive)
    assert "HQA MAl" not in text
    assert "PHƯỜNG HOA MAI" in text


def test_typed_pages_are_not_recognised(typeset: Callable[[str], Path], digitized: Digitize) -> None:
    done = digitized(typeset("Căn cứ Luật Tổ chức chính quyền địa phương, Ủy ban nhân dân phường quyết định như sau."))
    assert done.pages[0].route is Route.TEXT
    assert done.pages[0].confidence == 1.0
    assert done.bound.findings == ()
    assert "chính quyền địa phương" in text_of(done.bound.archive)


def test_a_page_with_a_font_left_out_is_drawn(scan_pdf: Callable[..., Path], digitized: Digitize,
                                              tmp_path: Path) -> None:
    path = scan_pdf(b"BT /F1 30 Tf 100 100 Td (SEEN) Tj ET")
    done = digitized(path)
    assert done.bound.drawn == (1,)
    assert done.bound.findings == ()
    was, now = drawn(path, 0, tmp_path), drawn(done.bound.archive, 0, tmp_path)
    assert was.shape == now.shape
    assert np.abs(was.astype(int) - now).mean() < 2
    assert (now[595:625, 80:155] < 60).mean() == pytest.approx((was[595:625, 80:155] < 60).mean(), rel=0.3)
    assert "QUYẾT ĐỊNH" in text_of(done.bound.archive)


def test_rotated_and_cropped_pages_look_the_same(scan_pdf: Callable[..., Path], digitized: Digitize,
                                                 tmp_path: Path) -> None:
    def turn(pdf: pikepdf.Pdf, page: pikepdf.Page) -> None:
        page.obj.Contents = Stream(pdf, b"q 0 595.44 -842.04 0 842.04 0 cm /Im0 Do Q")
        page.obj.MediaBox = Array([0, 0, 842.04, 595.44])
        page.obj.CropBox = Array([10, 10, 832, 585])
        page.obj.Rotate = 90

    path = scan_pdf(change=turn)
    done = digitized(path)
    assert done.pages[0].rotation == 0
    assert "QUYẾT" in [word.text for word in done.pages[0].words]
    assert same_picture(drawn(path, 0, tmp_path), drawn(done.bound.archive, 0, tmp_path))


def test_the_comparison_sees_a_missing_stamp(samples: Path) -> None:
    page = picture.decode_jpeg((samples / "quyet-dinh-145.jpg").read_bytes())
    without = page.copy()
    without[1500:1800, 1000:1300] = 250
    assert same_picture(page, page)
    assert not same_picture(page, without)
