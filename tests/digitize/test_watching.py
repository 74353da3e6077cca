"""The hot folder on a real storage: what is dropped becomes a document once, and nothing is ever lost."""

from __future__ import annotations

import fcntl
import shutil
import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from digitize.service import Documents
from digitize.settings import DigitizeSettings
from digitize.watching import CLAIMED, REFUSED, TAKEN, HotFolder
from storage import documents
from storage.model import Document
from storage.opening import Storage
from tests.storage.conftest import open_office

from .conftest import CREATED, SAMPLES

SCAN = "quyet-dinh-145.jpg"
SETTLED = timedelta(seconds=3)


class Corner:
    """A scanner's folder, the watcher on it, and a clock that is moved by hand."""

    def __init__(self, storage: Storage, folder: Path) -> None:
        self.storage, self.folder, self.now = storage, folder, CREATED
        self.dossier = open_office(storage, CREATED).dossier().code
        self.home = folder / self.dossier / "GT1"
        self.home.mkdir(parents=True)
        self.watcher = self.another()

    def another(self) -> HotFolder:
        return HotFolder(self.folder, Documents(self.storage, DigitizeSettings()), self.clock)

    def clock(self) -> datetime:
        return self.now

    def drop(self, name: str = "giay-to.jpg", folder: Path | None = None, content: bytes | None = None) -> Path:
        target = (folder or self.home) / name
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes((SAMPLES / SCAN).read_bytes() if content is None else content)
        return target

    def settle(self, watcher: HotFolder | None = None) -> int:
        """Two rounds, far enough from each other."""
        watcher = watcher or self.watcher
        before = watcher.look()
        self.now += SETTLED
        return before + watcher.look()

    def documents(self) -> tuple[Document, ...]:
        with self.storage.transactions.read() as tx:
            return documents.of_dossier(tx, self.dossier)

    def files(self) -> list[str]:
        return sorted(str(path.relative_to(self.home)) for path in self.home.rglob("*") if path.is_file())

    def note(self, folder: Path | None = None) -> str:
        return next(((folder or self.home) / REFUSED).glob("*.txt")).read_text("utf-8")


@pytest.fixture
def corner(storage: Storage, tmp_path: Path) -> Corner:
    return Corner(storage, tmp_path / "quet")


def test_a_dropped_file_becomes_one_document_and_moves(corner: Corner) -> None:
    corner.drop("Giấy tờ.jpg")
    assert corner.settle() == 1
    (document,) = corner.documents()
    assert (document.component_code, document.originals[0].file_name) == ("GT1", "Giấy tờ.jpg")
    assert corner.files() == [f"{TAKEN}/Giấy tờ.jpg"]
    assert corner.settle() == 0


def test_a_file_that_still_grows_is_left_alone_until_it_is_whole(corner: Corner) -> None:
    whole = (SAMPLES / SCAN).read_bytes()
    for part in (10, 5, 2):
        corner.drop(content=whole[:len(whole) // part])
        corner.now += SETTLED
        assert corner.watcher.look() == 0
    corner.drop()
    assert corner.settle() == 1
    assert corner.documents()[0].originals[0].size == len(whole)


def test_several_rounds_within_a_moment_do_not_make_a_file_settled(corner: Corner) -> None:
    corner.drop()
    assert [corner.watcher.look() for _ in range(5)] == [0] * 5
    assert corner.files() == ["giay-to.jpg"]


def test_an_empty_file_is_waited_for_until_its_scanner_is_through(corner: Corner) -> None:
    corner.drop(content=b"")
    assert corner.settle() == 0
    corner.drop()
    assert corner.settle() == 1
    assert len(corner.documents()) == 1


def test_a_file_that_stays_empty_is_refused_after_a_while(corner: Corner) -> None:
    corner.drop(content=b"")
    corner.settle()
    corner.now += timedelta(minutes=2)
    assert corner.watcher.look() == 1
    assert corner.files() == [f"{REFUSED}/giay-to.jpg", f"{REFUSED}/giay-to.jpg.txt"]


def test_a_bad_file_is_refused_with_a_note_and_kept(corner: Corner) -> None:
    corner.drop("bang.xls", content=b"no scan at all")
    assert corner.settle() == 1
    assert corner.files() == [f"{REFUSED}/bang.xls", f"{REFUSED}/bang.xls.txt"]
    assert (corner.home / REFUSED / "bang.xls").read_bytes() == b"no scan at all"
    assert "PDF" in corner.note()
    assert corner.documents() == ()


@pytest.mark.parametrize("folder", ["H99.99-260101-0001/GT1", "Hồ sơ/GT1", "h\udcff/GT1"])
def test_a_file_of_an_unknown_dossier_is_refused_beside_where_it_lay(corner: Corner, folder: str) -> None:
    home = corner.folder / folder
    corner.drop(folder=home)
    assert corner.settle() == 1
    assert (home / REFUSED / "giay-to.jpg").is_file()
    assert "hồ sơ" in corner.note(home)


@pytest.mark.parametrize("deeper", ["GT1/trang", "GT1/a/b", "."])
def test_a_file_too_deep_or_outside_is_refused_with_the_right_place_named(corner: Corner, deeper: str) -> None:
    home = corner.home.parent / deeper
    corner.drop(folder=home)
    assert corner.settle() == 1
    assert "<mã hồ sơ>/<mã thành phần>" in corner.note(home)
    assert corner.documents() == ()


@pytest.mark.parametrize("name", [".an.jpg", "giay-to.jpg.part", "giay-to.TMP", "Thumbs.db", "desktop.ini", "~$a.pdf"])
def test_hidden_unfinished_and_littered_files_stay_where_they_are(corner: Corner, name: str) -> None:
    corner.drop(name)
    assert corner.settle() == 0
    assert corner.files() == [name]


def test_a_link_out_of_the_folder_is_not_followed(corner: Corner, tmp_path: Path) -> None:
    outside = corner.drop(folder=tmp_path / "rieng")
    (corner.home / "giay-to.jpg").symlink_to(outside)
    (corner.home.parent / "GT2").symlink_to(outside.parent)
    assert corner.settle() == 0
    assert outside.is_file()


def test_a_second_file_of_the_same_name_overwrites_nothing(corner: Corner) -> None:
    corner.drop()
    corner.settle()
    corner.drop(content=(SAMPLES / "can-cuoc-mau.png").read_bytes())
    assert corner.settle() == 1
    assert (len(corner.documents()), len(corner.files())) == (2, 2)


def test_a_watcher_killed_between_taking_in_and_moving_takes_a_file_once(corner: Corner) -> None:
    first = corner.drop()
    corner.settle()
    shutil.move(corner.home / TAKEN / first.name, corner.home / CLAIMED / first.name)
    assert corner.settle(corner.another()) == 1
    assert (len(corner.documents()), corner.files()) == (1, [f"{TAKEN}/giay-to.jpg"])


def test_a_watcher_begins_with_what_was_left_and_ends_when_told(corner: Corner) -> None:
    corner.drop(folder=corner.home / CLAIMED)
    stop = threading.Event()
    stop.set()
    corner.watcher.run(stop)
    assert (len(corner.documents()), corner.files()) == (1, [f"{TAKEN}/giay-to.jpg"])


def test_what_a_living_watcher_holds_is_left_to_it(corner: Corner) -> None:
    claimed = corner.drop(folder=corner.home / CLAIMED)
    corner.drop(content=b"a new file of the same name")
    with claimed.open("rb") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        assert corner.settle() == 0
    assert corner.files() == [f"{CLAIMED}/giay-to.jpg", "giay-to.jpg"]
    assert corner.documents() == ()


def test_while_the_store_is_away_a_file_goes_back_and_is_taken_later(corner: Corner) -> None:
    corner.drop()
    objects = corner.storage.settings.state_dir / "objects"
    objects.rename(objects.with_name("away"))
    objects.write_bytes(b"")  # a file where the folder was: the disk is not mounted
    assert corner.settle() == 0
    assert corner.files() == ["giay-to.jpg"]
    objects.unlink()
    objects.with_name("away").rename(objects)
    assert corner.settle() == 1
    assert (len(corner.documents()), corner.files()) == (1, [f"{TAKEN}/giay-to.jpg"])


def test_two_watchers_at_once_take_every_file_once(corner: Corner) -> None:
    for number in range(4):
        corner.drop(f"giay-to-{number}.jpg", content=(SAMPLES / SCAN).read_bytes() + bytes(number))
    watchers = [corner.another(), corner.another()]
    for watcher in watchers:
        watcher.look()
    corner.now += SETTLED
    together = threading.Barrier(len(watchers))

    def look(watcher: HotFolder) -> int:
        together.wait()
        return watcher.look()

    with ThreadPoolExecutor(len(watchers)) as threads:
        assert sum(threads.map(look, watchers)) == 4
    assert (len(corner.documents()), len(corner.files())) == (4, 4)


def test_a_file_that_cannot_be_moved_stops_no_other_file(corner: Corner) -> None:
    blocked = corner.folder / "A" / "B"
    corner.drop(folder=blocked)
    (blocked / CLAIMED).write_bytes(b"a file where the watcher wants its folder")
    corner.drop()
    assert corner.settle() == 1
    assert len(corner.documents()) == 1
