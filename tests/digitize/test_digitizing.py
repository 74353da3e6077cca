"""The digitizing worker's own folder: what a killed run left of people's papers does not stay."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from digitize.digitizing import Digitizing
from digitize.service import Documents, NewDocument
from digitize.settings import DigitizeSettings
from storage import documents
from storage.model import DocumentState
from storage.opening import Storage
from storage.uploads import IncomingFile
from tests.storage.conftest import CLERK, open_office
from tests.support.storages import Storages

from .conftest import CREATED, SAMPLES


def digitizing(storage: Storage) -> Digitizing:
    return Digitizing(storage, DigitizeSettings(parallel_pages=1), lambda: datetime.now(UTC))


def scratch_of(storage: Storage) -> Path:
    return storage.settings.state_dir / "scratch"


def test_what_a_killed_worker_left_is_gone_when_the_next_one_begins(storage: Storage) -> None:
    own = scratch_of(storage) / f"{storage.settings.executor}-digitize"
    left = own / "sohoa-killed" / "page.jpg"
    left.parent.mkdir(parents=True)
    left.write_bytes(b"a page")
    another = scratch_of(storage) / "elsewhere-0-digitize" / "page.jpg"
    another.parent.mkdir()
    another.write_bytes(b"the page of a worker that is alive")
    with digitizing(storage):
        assert not left.exists()
        assert own.stat().st_mode & 0o777 == 0o700
    assert not own.exists()
    assert another.is_file()


def test_a_paper_is_read_and_bound_in_the_folder_of_its_worker_alone(
    storages: Storages, tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(tmp_path)  # the state directory is a relative path, as it is by default
    storage = storages.open(storages.settings().model_copy(update={"state_dir": Path("state")}))
    dossier = open_office(storage, CREATED).dossier().code
    document = Documents(storage, DigitizeSettings()).accept(
        CLERK, dossier, [IncomingFile(SAMPLES / "can-cuoc-mau.png", "a.png")], NewDocument("GT1"), at=CREATED)
    with digitizing(storage) as worker:
        monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "no-such-folder"))  # who asks the system now fails
        worker.split(document.id)
        worker.read(document.id, 1)
        worker.bind(document.id)
    with storage.transactions.read() as tx:
        assert documents.find(tx, document.id).state is DocumentState.READ
    assert list(scratch_of(storage).iterdir()) == []
