"""The pages in a real Chromium: by keyboard, on a phone, without a complaint on the console, without another host."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import uvicorn
from playwright.sync_api import Browser, Page, Request, expect, sync_playwright

from receipts.service import SlipRequest
from storage.model import DocumentState, Field
from tests.web.house import KEY, PASSWORD, House, picture

CHROMIUM = Path("/usr/bin/chromium")
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
         "--disable-component-update", "--disable-sync"]
PHONE = {"width": 360, "height": 740}
UNSURE = Field(name="number", label="Số", value="145", machine_value="145", confidence=0.5, page=1,
               box=(0.1, 0.1, 0.3, 0.2), source="machine")
CARD = "022090000123|100000001|Nguyễn Văn Mẫu|15011990|Nam|Số 12, đường Thử Nghiệm|22122021"

pytestmark = pytest.mark.slow


@dataclass
class Watched:
    """A page, and everything it did that it should not."""

    page: Page
    base: str
    complaints: list[str] = field(default_factory=list)

    def listen(self) -> None:
        self.page.on("console", lambda said: self.complaints.append(said.text) if said.type == "error" else None)
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))
        self.page.on("request", self._request)
        self.page.on("dialog", lambda dialog: dialog.accept())

    def _request(self, request: Request) -> None:
        if urlsplit(request.url).netloc not in ("", urlsplit(self.base).netloc):
            self.complaints.append(f"request to {request.url}")

    def go(self, path: str) -> Page:
        self.page.goto(self.base + path)
        return self.page

    def press(self, *keys: str) -> None:
        for key in keys:
            self.page.keyboard.press(key)


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture
def address(house: House) -> Iterator[str]:
    """The centre served on a free port of this machine."""
    server = uvicorn.Server(uvicorn.Config(house.app, port=0, log_level="error", timeout_graceful_shutdown=1))
    thread = threading.Thread(target=server.run)
    thread.start()
    while not server.started:
        time.sleep(0.01)
    port = server.servers[0].sockets[0].getsockname()[1]
    yield f"http://127.0.0.1:{port}"
    server.should_exit = True
    thread.join()


@pytest.fixture
def watched(chromium: Browser, address: str) -> Iterator[Watched]:
    """A desktop page; at the end nothing may have been complained of."""
    page = chromium.new_page(viewport={"width": 1280, "height": 860}, locale="vi-VN")
    found = Watched(page, address)
    found.listen()
    yield found
    page.close()
    assert found.complaints == []


def sign_in(watched: Watched) -> None:
    page = watched.go("/dang-nhap")
    expect(page.get_by_label("Tên đăng nhập")).to_be_focused()
    page.keyboard.type("can.bo1")
    watched.press("Tab")
    page.keyboard.type(PASSWORD)
    watched.press("Enter")
    page.wait_for_url("**/tiep-nhan")


def test_a_dossier_is_received_by_keyboard_alone(watched: Watched, house: House) -> None:
    sign_in(watched)
    watched.press("F2")
    page = watched.page
    page.wait_for_url("**/ho-so-moi")
    expect(page.get_by_role("combobox").first).to_be_focused()
    page.keyboard.type("trich luc")
    watched.press("Enter")
    expect(page.get_by_label("Tờ khai cấp bản sao trích lục hộ tịch").first).to_be_checked()
    page.get_by_label("Quét mã QR trên thẻ căn cước").focus()
    page.keyboard.type(CARD)
    watched.press("Enter")
    expect(page.get_by_label("Số điện thoại").first).to_be_focused()
    page.keyboard.type("0900000123")
    watched.press("Control+Enter")
    page.wait_for_url("**/ho-so/*")
    (dossier,) = house.cases.dossiers.list(house.clerk)
    assert (dossier.applicant.name, dossier.applicant.id_number) == ("Nguyễn Văn Mẫu", "022090000123")
    expect(page.get_by_text("Đã cấp số, đang ký")).to_be_visible()


def test_a_fee_receipt_is_issued_by_keyboard_and_appears_when_signed(watched: Watched, house: House) -> None:
    dossier = house.dossier()
    sign_in(watched)
    page = watched.go(f"/tiep-nhan/ho-so/{dossier.code}")
    watched.press("F9", "Control+a")
    page.keyboard.type("3")
    expect(page.get_by_text("Hai mươi bốn nghìn đồng")).to_be_visible()
    page.get_by_role("button", name="Cấp biên lai").focus()
    watched.press("Enter")
    expect(page.get_by_text("Đã cấp số, đang ký")).to_be_visible()
    (receipt,) = house.cases.receipts.of_dossier(house.clerk, dossier.code)
    house.sign(receipt)
    expect(page.get_by_text("Đã ký số")).to_be_visible()


def test_a_scan_is_sent_read_corrected_confirmed_and_sealed(watched: Watched, house: House) -> None:
    dossier = house.dossier()
    sign_in(watched)
    page = watched.go(f"/tiep-nhan/ho-so/{dossier.code}")
    page.get_by_label("Chọn tệp cho Tờ khai").set_input_files(
        {"name": "quét 1.jpg", "mimeType": "image/jpeg", "buffer": picture()})
    expect(page.get_by_text("Chờ đọc")).to_be_visible()
    (view,) = house.cases.documents.of_dossier(house.clerk, dossier.code)
    house.read(view.document, (UNSURE,))
    page.get_by_role("link", name="Kiểm tra", exact=True).focus()
    watched.press("Enter")
    expect(page.get_by_label("Số", exact=True)).to_be_focused()
    expect(page.locator("svg rect.on")).to_have_count(1)
    watched.press("Control+a")
    page.keyboard.type("146")
    watched.press("Enter", "Control+Enter")
    expect(page.get_by_text("Đang đóng dấu số")).to_be_visible()
    found = house.cases.documents.find(house.clerk, view.document.id)
    assert [one.value for one in found.fields] == ["146"]
    house.seal(found.document)
    expect(page.get_by_text("Bản số hóa đã ký").first).to_be_visible()


def test_undo_brings_back_what_the_machine_read(watched: Watched, house: House, tmp_path: Path) -> None:
    document = house.paper(house.dossier(), tmp_path)
    house.read(document, (UNSURE,))
    sign_in(watched)
    page = watched.go(f"/tiep-nhan/giay-to/{document.id}")
    page.get_by_label("Số", exact=True).fill("999")
    watched.press("Tab")
    page.get_by_role("button", name="Hoàn tác").click()
    expect(page.get_by_text("Đã khôi phục giá trị máy đọc")).to_be_visible()
    assert house.cases.documents.find(house.clerk, document.id).fields[0].value == "145"


def test_a_click_on_a_word_shows_its_place_on_the_picture(watched: Watched, house: House, tmp_path: Path) -> None:
    document = house.paper(house.dossier(), tmp_path)
    house.read(document)
    sign_in(watched)
    page = watched.go(f"/tiep-nhan/giay-to/{document.id}")
    page.get_by_text("quyết", exact=True).click()
    marked = page.locator("svg rect.on")
    assert [marked.get_attribute(side) for side in ("x", "y", "width", "height")] == ["120", "140", "180", "40"]


def test_a_file_that_cannot_be_taken_in_is_explained_where_it_was_dropped(chromium: Browser, house: House,
                                                                          address: str) -> None:
    """The browser itself writes the refused request to the console, so this page is not watched."""
    unwatched = Watched(chromium.new_page(), address)
    dossier = house.dossier()
    sign_in(unwatched)
    page = unwatched.go(f"/tiep-nhan/ho-so/{dossier.code}")
    page.get_by_label("Chọn tệp cho Tờ khai").set_input_files(
        {"name": "thu.pdf", "mimeType": "application/pdf", "buffer": b"no pdf at all"})
    expect(page.get_by_role("alert")).to_contain_text("Chỉ nhận tệp PDF, JPEG, PNG hoặc TIFF")
    page.get_by_role("button", name="Bỏ tệp này").click()
    expect(page.get_by_role("alert")).to_have_count(0)
    page.close()


def test_every_page_fits_a_phone(watched: Watched, house: House, tmp_path: Path) -> None:
    dossier = house.dossier()
    document = house.paper(dossier, tmp_path, pages=9)
    house.read(document, (UNSURE,))
    slip = house.cases.receipts.issue_slip(house.clerk, dossier.code, SlipRequest(), at=house.clock())
    watched.page.set_viewport_size({"width": PHONE["width"], "height": PHONE["height"]})
    sign_in(watched)
    paths = ["/", "/tra-cuu", "/kiem-tra", f"/r/{KEY.token(slip.id)}", "/tiep-nhan", "/tiep-nhan/ho-so-moi",
             f"/tiep-nhan/ho-so/{dossier.code}", f"/tiep-nhan/giay-to/{document.id}"]
    widths = {path: watched.go(path).evaluate("document.documentElement.scrollWidth") for path in paths}
    assert set(widths.values()) == {PHONE["width"]}, widths
    assert house.cases.documents.find(house.clerk, document.id).document.state == DocumentState.READ

