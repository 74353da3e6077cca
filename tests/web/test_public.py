"""What anybody may see: masked status, files after the second factor, verification."""

from __future__ import annotations

from pathlib import Path

import pytest
from sqlalchemy import func, select

from receipts.fees import Quantity
from receipts.service import FeeRequest, SlipRequest
from storage.documents import FileUnknown
from storage.model import Dossier
from storage.rows import AuditRow
from tests.web.house import KEY, PERSON, Clock, House, build
from web.settings import WebSettings

PRIVATE = (PERSON.name, "Bí Mật", PERSON.id_number, PERSON.id_number[3:], PERSON.phone, PERSON.address, PERSON.email)


@pytest.fixture
def dossier(house: House) -> Dossier:
    """A dossier with a signed slip and a signed fee receipt."""
    found = house.dossier()
    slip = house.cases.receipts.issue_slip(house.clerk, found.code, SlipRequest(), at=house.clock())
    fee = house.cases.receipts.issue_fee(house.clerk, found.code, FeeRequest({"HT-TL": Quantity(2)}), at=house.clock())
    house.sign(slip)
    house.sign(fee)
    return found


def token_of(house: House, dossier: Dossier, kind: str = "slip") -> str:
    found = [one for one in house.cases.receipts.of_dossier(house.clerk, dossier.code) if one.kind == kind]
    return KEY.token(found[0].id)


@pytest.mark.parametrize("kind", ["slip", "fee"])
def test_the_page_behind_the_qr_holds_no_personal_data(house: House, dossier: Dossier, kind: str) -> None:
    page = house.browser().get(f"/r/{token_of(house, dossier, kind)}")
    assert page.status_code == 200
    assert dossier.code in page.text
    assert "N.T.B.M." in page.text
    assert [value for value in PRIVATE if value in page.text] == []


def test_the_page_behind_the_qr_of_a_receipt_shows_symbol_number_and_amount(house: House, dossier: Dossier) -> None:
    page = house.browser().get(f"/r/{token_of(house, dossier, 'fee')}").text
    assert "26TAA" in page
    assert "16.000\u00a0đ" in page
    assert "Mười sáu nghìn đồng" in page


def test_the_page_behind_the_qr_tells_nobody_its_address(house: House, dossier: Dossier) -> None:
    headers = house.browser().get(f"/r/{token_of(house, dossier)}").headers
    assert headers["referrer-policy"] == "no-referrer"
    assert headers["cache-control"] == "no-store"
    assert headers["x-robots-tag"] == "noindex"


def test_files_open_after_the_second_factor_only(house: House, dossier: Dossier) -> None:
    browser, here = house.browser(), f"/r/{token_of(house, dossier)}"
    assert browser.get(f"{here}/tep/slip-1.pdf").status_code == 403
    opened = browser.post(here, data={"so-cuoi": "3456"})
    assert opened.status_code == 303
    assert f"Path={here}" in opened.headers["set-cookie"]
    assert "HttpOnly" in opened.headers["set-cookie"]
    assert f'href="{here}/tep/fee-1.pdf"' in browser.get(here).text
    assert browser.get(f"{here}/tep/slip-1.pdf").content.startswith(b"%PDF")


def test_the_grant_for_one_paper_opens_no_other(house: House, dossier: Dossier) -> None:
    browser, here = house.browser(), f"/r/{token_of(house, dossier)}"
    grant = browser.post(here, data={"so-cuoi": "3456"}).cookies["sohoa_grant"]
    other = f"/r/{token_of(house, dossier, 'fee')}"
    answer = house.browser().get(f"{other}/tep/slip-1.pdf", headers={"Cookie": f"sohoa_grant={grant}"})
    assert answer.status_code == 403


def test_guessing_the_second_factor_is_slowed(house: House, dossier: Dossier) -> None:
    browser, here = house.browser(), f"/r/{token_of(house, dossier)}"
    answers = [browser.post(here, data={"so-cuoi": f"000{guess}"}).status_code for guess in range(7)]
    assert answers == [403] * 5 + [429] * 2
    assert browser.post(here, data={"so-cuoi": "3456"}).status_code == 429


def test_an_unknown_token_is_not_found(house: House) -> None:
    assert house.browser().get("/r/abcdefghijklmnopqrstuvwxyz").status_code == 404


def test_a_dossier_is_found_by_its_code_and_the_four_digits(house: House, dossier: Dossier) -> None:
    page = house.browser().post("/tra-cuu", data={"ma": dossier.code.lower(), "so-cuoi": "3456"})
    assert "Được tiếp nhận" in page.text
    assert [value for value in PRIVATE if value in page.text] == []


def test_a_wrong_code_and_wrong_digits_look_the_same(house: House, dossier: Dossier) -> None:
    browser = house.browser()
    wrong = browser.post("/tra-cuu", data={"ma": dossier.code, "so-cuoi": "0000"})
    unknown = browser.post("/tra-cuu", data={"ma": "H49.217-260715-9999", "so-cuoi": "0000"})
    assert wrong.status_code == unknown.status_code == 404
    assert wrong.text.replace(dossier.code, "") == unknown.text.replace("H49.217-260715-9999", "")


def test_guessing_the_digits_of_a_code_is_slowed(house: House, dossier: Dossier) -> None:
    browser = house.browser()
    answers = [browser.post("/tra-cuu", data={"ma": dossier.code, "so-cuoi": "0000"}).status_code for _ in range(6)]
    assert answers == [404] * 5 + [429]


def test_one_address_may_look_up_so_often_a_minute(house: House) -> None:
    browser = build(house.storage, Clock(house.clock()), WebSettings(look_ups_a_minute=2)).browser()
    answers = [browser.post("/tra-cuu", data={"ma": f"X-{n}", "so-cuoi": "0000"}).status_code for n in range(3)]
    assert answers == [404, 404, 429]


def test_verification_shows_verdict_and_what_to_do(house: House, tmp_path: Path) -> None:
    page = house.browser().post("/kiem-tra", files={"file": ("a.pdf", b"%PDF-1.7", "application/pdf")})
    assert page.status_code == 200
    assert "Không xác định" in page.text
    assert "Tệp không có chữ ký số" in page.text


def test_an_empty_or_too_large_file_is_refused_in_words(house: House) -> None:
    browser = build(house.storage, house.clock, WebSettings(max_verify_bytes=1000)).browser()
    empty = browser.post("/kiem-tra", files={"file": ("", b"", "application/octet-stream")})
    large = browser.post("/kiem-tra", files={"file": ("a.pdf", b"x" * 1001, "application/pdf")})
    assert (empty.status_code, large.status_code) == (422, 413)
    assert "Chọn một tệp PDF" in empty.text
    assert "Tệp quá lớn" in large.text


def test_the_pages_of_applicants_can_be_published_alone(house: House) -> None:
    browser = build(house.storage, house.clock, WebSettings(public_only=True)).browser()
    assert [browser.get(path).status_code for path in ("/", "/tra-cuu", "/kiem-tra")] == [200] * 3
    assert [browser.get(path).status_code for path in ("/dang-nhap", "/tiep-nhan")] == [404] * 2
    assert "/dang-nhap" not in browser.get("/").text


@pytest.mark.parametrize("cookie", ["\u00b2\u00b3.x", "9999999999.\u00e9", "9999999999."])
def test_a_made_up_grant_opens_nothing(house: House, dossier: Dossier, cookie: str) -> None:
    token = token_of(house, dossier)
    assert not KEY.grant_holds(token, cookie, house.clock())


def test_guessing_is_slowed_alike_for_a_code_that_exists_and_one_that_does_not(house: House, dossier: Dossier) -> None:
    def answers(code: str) -> list[int]:
        return [house.browser().post("/tra-cuu", data={"ma": code, "so-cuoi": "0000"}).status_code for _ in range(7)]

    known = answers(dossier.code)
    assert known == answers("H99-260101-0001")
    assert set(known) == {404, 429}


def test_asking_for_a_file_that_a_receipt_has_not_leaves_no_entry_of_a_download(house: House, dossier: Dossier) -> None:
    receipt = house.cases.receipts.of_dossier(house.clerk, dossier.code)[0]
    with pytest.raises(FileUnknown):
        house.cases.receipts.file(house.clerk, receipt.id, "xml", at=house.clock())
    with house.storage.transactions.read() as tx:
        assert tx.scalar(select(func.count()).where(AuditRow.action == "file-fetched")) == 0
