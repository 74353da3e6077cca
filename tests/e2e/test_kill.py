"""kill -9 in the middle of work: nothing lost, nothing doubled, no gap."""

from __future__ import annotations

import json
import random
import time
from pathlib import Path

import httpx2
import pytest
from PIL import Image, ImageDraw

from tests.e2e import journey
from tests.e2e.office import Office, until

pytestmark = [pytest.mark.slow, pytest.mark.e2e]


def many_pages(path: Path, count: int) -> Path:
    """A scan of `count` pages with a little text on each."""
    pages = []
    for number in range(1, count + 1):
        page = Image.new("L", (1240, 1754), 255)
        draw = ImageDraw.Draw(page)
        for line in range(12):
            draw.text((120, 120 + 60 * line), f"Trang {number} dong {line} cua giay to mau", fill=0, font_size=32)
        pages.append(page)
    pages[0].save(path, save_all=True, append_images=pages[1:], resolution=150)
    return path


def pages_done(api: httpx2.Client, document: str) -> int:
    return int(journey.answered(api.get(f"/documents/{document}"))["pages_done"])


def test_a_killed_digitizing_worker_completes_the_document_once(unmanned: Office, tmp_path: Path) -> None:
    api = unmanned.client()
    code = journey.open_dossier(api)["code"]
    paper = journey.answered(journey.upload(api, code, many_pages(tmp_path / "ten.pdf", 10)), 202)["id"]
    unmanned.start("digitize")
    until(lambda: 2 <= pages_done(api, paper) < 10, "some pages are read")
    unmanned.kill("digitize")
    assert pages_done(api, paper) < 10
    unmanned.start("digitize")
    read = journey.wait_state(api, paper, "read")
    assert [page["number"] for page in read["pages"]] == list(range(1, 11))
    types = [change["type"] for change in journey.answered(api.get("/changes"))["changes"]]
    assert types.count("document.read") == 1
    found = json.loads(unmanned.command("storage", "check"))
    assert found["clean"], found
    assert found["unfinished"] == 0


def test_a_killed_receipts_worker_signs_the_number_that_was_taken(embedded: Office) -> None:
    api = embedded.client()
    code = journey.open_dossier(api)["code"]
    embedded.start("receipts")
    journey.wait_issued(api, journey.issue_fee(api, code)["id"])
    embedded.kill("receipts")
    waiting = journey.issue_fee(api, code)
    assert (waiting["state"], waiting["number"]) == ("numbered", 2)
    for _ in range(3):  # killed again and again while it starts, renders or signs
        embedded.start("receipts")
        time.sleep(random.uniform(0.5, 2.5))
        embedded.kill("receipts")
    embedded.start("receipts")
    issued = journey.wait_issued(api, waiting["id"])
    assert issued["number"] == 2
    assert issued["statement_sha256"] == waiting["statement_sha256"]
    assert [one["number"] for one in journey.answered(api.get(f"/dossiers/{code}/receipts"))] == [1, 2]
    types = [change["type"] for change in journey.answered(api.get("/changes"))["changes"]]
    assert types.count("receipt.issued") == 2
    assert json.loads(embedded.command("storage", "check"))["gaps"] == []


def test_a_hundred_pages_do_not_keep_two_waiting(embedded: Office, tmp_path: Path, sample: Path) -> None:
    api = embedded.client()
    code = journey.open_dossier(api)["code"]
    long = journey.answered(journey.upload(api, code, many_pages(tmp_path / "hundred.pdf", 100)), 202)["id"]
    embedded.start("digitize")
    until(lambda: pages_done(api, long) >= 2, "the long file has begun")
    short = journey.answered(journey.upload(api, code, many_pages(tmp_path / "two.pdf", 2)), 202)["id"]
    journey.wait_state(api, short, "read")
    found = journey.answered(api.get(f"/documents/{long}"))
    assert found["state"] == "reading"
    assert found["pages_done"] < 50
