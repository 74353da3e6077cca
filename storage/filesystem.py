"""Object store in a local directory: temporary name, hash, fsync, rename, fsync of the directory."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path
from tempfile import NamedTemporaryFile

from storage.model import Sha256
from storage.objects import (
    CHUNK_BYTES,
    ObjectDamaged,
    ObjectMissing,
    StoredObject,
    StoreUnavailable,
    hash_bytes,
    hash_file,
)

PARTIAL = ".partial"


class FilesystemStore:
    """`root/ab/cd/<sha256>`; survives kill -9 and power loss between any two calls (ObjectStore)."""

    def __init__(self, root: Path) -> None:
        self._root = root
        try:
            root.mkdir(parents=True, exist_ok=True, mode=0o700)
        except OSError as cause:
            raise StoreUnavailable from cause

    def put(self, source: Path) -> StoredObject:
        """Copy `source` in; returns at once when the bytes are there already."""
        stored = hash_file(source)
        target = self._path(stored.sha256)
        if not target.exists():
            with source.open("rb") as stream:
                self._write(target, iter(lambda: stream.read(CHUNK_BYTES), b""))
        return stored

    def put_bytes(self, content: bytes) -> StoredObject:
        """Write `content` under its hash."""
        stored = StoredObject(hash_bytes(content), len(content))
        target = self._path(stored.sha256)
        if not target.exists():
            self._write(target, iter([content]))
        return stored

    def size(self, sha256: Sha256) -> int:
        """Bytes of an object."""
        try:
            return self._path(sha256).stat().st_size
        except FileNotFoundError as cause:
            raise ObjectMissing(sha256=sha256) from cause

    def read(self, sha256: Sha256, start: int = 0, length: int | None = None) -> Iterator[bytes]:
        """Chunks from `start`; the file is opened now, so that a missing one is said now."""
        try:
            stream = self._path(sha256).open("rb")
        except FileNotFoundError as cause:
            raise ObjectMissing(sha256=sha256) from cause

        def chunks() -> Iterator[bytes]:
            with stream:
                stream.seek(start)
                left = length
                while chunk := stream.read(CHUNK_BYTES if left is None else min(CHUNK_BYTES, left)):
                    yield chunk
                    if left is not None:
                        left -= len(chunk)

        return chunks()

    def fetch(self, sha256: Sha256, target: Path) -> None:
        """Copy out and check."""
        with target.open("wb") as stream:
            for chunk in self.read(sha256):
                stream.write(chunk)
        if hash_file(target).sha256 != sha256:
            target.unlink()
            raise ObjectDamaged(sha256=sha256)

    def names(self) -> Iterator[Sha256]:
        """All whole objects, in order of their names; unfinished writes are not objects."""
        for path in sorted(self._root.glob("??/??/*")):
            if not path.name.endswith(PARTIAL):
                yield Sha256(path.name)

    def delete(self, sha256: Sha256) -> None:
        """Unlink, durable."""
        path = self._path(sha256)
        with contextlib.suppress(FileNotFoundError):
            path.unlink()
            _sync_directory(path.parent)

    def ready(self) -> None:
        """The root can be written."""
        if not os.access(self._root, os.W_OK):
            raise StoreUnavailable

    def _path(self, sha256: Sha256) -> Path:
        if len(sha256) != 64 or not set(sha256) <= set("0123456789abcdef"):
            raise ObjectMissing(sha256=sha256[:64])
        return self._root / sha256[:2] / sha256[2:4] / sha256

    def _write(self, target: Path, chunks: Iterator[bytes]) -> None:
        """Write beside the target, sync, rename: a reader sees the whole object or none."""
        target.parent.mkdir(parents=True, exist_ok=True)
        _sync_directory(self._root)
        _sync_directory(target.parent.parent)
        with NamedTemporaryFile(dir=target.parent, prefix=target.name[:8], suffix=PARTIAL, delete=False) as stream:
            try:
                for chunk in chunks:
                    stream.write(chunk)
                stream.flush()
                os.fsync(stream.fileno())
                Path(stream.name).replace(target)
            except BaseException:
                Path(stream.name).unlink(missing_ok=True)
                raise
        _sync_directory(target.parent)


def _sync_directory(path: Path) -> None:
    """A rename is durable only when its directory is."""
    descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
