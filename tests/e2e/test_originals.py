"""Official signed scans as they travel: the original stays what it was, the archive looks the same and can be read."""

from __future__ import annotations

import hashlib
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx2
import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from tests.e2e import journey
from tests.e2e.office import ROOT, Office, opened

Picture = NDArray[np.float64]
PAPERS = ROOT.parent / "shared/data/pdf"
PHRASES = {
    "chi-thi-01-100dpi.pdf": ("triển khai sử dụng hóa đơn điện tử", "trên địa bàn tỉnh Quảng Ngãi"),
    "chi-thi-07-ccitt-signed.pdf": ("tăng cường công tác thi hành án hành chính", "quyết định của Tòa án về vụ án"),
    "chi-thi-11-ccitt.pdf": ("tăng cường chỉ đạo Kỳ thi tốt nghiệp trung học", "giáo dục nghề nghiệp năm 2021"),
    "quyet-dinh-87-colour-signed.pdf": ("ỦY BAN NHÂN DÂN TỈNH QUẢNG NGÃI", "Bảy nghìn bảy trăm mét vuông",
                                        "Căn cứ Luật Tổ chức chính quyền địa phương"),
}
"""What anybody sees on the pages."""
SAME = 1.0
"""Mean difference of two renderings of a page in grey levels of 255 from which on they are not the same."""

pytestmark = [pytest.mark.slow, pytest.mark.e2e,
              pytest.mark.skipif(not PAPERS.exists(), reason="the official papers are not on this machine")]


@dataclass(frozen=True)
class Taken:
    """A paper that went through: what was sent, and what came back."""

    sent: Path
    original: Path
    archive: Path
    text: str


@pytest.fixture(scope="module")
def reading() -> Iterator[Office]:
    """An office that takes in and reads."""
    folder = Path(tempfile.mkdtemp(prefix="sohoa-e2e-"))
    try:
        with opened(folder, {}, "web", "digitize") as running:
            yield running
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="module")
def api(reading: Office) -> httpx2.Client:
    return reading.client()


@pytest.fixture(scope="module", params=PHRASES)
def taken(request: pytest.FixtureRequest, api: httpx2.Client, tmp_path_factory: pytest.TempPathFactory) -> Taken:
    sent, folder = PAPERS / request.param, tmp_path_factory.mktemp("came-back")
    paper = journey.answered(journey.upload(api, journey.open_dossier(api)["code"], sent), 202)["id"]
    journey.wait_state(api, paper, "read")
    files = f"/documents/{paper}/files"
    return Taken(sent, journey.fetch(api, f"{files}/original", folder / "original.pdf"),
                 journey.fetch(api, f"{files}/archive", folder / "archive.pdf"), api.get(f"{files}/text").text)


def printed(*command: str | Path) -> str:
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout


def pictures(pdf: Path, folder: Path) -> list[Picture]:
    """The pages at 50 dpi, grey."""
    folder.mkdir()
    printed("pdftoppm", "-r", "50", "-gray", pdf, folder / "page")
    return [np.asarray(Image.open(path), dtype=np.float64) for path in sorted(folder.iterdir())]


def difference(one: Picture, other: Picture) -> float:
    """The mean absolute difference of two pictures of one size, in grey levels."""
    assert one.shape == other.shape
    return float(np.abs(one - other).mean())


def test_the_original_comes_back_with_its_signatures(taken: Taken) -> None:
    hashes = [hashlib.sha256(path.read_bytes()).hexdigest() for path in (taken.sent, taken.original)]
    assert hashes[0] == hashes[1]
    before, after = (printed("pdfsig", "-nocert", path).splitlines()[1:] for path in (taken.sent, taken.original))
    assert any("Signature is Valid" in line for line in before)
    assert after == before


def test_the_archive_is_sound_and_its_words_are_those_on_the_paper(taken: Taken) -> None:
    printed("qpdf", "--check", taken.archive)
    found = " ".join(printed("pdftotext", taken.archive, "-").split())
    for phrase in PHRASES[taken.sent.name]:
        assert phrase in found
        assert phrase in " ".join(taken.text.split())


def test_every_page_of_the_archive_looks_like_the_original(taken: Taken, tmp_path: Path) -> None:
    before, after = pictures(taken.sent, tmp_path / "before"), pictures(taken.archive, tmp_path / "after")
    assert len(before) == len(after) > 2
    assert [n for n, pair in enumerate(zip(before, after, strict=True), 1) if difference(*pair) >= SAME] == []


def test_the_comparison_tells_two_pages_apart(tmp_path: Path) -> None:
    first, second, *_ = pictures(PAPERS / "chi-thi-01-100dpi.pdf", tmp_path / "pages")
    height, width = np.minimum(first.shape, second.shape)
    assert difference(first[:height, :width], second[:height, :width]) > 5 * SAME
    assert difference(first, first) == 0
