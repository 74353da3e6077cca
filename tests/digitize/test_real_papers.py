"""Real official papers and worn test pages; skipped where the shared data is absent."""

from __future__ import annotations

import hashlib
import json
import re
import unicodedata
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from digitize import picture
from digitize.model import Route
from digitize.pages import OriginalFile, PageReader
from digitize.pipeline import Digitized, digitize
from digitize.probing import probe
from digitize.settings import DigitizeSettings
from storage import tools

from .conftest import CREATED, ROOT

SHARED = ROOT.parent / "shared" / "data"
PDFS = sorted((SHARED / "pdf").glob("*.pdf"))
MANIFEST = SHARED / "pages" / "manifest.json"
PAGES: list[dict[str, Any]] = json.loads(MANIFEST.read_text("utf-8")) if MANIFEST.is_file() else []
TURNED = [entry for entry in PAGES if entry["rotation_ccw"] and re.match(r"d(09|19)_", entry["image"])]
"""A half turn on a bilevel page, a quarter turn on a colour page."""
PHRASES = {
    "chi-thi-01-100dpi": ("Về việc triển khai sử dụng hóa đơn điện tử", "Hiệp hội Doanh nghiệp tỉnh",
                          "UBND các huyện, thị xã, thành phố"),
    "chi-thi-07-ccitt-signed": ("Về việc tăng cường công tác thi hành án hành chính", "Thủ trưởng các Sở, ban, ngành",
                                "định kỳ báo cáo kết quả với Ủy ban nhân dân tỉnh"),
    "chi-thi-11-ccitt": ("CỘNG HÒA XÃ HỘI CHỦ NGHĨA VIỆT NAM", "Chỉ đạo các cơ quan truyền thông",
                         "khuyết tật, hộ nghèo"),
    "quyet-dinh-87-colour-signed": ("ỦY BAN NHÂN DÂN TỈNH QUẢNG NGÃI", "Phối hợp với Sở Tài nguyên và Môi trường",
                                    "Quyết định này có hiệu lực thi hành kể từ ngày ký"),
}
"""What stands on the first, a middle and the last page, printed clearly."""
STAMPS = {
    "chi-thi-01-100dpi": ("Ký bởi: Ủy ban nhân dân", "05/01/2021"),
    "chi-thi-07-ccitt-signed": ("ttcbth@quangngai.gov.vn", "21.03.2018"),
    "chi-thi-11-ccitt": ("Ký bởi: Ủy ban nhân", "11/05/2021"),
    "quyet-dinh-87-colour-signed": ("ttcbth@quangngai.gov.vn", "Ký bởi: Ủy ban nhân dân tỉnh Quảng Ngãi"),
}
"""What the signing software wrote over the page as text: the only text of the original."""
SAME_MEAN = 8.0
"""Grey levels between a page and its archive at a low resolution; 3 as it is, 20 upside down."""

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def reader(settings: DigitizeSettings) -> Iterator[PageReader]:
    with PageReader(settings) as opened:
        yield opened


@pytest.mark.parametrize("path", PDFS, ids=lambda path: path.stem)
def test_a_signed_paper_goes_through_unharmed(path: Path, settings: DigitizeSettings, tmp_path: Path) -> None:
    before = hashlib.sha256(path.read_bytes()).hexdigest()
    done = digitize([path], tmp_path / "out", title=path.stem, created=CREATED, settings=settings)
    assert hashlib.sha256(path.read_bytes()).hexdigest() == before
    assert (done.bound.drawn, done.bound.findings) == ((), ())
    assert min(page.confidence for page in done.pages) > 0.88
    for index in range(len(done.pages)):
        was = picture.draw(path, index, 100, tmp_path, colour=True).astype(int)
        now = picture.draw(done.bound.archive, index, 100, tmp_path, colour=True).astype(int)
        assert was.shape == now.shape
        # Only the soft edges of flattened signature stamps may differ, and hardly to be seen.
        assert np.abs(was - now).max() <= 32
        assert (was != now).mean() < 0.005
    tools.run(["qpdf", "--check", str(done.bound.archive)], cwd=tmp_path)
    assert done.bound.archive.stat().st_size <= 1.1 * path.stat().st_size
    check_text(done, path.stem)


def check_text(done: Digitized, name: str) -> None:
    """The scan was read although a stamp lies on it as text, and the stamp's words are there once."""
    assert {page.route for page in done.pages} == {Route.SCAN}
    text = text_of(done.bound.archive)
    for phrase in PHRASES[name]:
        assert phrase in text
    for phrase in STAMPS[name]:
        assert text.count(phrase) == 1


def text_of(archive: Path) -> str:
    """What a reader's search finds, in one line."""
    told = tools.run(["pdftotext", str(archive), "-"], cwd=archive.parent).stdout.decode()
    assert unicodedata.is_normalized("NFC", told)
    return " ".join(told.split())


@pytest.mark.skipif(not PAGES, reason="the shared data is absent")
def test_the_archive_of_turned_pages_stands_upright(settings: DigitizeSettings, tmp_path: Path) -> None:
    as_it_lies = settings.model_copy(update={"straighten_from_degrees": 10.0})
    files = [SHARED / "pages" / entry["image"] for entry in TURNED]
    done = digitize(files, tmp_path / "out", title="Thử", created=CREATED, settings=as_it_lies)
    assert [page.rotation for page in done.pages] == [entry["rotation_ccw"] for entry in TURNED]
    for index, (path, entry) in enumerate(zip(files, TURNED, strict=True)):
        shown = picture.draw(done.bound.archive, index, 50, tmp_path, colour=False)
        scanned: Any = cv2.imread(str(path), cv2.IMREAD_GRAYSCALE)
        upright = np.rot90(scanned, -entry["rotation_ccw"] // 90)
        expected: Any = cv2.resize(np.ascontiguousarray(upright), shown.shape[1::-1], interpolation=cv2.INTER_AREA)
        assert difference(shown, expected) < SAME_MEAN < difference(shown, np.rot90(expected, 2))
    assert_words_run_across(done.bound.archive)


def difference(one: Any, other: Any) -> float:
    return float(np.abs(one.squeeze().astype(float) - other).mean())


def assert_words_run_across(archive: Path) -> None:
    """Long words lie along the rows of the page as it is shown, and the text begins at its top."""
    boxes = tools.run(["pdftotext", "-bbox", str(archive), "-"], cwd=archive.parent).stdout.decode()
    pages = [re.findall(r'xMin="([\d.]+)" yMin="([\d.]+)" xMax="([\d.]+)" yMax="([\d.]+)">(\w{5,})<', page)
             for page in boxes.split("<page ")[1:]]
    assert len(pages) == len(TURNED)
    for words in pages:
        assert len(words) > 10
        across = [float(x1) - float(x0) > float(y1) - float(y0) for x0, y0, x1, y1, _ in words]
        assert np.mean(across) > 0.95
        assert float(words[0][1]) < float(words[-1][1])


@pytest.mark.parametrize("entry", PAGES, ids=lambda entry: Path(entry["image"]).stem)
def test_a_page_comes_out_upright(entry: dict[str, Any], reader: PageReader, settings: DigitizeSettings,
                                  tmp_path: Path) -> None:
    path = SHARED / "pages" / entry["image"]
    page = reader.read(OriginalFile(path, probe(path, settings)), 0, tmp_path)
    if path.stem.startswith("blank"):
        assert page.blank
        return
    assert not page.blank
    assert page.rotation == entry["rotation_ccw"]
    assert page.confidence > 0.75
