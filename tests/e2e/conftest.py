"""One office a module: SQLite with files, and PostgreSQL with S3."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e.office import Office, opened
from tests.support.servers import PostgresServer, S3Server

SAMPLES = Path(__file__).resolve().parents[2] / "samples"


@pytest.fixture(scope="session")
def sample() -> Path:
    """A bundled fictitious scan in PDF."""
    return min(SAMPLES.glob("*.pdf"))


@pytest.fixture(scope="session")
def decision() -> Path:
    """A bundled fictitious decision with number, date and subject."""
    return SAMPLES / "quyet-dinh-145.jpg"


def distributed(postgres: PostgresServer, s3: S3Server) -> dict[str, str]:
    """The settings of an office on PostgreSQL and S3."""
    return {
        "SOHOA_STORAGE__DATABASE_URL": postgres.new_database(), "SOHOA_STORAGE__S3_ENDPOINT": s3.endpoint,
        "SOHOA_STORAGE__S3_BUCKET": s3.new_bucket(), "SOHOA_STORAGE__S3_ACCESS_KEY": s3.access_key,
        "SOHOA_STORAGE__S3_SECRET_KEY": s3.secret_key, "SOHOA_STORAGE__S3_SECURE": "false",
    }


@pytest.fixture(scope="module", params=["embedded", "distributed"])
def office(request: pytest.FixtureRequest) -> Iterator[Office]:
    """A running office: embedded (SQLite, files) and distributed (PostgreSQL, S3)."""
    settings = {}
    if request.param == "distributed":
        settings = distributed(request.getfixturevalue("postgres"), request.getfixturevalue("s3"))
    folder = Path(tempfile.mkdtemp(prefix="sohoa-e2e-"))
    try:
        with opened(folder, settings) as running:
            yield running
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def embedded(tmp_path: Path) -> Iterator[Office]:
    """An office of this test alone on SQLite and files, nothing started yet but the web process."""
    with opened(tmp_path / "state", {}, "web") as running:
        yield running
