"""Bad files are refused with a permanent code and a sentence that helps; nothing stays behind, the workers live."""

from __future__ import annotations

import io
import json
import struct
import zlib
from collections.abc import Callable
from pathlib import Path

import httpx2
import pikepdf
import pytest

from tests.e2e import journey
from tests.e2e.office import Office

pytestmark = [pytest.mark.slow, pytest.mark.e2e]


def chunk(kind: bytes, content: bytes) -> bytes:
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))


def bomb(_sample: Path) -> bytes:
    """A PNG of 20,000 x 20,000 bilevel pixels in some 50 KB."""
    packer = zlib.compressobj(9)
    rows = b"".join([packer.compress(b"\0" * 2501 * 100) for _ in range(200)] + [packer.flush()])
    return (b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", 20_000, 20_000, 1, 0, 0, 0, 0))
            + chunk(b"IDAT", rows) + chunk(b"IEND", b""))


def pdf(pages: int, encryption: pikepdf.Encryption | None = None) -> Callable[[Path], bytes]:
    def make(_sample: Path) -> bytes:
        out = io.BytesIO()
        with pikepdf.new() as made:
            for _ in range(pages):
                made.add_blank_page(page_size=(100, 100))
            made.save(out, encryption=encryption or False)
        return out.getvalue()

    return make


SHOWING = "2.000635"
"""A procedure of the demo office that asks for a paper (CC) which is shown and not digitized."""
VIETNAMESE = set("ăâđêôơưàáảãạằắẳẵặầấẩẫậèéẻẽẹềếểễệìíỉĩịòóỏõọồốổỗộờớởỡợùúủũụừứửữựỳýỷỹỵ")
"""Letters that no sentence in English has."""
BAD: dict[str, tuple[Callable[[Path], bytes], int, str]] = {
    "empty.pdf": (lambda _: b"", 422, "empty-file"),
    "text.pdf": (lambda _: "chỉ là văn bản".encode(), 415, "unsupported-type"),
    "truncated.pdf": (lambda sample: sample.read_bytes()[: sample.stat().st_size // 2], 422, "damaged-file"),
    "password.pdf": (pdf(1, pikepdf.Encryption(user="bi mat", owner="bi mat")), 422, "password-protected"),
    "bomb.png": (bomb, 422, "too-many-pixels"),
    "pages.pdf": (pdf(5001), 422, "too-many-pages"),
}


@pytest.fixture(scope="module")
def api(office: Office) -> httpx2.Client:
    return office.client()


def refused(response: httpx2.Response, status: int, code: str) -> None:
    """Whether the answer is this problem, with a sentence in Vietnamese for people."""
    assert (response.status_code, response.json()["code"]) == (status, code)
    assert response.headers["content-type"] == "application/problem+json"
    assert len(response.json()["detail"]) > 20
    assert VIETNAMESE & set(response.json()["detail"].lower()), response.json()["detail"]


@pytest.mark.parametrize("name", BAD)
def test_a_bad_file_is_refused_in_words_that_help(api: httpx2.Client, sample: Path, tmp_path: Path, name: str) -> None:
    make, status, code = BAD[name]
    bad = tmp_path / name
    bad.write_bytes(make(sample))
    dossier = journey.open_dossier(api)["code"]
    refused(journey.upload(api, dossier, bad), status, code)
    assert journey.answered(api.get(f"/dossiers/{dossier}/documents")) == []


MISPLACED = {
    "unknown-dossier": ({"component": "TK"}, 404, "dossier-unknown"),
    "unknown-component": ({"component": "KHONG-CO"}, 422, "component-unknown"),
    "shown-only": ({"component": "CC"}, 422, "component-not-digitized"),
    "wrong-count": ({"component": "TK", "declared_pages": "9"}, 422, "page-count-mismatch"),
}
"""What is said about a good file that nobody may keep."""


@pytest.mark.parametrize("place", MISPLACED)
def test_a_good_file_in_a_wrong_place_is_refused_as_well(api: httpx2.Client, tmp_path: Path, place: str) -> None:
    form, status, code = MISPLACED[place]
    scan = tmp_path / "good.pdf"
    scan.write_bytes(pdf(3)(scan))
    opened = journey.open_dossier(api, procedure_code=SHOWING)["code"]
    dossier = "H49.217-250701-9999" if place == "unknown-dossier" else opened
    refused(journey.upload(api, dossier, scan, **form), status, code)
    assert journey.answered(api.get(f"/dossiers/{opened}/documents")) == []


def test_nothing_is_left_behind_and_the_workers_are_alive(office: Office, api: httpx2.Client, sample: Path) -> None:
    found = json.loads(office.command("storage", "check"))
    assert (found["objects"], found["orphans"]) == (0, 0)
    dossier = journey.open_dossier(api)["code"]
    good = journey.answered(journey.upload(api, dossier, sample), 202)
    journey.wait_state(api, good["id"], "read")
