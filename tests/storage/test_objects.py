"""One contract over both object stores, and what each promises beyond it."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from storage.filesystem import FilesystemStore
from storage.model import Sha256
from storage.objects import (
    CHUNK_BYTES,
    ObjectDamaged,
    ObjectMissing,
    ObjectStore,
    StoreUnavailable,
    hash_bytes,
    read_all,
)
from storage.s3 import S3Store, connect
from tests.support.servers import S3Server, free_ports
from tests.support.storages import STORES

ABSENT = Sha256("0" * 64)
ROOT = Path(__file__).parents[2]


@pytest.fixture(params=STORES)
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[ObjectStore]:
    if request.param == "filesystem":
        yield FilesystemStore(tmp_path / "objects")
        return
    server: S3Server = request.getfixturevalue("s3")
    opened = S3Store(connect(server.endpoint, server.access_key, server.secret_key, secure=False), server.new_bucket())
    opened.prepare()
    yield opened


def test_the_same_bytes_put_twice_are_one_object(store: ObjectStore, tmp_path: Path) -> None:
    source = tmp_path / "source"
    source.write_bytes(b"hai lan")
    first = store.put(source)
    assert store.put(source) == store.put_bytes(b"hai lan") == first
    assert list(store.names()) == [first.sha256] == [hash_bytes(b"hai lan")]
    assert source.read_bytes() == b"hai lan"


@pytest.mark.parametrize(("start", "length"), [(0, None), (3, None), (0, 4), (2, 3), (9, 5), (4, 0), (10, None),
                                               (10, 1), (50, 2)])
def test_a_range_is_the_slice_of_the_bytes(store: ObjectStore, start: int, length: int | None) -> None:
    content = b"0123456789"
    name = store.put_bytes(content).sha256
    end = None if length is None else start + length
    assert b"".join(store.read(name, start, length)) == content[start:end]


def test_an_absent_object_is_said_before_the_first_chunk(store: ObjectStore, tmp_path: Path) -> None:
    for ask in (lambda: store.size(ABSENT), lambda: store.read(ABSENT), lambda: store.read(ABSENT, 0, 0),
                lambda: store.read(ABSENT, 5, 2), lambda: store.fetch(ABSENT, tmp_path / "copy")):
        with pytest.raises(ObjectMissing):
            ask()


def test_an_empty_object_is_an_object(store: ObjectStore, tmp_path: Path) -> None:
    kept = store.put_bytes(b"")
    store.fetch(kept.sha256, tmp_path / "copy")
    assert (kept.size, store.size(kept.sha256), (tmp_path / "copy").read_bytes()) == (0, 0, b"")


def test_twenty_megabytes_come_back_as_they_went(store: ObjectStore, tmp_path: Path) -> None:
    source, copy = tmp_path / "source", tmp_path / "copy"
    source.write_bytes(os.urandom(20 * 1024 * 1024))
    kept = store.put(source)
    store.fetch(kept.sha256, copy)
    assert copy.read_bytes() == source.read_bytes()
    assert b"".join(store.read(kept.sha256, 5 * CHUNK_BYTES - 1, 2)) == source.read_bytes()[5 * CHUNK_BYTES - 1:][:2]


def test_a_deleted_object_is_gone_and_deleting_again_is_no_error(store: ObjectStore) -> None:
    keep, drop = store.put_bytes(b"keep").sha256, store.put_bytes(b"drop").sha256
    store.delete(drop)
    store.delete(drop)
    assert list(store.names()) == [keep]
    with pytest.raises(ObjectMissing):
        store.size(drop)


def test_a_usable_store_says_that_it_is_ready(store: ObjectStore) -> None:
    store.ready()


# ------------------------------------------------------------------------------------------ filesystem alone
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=50)
@given(content=st.binary(max_size=200), start=st.integers(0, 250), length=st.none() | st.integers(0, 250))
def test_any_range_of_any_file_is_its_slice(tmp_path: Path, content: bytes, start: int, length: int | None) -> None:
    store = FilesystemStore(tmp_path / "objects")
    name = store.put_bytes(content).sha256
    end = None if length is None else start + length
    assert b"".join(store.read(name, start, length)) == content[start:end]


def test_one_flipped_byte_is_found_and_no_copy_stays(tmp_path: Path) -> None:
    store = FilesystemStore(tmp_path / "objects")
    name = store.put_bytes(b"mot to giay").sha256
    damaged = tmp_path / "objects" / name[:2] / name[2:4] / name
    damaged.write_bytes(b"Mot to giay")
    with pytest.raises(ObjectDamaged):
        store.fetch(name, tmp_path / "copy")
    with pytest.raises(ObjectDamaged):
        read_all(store, name)
    assert not (tmp_path / "copy").exists()


@pytest.mark.parametrize("name", ["", "../../etc/passwd", "AB" * 32, "ab" * 33])
def test_what_is_no_hash_is_no_object(tmp_path: Path, name: str) -> None:
    with pytest.raises(ObjectMissing):
        FilesystemStore(tmp_path / "objects").size(Sha256(name))


PUT_FOR_EVER = """
import sys
from pathlib import Path
from storage.filesystem import FilesystemStore
store = FilesystemStore(Path(sys.argv[1]))
print("ready", flush=True)
for number in range(1_000_000):
    store.put_bytes(b"%d " % number * 300_000)
"""


def test_a_writer_killed_in_the_middle_leaves_no_half_object(tmp_path: Path) -> None:
    root = tmp_path / "objects"
    with subprocess.Popen([sys.executable, "-c", PUT_FOR_EVER, root], cwd=ROOT, stdout=subprocess.PIPE) as child:
        assert child.stdout is not None
        assert child.stdout.readline() == b"ready\n"
        while not any(root.glob("??/??/*")) or not any((root / "partial").iterdir()):
            assert child.poll() is None
        child.send_signal(signal.SIGKILL)
    store = FilesystemStore(root)
    names = list(store.names())
    assert names
    assert all(hash_bytes(b"".join(store.read(name))) == name for name in names)


def test_unfinished_writes_of_yesterday_are_swept_away_at_the_next_opening(tmp_path: Path) -> None:
    store = FilesystemStore(tmp_path)
    old, new = tmp_path / "partial" / "old", tmp_path / "partial" / "new"
    for path in (old, new):
        path.touch()
    os.utime(old, (0, time.time() - 100_000))
    FilesystemStore(tmp_path)
    assert (old.exists(), new.exists(), list(store.names())) == (False, True, [])


def test_a_source_that_changes_while_it_is_read_is_not_kept_under_a_wrong_name(tmp_path: Path) -> None:
    """Such a file cannot be had on purpose, so a second reading of a pipe-like device stands for it."""
    store = FilesystemStore(tmp_path / "objects")
    target = store._path(hash_bytes(b"first"))
    with pytest.raises(ObjectDamaged):
        store._keep(target, iter([b"other"]))
    assert (list(store.names()), list((tmp_path / "objects" / "partial").iterdir())) == ([], [])


def test_a_root_that_cannot_be_made_is_said(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(StoreUnavailable):
        FilesystemStore(tmp_path / "file" / "objects")


def test_a_root_that_is_gone_is_not_ready_and_takes_nothing(tmp_path: Path) -> None:
    store = FilesystemStore(tmp_path / "objects")
    shutil.rmtree(tmp_path / "objects")
    with pytest.raises(StoreUnavailable):
        store.ready()
    with pytest.raises(StoreUnavailable):
        store.put_bytes(b"anything")


# -------------------------------------------------------------------------------------------------- S3 alone
def test_an_s3_store_that_is_away_is_said_in_seconds(tmp_path: Path) -> None:
    away = S3Store(connect(f"127.0.0.1:{free_ports(1)[0]}", "a", "b", secure=False), "bucket")
    began = time.monotonic()
    for ask in (away.ready, away.prepare, lambda: away.size(ABSENT), lambda: away.put_bytes(b"x"),
                lambda: away.fetch(ABSENT, tmp_path / "copy"), lambda: list(away.names())):
        with pytest.raises(StoreUnavailable):
            ask()
    assert time.monotonic() - began < 10


@pytest.mark.slow
def test_a_wrong_key_or_an_absent_bucket_is_no_missing_object(s3: S3Server) -> None:
    for key, bucket in (("wrong", "ready"), (s3.access_key, "no-such-bucket")):
        store = S3Store(connect(s3.endpoint, key, s3.secret_key, secure=False), bucket)
        with pytest.raises(StoreUnavailable):
            store.ready()
