"""The desk without a worker: reception, slip, fee, replacement, review, result."""

from __future__ import annotations

from pathlib import Path

import pytest
from sqlalchemy import select, update

from digitize.errors import DamagedFile
from digitize.reading import KEPT_AS_PICTURE, UNREADABLE_PICTURE
from receipts.fees import Quantity
from receipts.service import FeeRequest
from storage import documents
from storage.model import DocumentState, DossierStatus, Field, Person, Receipt
from storage.rows import AuditRow, PageRow
from tests.web.house import House
from web.labels import PAGE_PROBLEMS

HOSTILE = "<script>alert('x')</script>\"'><img src=x onerror=alert(1)>"
APPLICANT = {"procedure_code": "2.000635", "applicant.name": "Vũ Thị Ví Dụ", "applicant.id_number": "022 185 000 456",
             "applicant.phone": "0900 000 111"}
FIELD = Field(name="number", label="Số", value="145", machine_value="145", confidence=0.5, page=1,
              box=(0.1, 0.1, 0.3, 0.2), source="machine")


def receipts_of(house: House, code: str) -> tuple[Receipt, ...]:
    return house.cases.receipts.of_dossier(house.clerk, code)


def test_an_empty_desk_says_how_to_begin(house: House) -> None:
    browser, _ = house.signed_in()
    assert "Chưa có hồ sơ nào" in browser.get("/tiep-nhan").text


def test_one_form_receives_the_dossier_and_numbers_its_slip_with_the_ticked_papers(house: House) -> None:
    browser, csrf = house.signed_in()
    answer = browser.post("/tiep-nhan/ho-so-moi", data={
        **APPLICANT, "csrf": csrf, "key": "k1", "then": "slip", "paper.TK": "1", "form.TK": "Bản sao",
        "sheets.TK": "3"})
    assert answer.status_code == 303
    (dossier,) = house.cases.dossiers.list(house.clerk)
    (slip,) = receipts_of(house, dossier.code)
    assert dossier.applicant.id_number == "022185000456"
    assert [(one["name"], one["form"], one["sheets"]) for one in slip.statement["components"]] == [
        ("Tờ khai cấp bản sao trích lục hộ tịch", "Bản sao", 3)]


def test_a_form_sent_twice_makes_one_dossier_and_one_slip(house: House) -> None:
    browser, csrf = house.signed_in()
    form = {**APPLICANT, "csrf": csrf, "key": "k1", "then": "slip", "paper.TK": "1"}
    places = {browser.post("/tiep-nhan/ho-so-moi", data=form).headers["location"] for _ in range(2)}
    (dossier,) = house.cases.dossiers.list(house.clerk)
    assert len(places) == 1
    assert len(receipts_of(house, dossier.code)) == 1


def test_faults_come_back_beside_their_fields_with_all_that_was_typed(house: House) -> None:
    browser, csrf = house.signed_in()
    answer = browser.post("/tiep-nhan/ho-so-moi", data={**APPLICANT, "csrf": csrf, "applicant.id_number": "123"})
    assert answer.status_code == 422
    assert "Số định danh cá nhân có 12 chữ số" in answer.text
    assert 'value="Vũ Thị Ví Dụ"' in answer.text
    assert house.cases.dossiers.list(house.clerk) == ()


def test_names_are_shown_as_text_never_as_markup(house: House) -> None:
    dossier = house.dossier(Person(name=HOSTILE, address=HOSTILE))
    browser, _ = house.signed_in()
    for path in ("/tiep-nhan", f"/tiep-nhan/ho-so/{dossier.code}"):
        page = browser.get(path).text
        assert "<script>alert" not in page
        assert "<img src=x" not in page
        assert "&lt;script&gt;alert" in page


def test_a_dossier_opens_by_its_code_in_any_case(house: House) -> None:
    dossier = house.dossier()
    browser, _ = house.signed_in()
    found = browser.get(f"/tiep-nhan/mo?ma={dossier.code.lower()}")
    assert found.headers["location"] == f"/tiep-nhan/ho-so/{dossier.code}"
    missing = browser.get("/tiep-nhan/mo?ma=KHONG-CO")
    assert missing.status_code == 404
    assert "Không tìm thấy hồ sơ" in missing.text


def test_the_total_follows_the_quantities_in_figures_and_words(house: House) -> None:
    dossier = house.dossier(procedure="2.000815")
    browser, csrf = house.signed_in()
    quote = browser.post(f"/tiep-nhan/ho-so/{dossier.code}/tinh-phi",
                         headers={"X-CSRF-Token": csrf, "HX-Request": "true"},
                         data={"units.CT-BS": "5", "copies.CT-BS": "3"}).text
    assert "21.000\u00a0đ" in quote
    assert "Hai mươi mốt nghìn đồng" in quote


def test_a_fee_receipt_is_numbered_once_for_one_form(house: House) -> None:
    dossier = house.dossier()
    browser, csrf = house.signed_in()
    for _ in range(2):
        browser.post(f"/tiep-nhan/ho-so/{dossier.code}/bien-lai",
                     data={"csrf": csrf, "key": "k", "units.HT-TL": "2", "payment_method": "transfer"})
    (fee,) = receipts_of(house, dossier.code)
    assert (fee.amount, fee.statement["payment_method"], fee.series_symbol) == (16_000, "Chuyển khoản", "26TAA")
    page = browser.get(f"/tiep-nhan/ho-so/{dossier.code}").text
    assert "Đã cấp số, đang ký" in page


def test_nothing_to_pay_is_told_and_takes_no_number(house: House) -> None:
    dossier = house.dossier()
    browser, csrf = house.signed_in()
    answer = browser.post(f"/tiep-nhan/ho-so/{dossier.code}/bien-lai", data={"csrf": csrf, "units.HT-TL": "0"})
    assert answer.status_code == 422
    assert "không phát sinh phí" in answer.text
    assert receipts_of(house, dossier.code) == ()


def test_a_wrong_receipt_is_replaced_by_one_with_its_own_number(house: House) -> None:
    dossier = house.dossier()
    request = FeeRequest({"HT-TL": Quantity(2)})
    wrong = house.cases.receipts.issue_fee(house.clerk, dossier.code, request, at=house.clock())
    browser, csrf = house.signed_in()
    address = f"/tiep-nhan/bien-lai/{wrong.id}/thay-the"
    assert 'value="2"' in browser.get(address).text
    browser.post(address, data={"csrf": csrf, "payer.name": "Vũ Thị Ví Dụ", "units.HT-TL": "3", "key": "r1"})
    new = next(one for one in receipts_of(house, dossier.code) if one.replaces)
    assert (new.number, new.amount, new.replaces) == (wrong.number + 1, 24_000, wrong.id)


def test_a_status_moves_only_where_the_rules_allow(house: House) -> None:
    dossier = house.dossier()
    browser, csrf = house.signed_in()
    address = f"/tiep-nhan/ho-so/{dossier.code}/trang-thai"
    assert browser.post(address, data={"csrf": csrf, "status": "10"}).status_code == 409
    assert browser.post(address, data={"csrf": csrf, "status": "nonsense"}).status_code == 404
    assert browser.post(address, data={"csrf": csrf, "status": "4"}).status_code == 303
    assert house.cases.dossiers.find(house.clerk, dossier.code).status == DossierStatus.IN_PROGRESS


def test_the_review_page_shows_unsure_fields_first_and_their_place(house: House, tmp_path: Path) -> None:
    document = house.paper(house.dossier(), tmp_path)
    sure = Field(name="date", label="Ngày ban hành", value="2026-07-01", machine_value="2026-07-01", confidence=0.97,
                 page=1, box=None, source="machine")
    house.read(document, (sure, FIELD))
    page = house.signed_in()[0].get(f"/tiep-nhan/giay-to/{document.id}").text
    assert page.index('name="number"') < page.index('name="date"')
    assert 'data-box="0.1 0.1 0.3 0.2"' in page


@pytest.mark.parametrize("problem", [KEPT_AS_PICTURE, UNREADABLE_PICTURE])
def test_a_page_without_text_is_named_with_what_to_do(house: House, tmp_path: Path, problem: str) -> None:
    dossier = house.dossier()
    document = house.paper(dossier, tmp_path, pages=3)
    house.read(document)
    browser, _ = house.signed_in()
    here, listed = f"/tiep-nhan/giay-to/{document.id}", f"/tiep-nhan/ho-so/{dossier.code}"
    assert all("không đọc được chữ" not in browser.get(path).text for path in (here, listed))
    with house.storage.transactions.begin() as tx:
        tx.execute(update(PageRow).where(PageRow.number == 3).values(problem=problem))
    for path in (here, listed):
        page = browser.get(path).text
        assert f"Trang 3 {PAGE_PROBLEMS[problem]}" in page
        assert "Trang 2 " not in page
    assert 'aria-label="Trang 3, không đọc được chữ"' in browser.get(here).text


def test_a_refused_file_is_told_with_what_to_do(house: House, tmp_path: Path) -> None:
    dossier = house.dossier()
    document = house.paper(dossier, tmp_path)
    with house.storage.transactions.begin() as tx:
        documents.advance(tx, document.id, DocumentState.RECEIVED, DocumentState.READING)
        documents.advance(tx, document.id, DocumentState.READING, DocumentState.REFUSED, problem_code=DamagedFile.code)
    browser, _ = house.signed_in()
    for path in (f"/tiep-nhan/giay-to/{document.id}", f"/tiep-nhan/ho-so/{dossier.code}"):
        assert DamagedFile.advice in browser.get(path).text


def test_a_correction_goes_through_the_api_with_the_token_only(house: House, tmp_path: Path) -> None:
    document = house.paper(house.dossier(), tmp_path)
    house.read(document, (FIELD,))
    browser, csrf = house.signed_in()
    address, body = f"/api/v1/documents/{document.id}/fields", {"values": {"number": "146"}}
    assert browser.put(address, json=body).status_code == 403
    assert browser.put(address, json=body, headers={"X-CSRF-Token": csrf}).status_code == 200
    page = browser.get(f"/tiep-nhan/giay-to/{document.id}").text
    assert "Máy đọc: 145" in page


def test_confirming_leads_through_the_seal_to_the_release_of_a_result(house: House, tmp_path: Path) -> None:
    dossier = house.dossier()
    browser, csrf = house.signed_in()
    document = house.paper(dossier, tmp_path, "result")
    house.read(document)
    here = f"/tiep-nhan/giay-to/{document.id}"
    assert browser.post(f"{here}/xac-nhan", data={"csrf": csrf}).status_code == 303
    assert f'hx-get="{here}' in browser.get(f"{here}/trang-thai").text
    house.seal(document)
    assert "Bản số hóa đã ký" in browser.get(f"{here}/trang-thai").text
    assert browser.post(f"{here}/tra-ket-qua", data={"csrf": csrf}).status_code == 303
    assert house.cases.dossiers.find(house.clerk, dossier.code).status == DossierStatus.DECIDED


def test_a_paper_of_the_applicant_is_not_released_as_a_result(house: House, tmp_path: Path) -> None:
    browser, csrf = house.signed_in()
    document = house.paper(house.dossier(), tmp_path)
    assert browser.post(f"/tiep-nhan/giay-to/{document.id}/tra-ket-qua", data={"csrf": csrf}).status_code == 422


@pytest.mark.parametrize("path", ["/tiep-nhan/ho-so/X", "/tiep-nhan/giay-to/X", "/tiep-nhan/bien-lai/X/thay-the"])
def test_what_is_not_there_is_an_error_page(house: House, path: str) -> None:
    answer = house.signed_in()[0].get(path)
    assert answer.status_code == 404
    assert answer.headers["content-type"].startswith("text/html")


def test_every_look_at_papers_and_receipts_through_the_api_is_an_entry(house: House) -> None:
    browser, _ = house.signed_in()
    code = house.dossier().code
    fee = house.cases.receipts.issue_fee(house.clerk, code, FeeRequest({"HT-TL": Quantity(1)}), at=house.clock())
    assert browser.get(f"/api/v1/dossiers/{code}/documents").json() == []
    house.cases.receipts.find(house.clerk, fee.id, at=house.clock())
    with house.storage.transactions.read() as tx:
        found = set(tx.execute(select(AuditRow.action, AuditRow.subject).where(AuditRow.action.endswith("-viewed"))))
    assert found == {("documents-viewed", code), ("receipt-viewed", fee.id)}
