"""Local copies of objects: fetched once, kept while in use, bounded; and rates of public calls."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from starlette.requests import Request

from storage.filesystem import FilesystemStore
from storage.local_copies import LocalCopies
from storage.model import Sha256
from storage.objects import ObjectDamaged, ObjectMissing
from storage.rates import TooManyRequests, per_minute
from tests.support.crowds import at_once


@pytest.fixture
def store(tmp_path: Path) -> FilesystemStore:
    return FilesystemStore(tmp_path / "objects")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    path = tmp_path / "copies"
    path.mkdir()
    return path


def test_many_threads_see_one_whole_copy(store: FilesystemStore, folder: Path) -> None:
    name = store.put_bytes(b"x" * 3_000_000).sha256
    copies = LocalCopies(store, folder)

    def size(_number: int) -> int:
        with copies.path(name) as path:
            return path.stat().st_size

    assert at_once(6, size) == [3_000_000] * 6
    assert [path.name for path in folder.iterdir()] == [name]


def test_threads_that_ask_together_fetch_once_so_that_no_copy_is_cut_under_a_reader(
        store: FilesystemStore, folder: Path) -> None:
    fetched: list[str] = []

    class Counting(FilesystemStore):
        def fetch(self, sha256: Sha256, target: Path) -> None:
            fetched.append(sha256)
            super().fetch(sha256, target)

    names = [store.put_bytes(b"%d" % number).sha256 for number in range(100)]
    copies = LocalCopies(Counting(folder.parent / "objects"), folder)

    def ask(_number: int) -> None:
        for name in names:
            with copies.path(name):
                pass

    patient = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    try:
        at_once(4, ask)
    finally:
        sys.setswitchinterval(patient)
    assert sorted(fetched) == sorted(names)


def test_the_least_recently_used_goes_first_and_never_one_in_use(store: FilesystemStore, folder: Path) -> None:
    first, second, third = (store.put_bytes(content * 10).sha256 for content in (b"1", b"2", b"3"))
    copies = LocalCopies(store, folder, max_bytes=20)
    with copies.path(first) as held:
        for name in (second, third):
            with copies.path(name):
                pass
        assert held.read_bytes() == b"1" * 10
    assert {path.name for path in folder.iterdir()} == {first, third}


def test_an_object_that_is_absent_or_damaged_is_said_and_asked_for_again(
        store: FilesystemStore, folder: Path, tmp_path: Path) -> None:
    copies = LocalCopies(store, folder)
    name = store.put_bytes(b"scan").sha256
    inside = tmp_path / "objects" / name[:2] / name[2:4] / name
    inside.write_bytes(b"Scan")
    with pytest.raises(ObjectDamaged), copies.path(name):
        pass
    with pytest.raises(ObjectMissing), copies.path(Sha256("0" * 64)):
        pass
    inside.write_bytes(b"scan")
    with copies.path(name) as path:
        assert path.read_bytes() == b"scan"


def test_an_address_that_asks_too_often_waits_and_another_does_not() -> None:
    guard = per_minute("verify", 3)

    def ask(address: str) -> None:
        guard(Request({"type": "http", "client": (address, 1), "headers": []}))

    for _ in range(3):
        ask("192.0.2.1")
    with pytest.raises(TooManyRequests) as told:
        ask("192.0.2.1")
    ask("192.0.2.2")
    assert told.value.facts == {"retry_after": 60}
