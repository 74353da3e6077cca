"""One office a module: SQLite with files, and PostgreSQL with S3."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e.office import Office, distributed, opened

SAMPLES = Path(__file__).resolve().parents[2] / "samples"


@pytest.fixture(scope="session")
def sample() -> Path:
    """A bundled fictitious scan in PDF."""
    return min(SAMPLES.glob("*.pdf"))


@pytest.fixture(scope="session")
def decision() -> Path:
    """A bundled fictitious decision with number, date and subject."""
    return SAMPLES / "quyet-dinh-145.jpg"


@pytest.fixture(scope="session")
def letter() -> Path:
    """A bundled fictitious letter of several pages in one TIFF."""
    return SAMPLES / "cong-van-2318.tif"


def settings(request: pytest.FixtureRequest, folder: Path) -> dict[str, str]:
    """What the parameter of a fixture stands for; the servers of "distributed" start when first asked for."""
    if request.param == "embedded":
        return {}
    return distributed(request.getfixturevalue("postgres"), request.getfixturevalue("s3"), folder / "shared")


@pytest.fixture(scope="module", params=["embedded", "distributed"])
def office(request: pytest.FixtureRequest) -> Iterator[Office]:
    """A running office: embedded (SQLite, files) and distributed (PostgreSQL, S3)."""
    folder = Path(tempfile.mkdtemp(prefix="sohoa-e2e-"))
    try:
        with opened(folder, settings(request, folder), apart=request.param == "distributed") as running:
            yield running
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def embedded(tmp_path: Path) -> Iterator[Office]:
    """An office of this test alone on SQLite and files, nothing started yet but the web process."""
    with opened(tmp_path / "state", {}, "web") as running:
        yield running


@pytest.fixture(params=["embedded", "distributed"])
def unmanned(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Office]:
    """An office of this test alone on either kind of stores, nothing started yet but the web process."""
    with opened(tmp_path / "state", settings(request, tmp_path), "web", apart=request.param == "distributed") as one:
        yield one
