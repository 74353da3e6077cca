from __future__ import annotations

import dataclasses
import io
import json
import xml.etree.ElementTree as ET
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pikepdf
import pytest
import zxingcpp
from PIL import Image

from receipts.errors import StatementInvalid
from receipts.rendering import Renderer
from receipts.samples import APPLICANT, COMPONENTS, DOSSIER, sample_fee, sample_slip
from receipts.statements import Marks, fee_statement, slip_statement
from receipts.xmldata import xml
from storage import tools

LINK = "https://dichvu.vidu.example/r/abcdefghijklmnopqrstuvwxyz"
HOSTILE = "#panic() *x* _y_ $z$ `q` \\ <a> @b [c] {d} // /* \" ' #let x = 1"
TEST_LINE = "CHỮ KÝ THỬ NGHIỆM - KHÔNG CÓ GIÁ TRỊ PHÁP LÝ"
SLIP = slip_statement(sample_slip(Marks(test_keys=True)))
FEE = fee_statement(sample_fee(Marks(test_keys=True, illustrative=True)))


@pytest.fixture
def text_of(tmp_path: Path) -> Callable[[bytes], list[str]]:
    """The words of each page, as a reader extracts them."""

    def read(pdf: bytes) -> list[str]:
        (tmp_path / "page.pdf").write_bytes(pdf)
        out = tools.run(["pdftotext", "-layout", "page.pdf", "-"], cwd=tmp_path).stdout.decode()
        return [" ".join(page.split()) for page in out.split("\f")[:-1]]

    return read


@pytest.mark.parametrize("statement", [SLIP, FEE], ids=["slip", "fee"])
def test_the_same_statement_gives_the_same_bytes_from_any_renderer(
        renderer: Renderer, statement: dict[str, Any]) -> None:
    assert renderer.render(statement, LINK) == Renderer().render(statement, LINK)


@pytest.mark.parametrize("statement", [SLIP, FEE], ids=["slip", "fee"])
def test_a_page_is_pdfa_3b_with_embedded_fonts_that_read_back(
        renderer: Renderer, statement: dict[str, Any], tmp_path: Path) -> None:
    with pikepdf.open(io.BytesIO(renderer.render(statement, LINK))) as pdf:
        meta = pdf.open_metadata()
        assert (meta["pdfaid:part"], meta["pdfaid:conformance"]) == ("3", "B")
        assert pdf.Root.OutputIntents[0].S == pikepdf.Name.GTS_PDFA1
        pdf.save(tmp_path / "page.pdf")
    fonts = tools.run(["pdffonts", "page.pdf"], cwd=tmp_path).stdout.decode().splitlines()[2:]
    assert fonts
    assert all("Tinos" in font and font.split()[-5:-2] == ["yes", "yes", "yes"] for font in fonts)


def test_the_slip_says_all_that_it_must(renderer: Renderer, text_of: Callable[[bytes], list[str]]) -> None:
    words = text_of(renderer.render(SLIP, LINK))[0]
    for said in ("CỘNG HÒA XÃ HỘI CHỦ NGHĨA VIỆT NAM", "Độc lập - Tự do - Hạnh phúc", "Số: 05/TTPVHCC",
                 "GIẤY TIẾP NHẬN HỒ SƠ VÀ HẸN TRẢ KẾT QUẢ", "H49.99-261123-0001", "Nguyễn Thị Phương Thảo",
                 "Số định danh cá nhân: 022090000123", "Số lượng hồ sơ: 01 (bộ)", "07 ngày làm việc",
                 "08 giờ 30 phút, ngày 23 tháng 11 năm 2026", "17 giờ 00 phút, ngày 02 tháng 12 năm 2026",
                 "NGƯỜI NỘP HỒ SƠ", "NGƯỜI TIẾP NHẬN", "Quyển số: 01", TEST_LINE):
        assert said in words, said


def test_the_fee_receipt_says_all_that_it_must(renderer: Renderer, text_of: Callable[[bytes], list[str]]) -> None:
    words = text_of(renderer.render(FEE, LINK))[0]
    for said in ("BIÊN LAI THU PHÍ, LỆ PHÍ", "EBL01", "26TAA", "00000123", "Mã số thuế: 0100000001", "30.000",
                 "Ba mươi nghìn đồng", "Cộng phí", "Cộng lệ phí", "Ngày 23 tháng 11 năm 2026", "Tiền mặt",
                 "Số liệu minh họa", TEST_LINE):
        assert said in words, said


def test_real_keys_leave_no_word_about_tests(renderer: Renderer, text_of: Callable[[bytes], list[str]]) -> None:
    slip = slip_statement(sample_slip(Marks(test_keys=False)))
    assert "THỬ NGHIỆM" not in text_of(renderer.render(slip, LINK))[0]


def test_text_from_outside_is_shown_and_never_run(
        renderer: Renderer, text_of: Callable[[bytes], list[str]]) -> None:
    hostile = dataclasses.replace(DOSSIER, applicant=dataclasses.replace(APPLICANT, name=HOSTILE), note=HOSTILE)
    slip = slip_statement(dataclasses.replace(sample_slip(Marks(test_keys=True)), dossier=hostile))
    assert HOSTILE in text_of(renderer.render(slip, LINK))[0]


def test_a_long_list_flows_on_and_every_page_carries_mark_and_name(
        renderer: Renderer, text_of: Callable[[bytes], list[str]]) -> None:
    long = slip_statement(dataclasses.replace(sample_slip(Marks(test_keys=True)), components=COMPONENTS * 15))
    pages = text_of(renderer.render(long, LINK))
    assert len(pages) > 1
    assert all(TEST_LINE in page and f"Trang {n}/{len(pages)}" in page and DOSSIER.code in page
               for n, page in enumerate(pages, 1))
    assert "NGƯỜI TIẾP NHẬN" in pages[-1]


def test_the_qr_code_leads_to_the_link(renderer: Renderer, tmp_path: Path) -> None:
    (tmp_path / "page.pdf").write_bytes(renderer.render(FEE, LINK))
    tools.run(["pdftoppm", "-r", "120", "-png", "page.pdf", "page"], cwd=tmp_path)
    assert [code.text for code in zxingcpp.read_barcodes(Image.open(tmp_path / "page-1.png"))] == [LINK]


@pytest.mark.parametrize(("statement", "name"), [(SLIP, "giay-tiep-nhan.xml"), (FEE, "bien-lai.xml")])
def test_the_data_travels_inside_the_page(renderer: Renderer, statement: dict[str, Any], name: str) -> None:
    with pikepdf.open(io.BytesIO(renderer.render(statement, LINK))) as pdf:
        attached = pdf.attachments[name]
        assert attached.obj.AFRelationship == pikepdf.Name.Data
        assert attached.get_file().read_bytes() == xml(statement)
        assert len(pdf.Root.AF) == 1


def test_the_xml_says_that_it_is_internal_and_carries_the_amounts() -> None:
    root = ET.fromstring(xml(FEE))  # noqa: S314 - our own bytes
    space = {"n": "urn:sohoa:bien-lai:noi-bo:1"}
    assert root.get("phienBan") == "1.0"
    assert [line.text for line in root.findall(".//n:KThu/n:STien", space)] == ["10000", "20000"]
    assert root.findtext(".//n:TgSTien", namespaces=space) == "30000"
    assert root.findtext(".//n:SBLai", namespaces=space) == "123"


def test_a_kind_without_a_form_is_refused(renderer: Renderer) -> None:
    with pytest.raises(StatementInvalid):
        renderer.render({**json.loads(json.dumps(SLIP)), "kind": "poem"}, LINK)
