"""What every page has: headers, errors in words, English, formats."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from storage.model import DocumentState, DossierStatus
from tests.web.house import House
from web import formats, labels
from web.english import ENGLISH
from web.security import MAX_FORM_BYTES

TEMPLATES = Path(__file__).parents[2] / "web" / "templates"
FOR_APPLICANTS = [TEMPLATES / "layout.html", TEMPLATES / "error.html", *sorted((TEMPLATES / "public").glob("*.html"))]


@pytest.mark.parametrize("path", ["/", "/tra-cuu", "/kiem-tra", "/dang-nhap", "/khong-co", "/r/x",
                                  "/static/css/base.css"])
def test_every_answer_carries_the_headers(house: House, path: str) -> None:
    headers = house.browser().get(path).headers
    policy = headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert "http" not in policy
    assert "frame-ancestors 'none'" in policy
    assert headers["x-content-type-options"] == "nosniff"
    assert "camera=()" in headers["permissions-policy"]


def test_no_page_holds_a_script_or_style_of_its_own(house: House) -> None:
    browser, _ = house.signed_in()
    dossier = house.dossier()
    for path in ("/", "/kiem-tra", "/tiep-nhan", "/tiep-nhan/ho-so-moi", f"/tiep-nhan/ho-so/{dossier.code}"):
        page = browser.get(path).text
        assert re.findall(r"<script(?![^>]*\bsrc=\"/static/)[^>]*>", page) == []
        assert re.findall(r"<style|\sstyle=|\son\w+=", page) == []
        assert re.findall(r"(?:src|href)=\"(?:https?:)?//", page) == []


def test_what_pages_name_is_there(house: House) -> None:
    browser, _ = house.signed_in()
    page = browser.get("/tiep-nhan/ho-so-moi").text
    files = re.findall(r'(?:src|href)="(/static/[^"]+)"', page)
    assert len(files) >= 6
    assert {browser.get(file).status_code for file in files} == {200}
    hashed = browser.get(next(file for file in files if "?v=" in file))
    assert "immutable" in hashed.headers["cache-control"]


def test_programs_keep_their_problem_document(house: House) -> None:
    answer = house.browser().get("/api/v1/documents/x")
    assert answer.headers["content-type"] == "application/problem+json"
    assert house.browser().get("/khong-co", headers={"Accept": "application/json"}).json()["code"] == "not-found"


def test_a_fragment_that_fails_becomes_a_message(house: House) -> None:
    browser, _ = house.signed_in()
    answer = browser.get("/tiep-nhan/giay-to/x/trang-thai", headers={"HX-Request": "true"})
    assert answer.headers["hx-retarget"] == "#messages"
    assert "<html" not in answer.text
    assert "Không tìm thấy giấy tờ" in answer.text


def test_a_fragment_after_the_session_ended_leads_to_sign_in(house: House) -> None:
    answer = house.browser().get("/tiep-nhan/giay-to/x/trang-thai", headers={"HX-Request": "true"})
    assert answer.headers["hx-redirect"] == "/dang-nhap"


def test_a_form_that_never_ends_is_cut_off(house: House) -> None:
    answer = house.browser().post("/tra-cuu", content=b"ma=" + b"x" * MAX_FORM_BYTES,
                                  headers={"Content-Type": "application/x-www-form-urlencoded"})
    assert answer.status_code == 413


def test_english_is_remembered(house: House) -> None:
    browser = house.browser()
    assert "Where is your dossier?" in browser.get("/?lang=en").text
    assert '<html lang="en">' in browser.get("/tra-cuu").text
    assert "Hồ sơ của bạn đang ở đâu?" in browser.get("/?lang=vi").text


@pytest.mark.parametrize("template", FOR_APPLICANTS, ids=lambda path: path.name)
def test_every_sentence_for_applicants_has_its_english(template: Path) -> None:
    said = re.findall(r"\bt\(\"([^\"]+)\"\)|\bt\('([^']+)'\)", template.read_text(encoding="utf-8"))
    assert [text for pair in said if (text := pair[0] or pair[1]) not in ENGLISH] == []


def test_every_state_has_a_word() -> None:
    assert set(labels.DOSSIER_STATUSES) == set(DossierStatus)
    assert set(labels.DOCUMENT_STATES) == set(DocumentState)


def test_moments_are_those_of_viet_nam() -> None:
    assert formats.moment(datetime(2026, 12, 31, 17, 5, tzinfo=UTC)) == "01/01/2027\u00a000:05"


@given(st.integers(min_value=0, max_value=10**15))
def test_money_reads_back(amount: int) -> None:
    text = formats.money(amount)
    assert text.endswith("\u00a0đ")
    assert int(text.removesuffix("\u00a0đ").replace(".", "")) == amount


@given(st.text())
def test_folding_twice_is_folding_once(text: str) -> None:
    assert formats.folded(formats.folded(text)) == formats.folded(text)


@pytest.mark.parametrize(("count", "text"), [(0, "0\u00a0B"), (999, "999\u00a0B"), (1_200_000, "1,2\u00a0MB"),
                                             (3_000_000, "3\u00a0MB")])
def test_sizes_are_for_people(count: int, text: str) -> None:
    assert formats.size(count) == text
