"""Real official papers and worn test pages; skipped where the shared data is absent."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from digitize import picture
from digitize.pages import OriginalFile, PageReader
from digitize.pipeline import digitize
from digitize.probing import probe
from digitize.settings import DigitizeSettings

from .conftest import CREATED, ROOT

SHARED = ROOT.parent / "shared" / "data"
PDFS = sorted((SHARED / "pdf").glob("*.pdf"))
MANIFEST = SHARED / "pages" / "manifest.json"
PAGES: list[dict[str, Any]] = json.loads(MANIFEST.read_text("utf-8")) if MANIFEST.is_file() else []

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
