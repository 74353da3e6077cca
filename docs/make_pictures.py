"""Make the pictures of the README from a running demo office: `python docs/make_pictures.py ADDRESS LOGIN PASSWORD`.

Needs Debian's chromium and poppler-utils, and a demo office whose sample scans are read.
"""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

from playwright.sync_api import Page, sync_playwright

from storage import tools

PICTURES = Path(__file__).parent / "pictures"
CHROMIUM = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-sync", "--no-first-run"]


def sign_in(page: Page, address: str, login: str, password: str) -> None:
    page.goto(f"{address}/dang-nhap")
    page.fill("input[name=login]", login)
    page.fill("input[name=password]", password)
    page.keyboard.press("Enter")
    page.wait_for_url("**/tiep-nhan*")


def desk(page: Page, address: str) -> None:
    """The review of the first sample paper that is read."""
    page.goto(f"{address}/tiep-nhan")
    for link in [one.get_attribute("href") for one in page.locator("a[href^='/tiep-nhan/ho-so/']").all()]:
        page.goto(f"{address}{link}")
        review = page.locator("a[href^='/tiep-nhan/giay-to/']")
        if review.count():
            review.first.click()
            page.wait_for_load_state("networkidle")
            page.screenshot(path=PICTURES / "desk.png")
            return
    raise SystemExit("no paper is read yet")


def receipt(pdf: Path) -> None:
    """The first page of a fee receipt."""
    with tools.scratch() as folder:
        tools.run(["pdftoppm", "-r", "110", "-png", "-singlefile", str(pdf.resolve()), "page"], cwd=folder)
        shutil.copy(folder / "page.png", PICTURES / "receipt.png")


def main() -> None:
    address, login, password, *receipts = sys.argv[1:]
    with sync_playwright() as drive:
        browser = drive.chromium.launch(executable_path="/usr/bin/chromium", args=CHROMIUM)
        page = browser.new_page(viewport={"width": 1280, "height": 900})
        sign_in(page, address, login, password)
        desk(page, address)
        browser.close()
    for pdf in receipts:
        receipt(Path(pdf))


if __name__ == "__main__":
    main()
