"""Sign-in, sign-out, and what forms must prove."""

from __future__ import annotations

from datetime import timedelta
from urllib.parse import urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.web.house import PASSWORD, House
from web.sign_in_routes import inside

DESK = "/tiep-nhan"


def test_the_desk_asks_for_sign_in_and_leads_back(house: House) -> None:
    browser = house.browser()
    asked = browser.get("/tiep-nhan/ho-so-moi")
    assert (asked.status_code, asked.headers["location"]) == (303, "/dang-nhap?tiep=/tiep-nhan/ho-so-moi")
    form = {"login": "can.bo1", "password": PASSWORD, "tiep": "/tiep-nhan/ho-so-moi"}
    entered = browser.post("/dang-nhap", data=form)
    assert entered.headers["location"] == "/tiep-nhan/ho-so-moi"
    assert browser.get("/tiep-nhan/ho-so-moi").status_code == 200


def test_the_session_cookie_is_out_of_reach_of_scripts_and_other_sites(house: House) -> None:
    cookie = house.browser().post("/dang-nhap", data={"login": "can.bo1", "password": PASSWORD}).headers["set-cookie"]
    assert "HttpOnly" in cookie
    assert "samesite=lax" in cookie.lower()


def test_a_wrong_password_keeps_the_login_and_says_what_to_do(house: House) -> None:
    answer = house.browser().post("/dang-nhap", data={"login": "can.bo1", "password": "sai"})
    assert answer.status_code == 401
    assert 'value="can.bo1"' in answer.text
    assert "Kiểm tra tên đăng nhập và mật khẩu" in answer.text


def test_guessing_a_password_is_slowed_and_not_locked_for_good(house: House) -> None:
    browser = house.browser()
    answers = [browser.post("/dang-nhap", data={"login": "can.bo1", "password": "sai"}).status_code for _ in range(7)]
    assert answers == [401] * 5 + [429] * 2
    house.clock.pass_by(timedelta(minutes=6))
    assert browser.post("/dang-nhap", data={"login": "can.bo1", "password": PASSWORD}).status_code == 303


def test_sign_out_ends_the_session(house: House) -> None:
    browser, csrf = house.signed_in()
    assert browser.get(DESK).status_code == 200
    browser.post("/dang-xuat", data={"csrf": csrf})
    assert browser.get(DESK).status_code == 303


def test_a_form_without_the_token_of_the_session_is_refused(house: House) -> None:
    browser, _ = house.signed_in()
    answer = browser.post("/tiep-nhan/ho-so-moi", data={"procedure_code": "2.000635", "applicant.name": "Mẫu"})
    assert answer.status_code == 403
    assert house.cases.dossiers.list(house.clerk) == ()


@pytest.mark.parametrize("headers", [{"Sec-Fetch-Site": "cross-site"}, {"Origin": "https://elsewhere.example"}])
def test_a_form_of_another_site_is_refused_even_with_the_token(house: House, headers: dict[str, str]) -> None:
    browser, csrf = house.signed_in()
    assert browser.post("/dang-xuat", data={"csrf": csrf}, headers=headers).status_code == 403
    form = {"login": "can.bo1", "password": PASSWORD}
    assert browser.post("/dang-nhap", data=form, headers=headers).status_code == 403


@given(st.one_of(st.text(), st.text().map(lambda rest: DESK + rest),
                 st.sampled_from(["//evil.example", "/\\evil.example", "https://evil.example", "/tiep-nhan/../..//x"])))
def test_the_way_back_never_leaves_the_desk(address: str) -> None:
    way = inside(address)
    assert way.startswith(DESK)
    assert urlsplit(way).netloc == ""
    assert "//" not in way
