"""The centre of tests/web/house.py, fresh for each test; its rules and its clerk are put in once and copied."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import pytest

from storage.opening import open_storage
from storage.settings import StorageSettings
from tests.web.house import Clock, House, build, furnish
from web.settings import WebSettings


@pytest.fixture(scope="session")
def furnished(tmp_path_factory: pytest.TempPathFactory, migrated_sqlite: Path) -> Path:
    """A database with rules and one clerk, to copy (hashing a password is slow on purpose)."""
    folder = tmp_path_factory.mktemp("furnished")
    shutil.copy(migrated_sqlite, folder / "records.sqlite3")
    storage = open_storage(StorageSettings(state_dir=folder))
    furnish(storage)
    storage.close()
    return folder / "records.sqlite3"


@pytest.fixture
def house(furnished: Path, tmp_path: Path, now: datetime) -> Iterator[House]:
    """Nothing waits for a worker that is not there."""
    folder = tmp_path / "centre"
    folder.mkdir()
    shutil.copy(furnished, folder / "records.sqlite3")
    storage = open_storage(StorageSettings(state_dir=folder))
    yield build(storage, Clock(now), WebSettings(wait_seconds=0, look_ups_a_minute=100))
    storage.close()
