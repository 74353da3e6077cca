"""The whole way of one dossier in a real Chromium, at a real office with its workers: the clerk, then the citizen."""

from __future__ import annotations

import base64
import re
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, BrowserContext, Locator, Page, Request, expect, sync_playwright

from tests.e2e import journey
from tests.e2e.office import Office

CHROMIUM = Path("/usr/bin/chromium")
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
         "--disable-component-update", "--disable-sync"]
PATIENCE_MS = 90_000
DROP = """(form, [name, content]) => {
    const carried = new DataTransfer();
    const bytes = Uint8Array.from(atob(content), (letter) => letter.charCodeAt(0));
    carried.items.add(new File([bytes], name, { type: "image/jpeg" }));
    form.dispatchEvent(new DragEvent("drop", { dataTransfer: carried, bubbles: true, cancelable: true }));
}"""

pytestmark = [pytest.mark.slow, pytest.mark.e2e]


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    """Without Chromium this fails: the way through the browser is no extra."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield browser
        browser.close()


class Visitor:
    """Somebody with a browser of their own, and what their pages did that they should not."""

    def __init__(self, browser: Browser, base: str) -> None:
        self.base, self.complaints = base, list[str]()
        self.context: BrowserContext = browser.new_context(base_url=base, locale="vi-VN",
                                                           viewport={"width": 1280, "height": 860})
        self.context.set_default_timeout(PATIENCE_MS)
        self.page: Page = self.context.new_page()
        self.page.on("console", lambda said: self.complaints.append(said.text) if said.type == "error" else None)
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))
        self.page.on("dialog", lambda dialog: dialog.accept())
        self.context.on("request", self._request)

    def _request(self, request: Request) -> None:
        if urlsplit(request.url).netloc not in ("", urlsplit(self.base).netloc):
            self.complaints.append(f"request to {request.url}")

    def fetch(self, link: Locator, target: Path) -> Path:
        """What lies behind a link, with the cookies of this browser."""
        answer = self.context.request.get(link.get_attribute("href") or "")
        assert answer.status == 200, answer.status
        target.write_bytes(answer.body())
        return target


def sign_in(clerk: Visitor, office: Office) -> None:
    found = re.search(r"can\.bo1 +(\S+)", office.command("web.demo", "logins"))
    assert found
    clerk.page.goto("/dang-nhap")
    clerk.page.get_by_label("Tên đăng nhập").fill("can.bo1")
    clerk.page.get_by_label("Mật khẩu").fill(found.group(1))
    clerk.page.get_by_role("button", name="Đăng nhập").click()
    clerk.page.wait_for_url("**/tiep-nhan")


def receive(page: Page) -> None:
    """A new dossier by the form, with its slip; then the fee receipt. Both are signed at the end."""
    page.get_by_role("link", name="Tiếp nhận hồ sơ mới").click()
    page.get_by_role("combobox").first.press_sequentially("trich luc")
    page.keyboard.press("Enter")
    expect(page.get_by_label("Tờ khai cấp bản sao trích lục hộ tịch").first).to_be_checked()
    for label, name in (("Họ và tên (tên tổ chức)", "name"), ("Số định danh cá nhân (mã số thuế)", "id_number"),
                        ("Số điện thoại", "phone"), ("Địa chỉ", "address")):
        page.get_by_label(label).first.fill(journey.APPLICANT[name])
    page.get_by_role("button", name="Tiếp nhận và cấp giấy hẹn").click()
    page.wait_for_url("**/ho-so/*")
    expect(page.get_by_text("Đã ký số")).to_have_count(1, timeout=PATIENCE_MS)
    expect(page.get_by_text("Tám nghìn đồng")).to_be_visible()
    page.get_by_role("button", name="Cấp biên lai").click()
    expect(page.get_by_text("Đã ký số")).to_have_count(2, timeout=PATIENCE_MS)


def wait_read(slot: Locator) -> None:
    """The picture of the page is there, and the paper waits for review; opens the review."""
    review = slot.get_by_role("link", name="Kiểm tra", exact=True)
    expect(review).to_be_visible(timeout=PATIENCE_MS)
    picture = slot.locator("img.doc-face")
    expect(picture).to_have_js_property("complete", value=True)
    assert picture.evaluate("one => one.naturalWidth") > 100
    review.click()


def digitize(page: Page, scan: Path) -> None:
    """Drop a scan, correct what was read, confirm, wait for the sealed copy."""
    slot = page.locator("[data-slot]").filter(has_text="Tờ khai cấp bản sao trích lục hộ tịch")
    slot.locator("[data-upload]").evaluate(DROP, [scan.name, base64.b64encode(scan.read_bytes()).decode()])
    wait_read(slot)
    entry = page.locator("[data-field] textarea").first
    machine = entry.input_value()
    entry.fill("Giá trị đã sửa (MẪU)")
    entry.press("Tab")
    expect(page.get_by_text(f"Đã lưu. Máy đọc: {machine}")).to_be_visible()
    page.get_by_role("button", name="Xác nhận và ký bản số hóa").click()
    expect(page.get_by_role("link", name="Bản số hóa đã ký")).to_be_visible(timeout=PATIENCE_MS)
    expect(page.get_by_text("Giá trị đã sửa (MẪU)")).to_be_visible()


def decide(page: Page, scan: Path) -> None:
    """Choose the result's file, confirm it, release it."""
    slot = page.locator("[data-slot]").filter(has_text="Bản sao trích lục hộ tịch").last
    slot.get_by_label("Chọn tệp").set_input_files(scan)
    wait_read(slot)
    page.get_by_role("button", name="Xác nhận và ký bản số hóa").click()
    page.get_by_role("button", name="Trả kết quả").click()
    expect(page.get_by_text("Đã trả cho người dân, tổ chức")).to_be_visible()


def collect(citizen: Visitor, link: str, target: Path) -> None:
    """By the QR and four digits to the result; then have it verified."""
    page = citizen.page
    page.goto(link)
    page.get_by_label("Bốn số cuối").fill(journey.APPLICANT["phone"][-4:])
    page.get_by_role("button", name="Mở danh sách").click()
    row = page.locator(".papers li").filter(has_text="Bản sao trích lục hộ tịch")
    with page.expect_download() as coming:
        row.get_by_role("link", name="Tải về").click()
    coming.value.save_as(target)
    page.goto("/kiem-tra")
    page.locator("input[type=file]").set_input_files(target)
    page.get_by_role("button", name="Kiểm tra").click()
    expect(page.locator(".verdict h2")).to_have_text("Hợp lệ", timeout=PATIENCE_MS)


def test_from_the_counter_to_the_citizen_in_a_browser(chromium: Browser, embedded: Office, decision: Path,
                                                      tmp_path: Path) -> None:
    embedded.start("digitize", "receipts")
    clerk, citizen = Visitor(chromium, embedded.base), Visitor(chromium, embedded.base)
    sign_in(clerk, embedded)
    receive(clerk.page)
    dossier = clerk.page.url
    slip = clerk.fetch(clerk.page.get_by_role("link", name="Mở và in").last, tmp_path / "slip.pdf")
    digitize(clerk.page, decision)
    clerk.page.goto(dossier)
    decide(clerk.page, decision)
    result = clerk.fetch(clerk.page.get_by_role("link", name="Bản số hóa đã ký"), tmp_path / "kept.pdf")
    collect(citizen, journey.qr_link(slip, tmp_path), tmp_path / "fetched.pdf")
    assert (tmp_path / "fetched.pdf").read_bytes() == result.read_bytes()
    assert [*clerk.complaints, *citizen.complaints] == []
    for one in (clerk, citizen):
        one.context.close()
