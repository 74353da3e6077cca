"""The whole way through HTTP alone, on SQLite with files and on PostgreSQL with S3."""

from __future__ import annotations

import hashlib
import json
import re
import subprocess
from pathlib import Path
from typing import Any

import httpx2
import pytest

from tests.e2e import journey
from tests.e2e.office import Office, until

pytestmark = [pytest.mark.slow, pytest.mark.e2e]


@pytest.fixture(scope="module")
def api(office: Office) -> httpx2.Client:
    return office.client()


@pytest.fixture(scope="module")
def done(office: Office, api: httpx2.Client, sample: Path) -> dict[str, Any]:
    """One dossier taken all the way: slip, receipt, paper, result; what each step answered."""
    dossier = journey.open_dossier(api)
    code = dossier["code"]
    slip, fee = journey.issue_slip(api, code), journey.issue_fee(api, code)
    paper = journey.answered(journey.upload(api, code, sample), 202)
    result = journey.answered(journey.upload(api, code, sample, kind="result", component="result"), 202)
    for document in (paper, result):
        journey.wait_state(api, document["id"], "read")
        journey.answered(api.post(f"/documents/{document['id']}/confirm"))
        journey.wait_state(api, document["id"], "sealed")
    journey.answered(api.post(f"/documents/{result['id']}/release"))
    return {"code": code, "slip": journey.wait_issued(api, slip["id"]), "fee": journey.wait_issued(api, fee["id"]),
            "paper": paper["id"], "result": result["id"]}


def verdict(office: Office, file: Path) -> str:
    """What `POST /verify` says, asked without a token."""
    answer = httpx2.post(f"{office.base}/api/v1/verify", content=file.read_bytes(), timeout=60,
                         headers={"Content-Type": "application/pdf"})
    return str(journey.answered(answer)["verdict"])


def verdict_at_the_terminal(office: Office, *files: Path) -> tuple[int, list[str]]:
    """The exit code of `python -m receipts verify`, and what it says of each file."""
    done = office.ended("receipts", "verify", *map(str, files))
    return done.returncode, [str(json.loads(line)["verdict"]) for line in done.stdout.splitlines()]


def signed_files(api: httpx2.Client, done: dict[str, Any], folder: Path) -> dict[str, Path]:
    places = {"slip": f"/receipts/{done['slip']['id']}/files/pdf", "fee": f"/receipts/{done['fee']['id']}/files/pdf",
              "copy": f"/documents/{done['paper']}/files/sealed", "result": f"/documents/{done['result']}/files/sealed"}
    return {name: journey.fetch(api, place, folder / f"{name}.pdf") for name, place in places.items()}


def test_the_original_comes_back_byte_for_byte(api: httpx2.Client, done: dict[str, Any], sample: Path) -> None:
    response = api.get(f"/documents/{done['paper']}/files/original")
    digest = hashlib.sha256(sample.read_bytes()).hexdigest()
    assert hashlib.sha256(response.content).hexdigest() == digest
    assert response.headers["etag"] == f'"{digest}"'


def test_a_range_of_a_file_and_an_unchanged_file_are_answered_as_such(api: httpx2.Client, done: dict[str, Any]) -> None:
    place = f"/documents/{done['paper']}/files/archive"
    part = api.get(place, headers={"Range": "bytes=0-3"})
    assert (part.status_code, part.content) == (206, b"%PDF")
    assert api.get(place, headers={"If-None-Match": part.headers["etag"]}).status_code == 304


def test_text_words_and_previews_are_there(api: httpx2.Client, done: dict[str, Any]) -> None:
    text = api.get(f"/documents/{done['paper']}/files/text").text
    assert "MẪU" in text.upper()
    words = json.loads(api.get(f"/documents/{done['paper']}/files/words").content)
    assert words["pages"][0]["words"]
    assert api.get(f"/documents/{done['paper']}/files/page-1").headers["content-type"] == "image/jpeg"


def test_slip_receipt_copy_and_result_hold_for_us_and_for_pdfsig(office: Office, api: httpx2.Client,
                                                                 done: dict[str, Any], tmp_path: Path) -> None:
    files = signed_files(api, done, tmp_path)
    assert verdict_at_the_terminal(office, *files.values()) == (0, ["holds"] * 4)
    for name, file in files.items():
        assert verdict(office, file) == "holds", name
        said = subprocess.run(["pdfsig", "-nocert", file], capture_output=True, text=True, check=True).stdout
        assert "Signature is Valid" in said, name
        assert "Total document signed" in said, name


def test_one_flipped_byte_turns_both_verdicts(office: Office, api: httpx2.Client, done: dict[str, Any],
                                              tmp_path: Path) -> None:
    files = signed_files(api, done, tmp_path)
    for name, file in files.items():
        content = bytearray(file.read_bytes())
        content[content.index(b"stream") + 12] ^= 1
        file.write_bytes(content)
        assert verdict(office, file) == "broken", name
        said = subprocess.run(["pdfsig", "-nocert", file], capture_output=True, text=True, check=False).stdout
        assert "Signature is Valid" not in said, name
    assert verdict_at_the_terminal(office, *files.values()) == (1, ["broken"] * 4)


def test_another_system_is_told_of_everything_in_order(api: httpx2.Client, done: dict[str, Any]) -> None:
    page = journey.answered(api.get("/changes", params={"after": 0, "limit": 1000}))
    positions = [change["position"] for change in page["changes"]]
    assert positions == list(range(1, len(positions) + 1))
    mine = [change["type"] for change in page["changes"] if change["dossier_code"] == done["code"]]
    assert {"dossier.opened", "receipt.numbered", "receipt.issued", "document.received", "document.read",
            "document.confirmed", "document.sealed", "result.released", "dossier.status"} <= set(mine)


def test_files_named_by_the_feed_can_be_fetched_with_that_hash(api: httpx2.Client, done: dict[str, Any]) -> None:
    (read,) = [change for change in journey.answered(api.get("/changes"))["changes"]
               if change["type"] == "document.read" and change["subject"] == done["paper"]]
    assert {"archive", "text", "words"} <= set(read["facts"]["files"])
    for role, said in read["facts"]["files"].items():
        content = api.get(f"/documents/{done['paper']}/files/{role}").content
        assert (hashlib.sha256(content).hexdigest(), len(content)) == (said["sha256"], said["size"])


def test_the_applicant_fetches_the_result_through_the_qr(office: Office, api: httpx2.Client, done: dict[str, Any],
                                                         tmp_path: Path) -> None:
    slip = journey.fetch(api, f"/receipts/{done['slip']['id']}/files/pdf", tmp_path / "slip.pdf")
    link = journey.qr_link(slip, tmp_path)
    assert link.startswith(f"{office.base}/r/")
    with httpx2.Client(timeout=60, follow_redirects=True, headers={"Origin": office.base}) as browser:
        page = browser.get(link)
        assert done["code"] in page.text
        for secret in journey.APPLICANT.values():
            assert secret not in page.text
        opened = browser.post(link, data={"so-cuoi": journey.APPLICANT["phone"][-4:]})
        assert opened.status_code == 200, opened.text[:300]
        found = re.findall(r'href="([^"]*ket-qua[^"]*)"', opened.text)
        assert found, opened.text[-3000:]
        result = browser.get(httpx2.URL(link).join(found[0]))
    assert result.content == api.get(f"/documents/{done['result']}/files/sealed").content


def test_the_same_key_gives_the_same_receipt(api: httpx2.Client) -> None:
    code = journey.open_dossier(api)["code"]
    first, again = journey.issue_fee(api, code, key="k-1"), journey.issue_fee(api, code, key="k-1")
    assert first["id"] == again["id"]
    assert first["number"] == again["number"]


def test_a_wrong_receipt_is_replaced_once_and_both_stay(api: httpx2.Client) -> None:
    code = journey.open_dossier(api)["code"]
    wrong = journey.issue_fee(api, code)
    fees = {fee["code"]: {"units": 2} for fee in journey.procedure(api)["fees"][:1]}
    right = journey.answered(api.post(f"/receipts/{wrong['id']}/replacement", json={"quantities": fees}), 201, 202)
    assert right["replaces"] == wrong["id"]
    assert journey.answered(api.get(f"/receipts/{wrong['id']}"))["replaced_by"] == right["id"]
    refused = api.post(f"/receipts/{wrong['id']}/replacement", json={"quantities": fees})
    assert (refused.status_code, refused.json()["code"]) == (409, "already-replaced")


def test_corrected_fields_stay_corrected_and_keep_what_was_read(api: httpx2.Client, decision: Path) -> None:
    code = journey.open_dossier(api)["code"]
    paper = journey.answered(journey.upload(api, code, decision), 202)["id"]
    field = journey.wait_state(api, paper, "read")["fields"][0]
    after = journey.answered(api.put(f"/documents/{paper}/fields", json={"values": {field["name"]: "Giá trị sửa"}}))
    corrected = next(one for one in after["fields"] if one["name"] == field["name"])
    assert (corrected["value"], corrected["machine_value"]) == ("Giá trị sửa", field["machine_value"])


def test_several_files_are_one_document_with_its_pages_in_order(api: httpx2.Client, decision: Path,
                                                                letter: Path) -> None:
    code = journey.open_dossier(api)["code"]
    paper = journey.answered(journey.upload(api, code, decision, letter), 202)["id"]
    read = journey.wait_state(api, paper, "read")
    pages = [original["pages"] for original in read["originals"]]
    assert [page["number"] for page in read["pages"]] == list(range(1, sum(pages) + 1))
    assert pages[1] > 1
    for role, file in (("original", decision), ("original-2", letter)):
        assert api.get(f"/documents/{paper}/files/{role}").content == file.read_bytes()


def test_progress_is_told_until_the_document_is_read(api: httpx2.Client, sample: Path) -> None:
    code = journey.open_dossier(api)["code"]
    paper = journey.answered(journey.upload(api, code, sample), 202)["id"]
    with api.stream("GET", f"/documents/{paper}/events") as events:
        told = [json.loads(line[5:]) for line in events.iter_lines() if line.startswith("data:")]
    assert told[-1]["state"] == "read"
    assert [one["pages_done"] for one in told] == sorted(one["pages_done"] for one in told)


def trusting(office: Office) -> dict[str, str]:
    """Where an office whose roots lie apart finds them; the others find them in the backup."""
    return {name: value for name, value in office.extra.items() if name == "SOHOA_RECEIPTS__TRUST_DIR"}


def test_a_backup_restores_to_an_empty_folder_with_the_same_verdicts(office: Office, api: httpx2.Client,
                                                                     done: dict[str, Any], tmp_path: Path) -> None:
    office.command("storage", "backup", str(tmp_path / "all.tar"))
    with_nothing = Office(tmp_path / "restored", trusting(office))
    json.loads(with_nothing.command("storage", "restore", str(tmp_path / "all.tar")))
    found = json.loads(with_nothing.command("storage", "check"))
    assert found["clean"], found
    for name, file in signed_files(api, done, tmp_path).items():
        objects = {path.name for path in (tmp_path / "restored/objects").glob("??/??/*")}
        assert hashlib.sha256(file.read_bytes()).hexdigest() in objects, name
        assert json.loads(with_nothing.command("receipts", "verify", str(file)))["verdict"] == "holds"


def test_nothing_is_missing_at_the_end(office: Office, done: dict[str, Any]) -> None:
    def clean() -> bool:
        found = json.loads(office.command("storage", "check"))
        return bool(found["clean"] and not found["unfinished"])

    assert until(clean, "check is clean", 60)
