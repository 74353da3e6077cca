"""Object store in a local directory: temporary name, hash, fsync, rename, fsync of the directory."""

from __future__ import annotations

import contextlib
import hashlib
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import NamedTemporaryFile

from storage.model import Sha256
from storage.objects import (
    CHUNK_BYTES,
    ObjectDamaged,
    ObjectMissing,
    StoredObject,
    StoreUnavailable,
    copy_out,
    hash_bytes,
    hash_file,
)

PARTIAL = "partial"
"""Folder of unfinished writes, beside the objects on the same file system."""
STALE_SECONDS = 86_400.0
"""An unfinished write of a day ago has no writer any more; it is removed when the store is opened."""


class FilesystemStore:
    """`root/ab/cd/<sha256>`; survives kill -9 and power loss between any two calls (ObjectStore)."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._partial = root / PARTIAL
        with _translated():
            root.mkdir(parents=True, exist_ok=True, mode=0o700)
            self._partial.mkdir(exist_ok=True, mode=0o700)
            self._sweep(time.time() - STALE_SECONDS)

    def put(self, source: Path) -> StoredObject:
        """Copy `source` in; returns at once when the bytes are there already."""
        stored = hash_file(source)
        with source.open("rb") as stream:
            self._keep(self._path(stored.sha256), iter(lambda: stream.read(CHUNK_BYTES), b""))
        return stored

    def put_bytes(self, content: bytes) -> StoredObject:
        """Write `content` under its hash."""
        stored = StoredObject(hash_bytes(content), len(content))
        self._keep(self._path(stored.sha256), iter([content]))
        return stored

    def size(self, sha256: Sha256) -> int:
        """Bytes of an object."""
        with _translated(sha256):
            return self._path(sha256).stat().st_size

    def read(self, sha256: Sha256, start: int = 0, length: int | None = None) -> Iterator[bytes]:
        """Chunks from `start`; a missing file is said now, and opened only when somebody reads."""
        self.size(sha256)

        def chunks() -> Iterator[bytes]:
            with _translated(sha256), self._path(sha256).open("rb") as stream:
                stream.seek(start)
                left = length
                while chunk := stream.read(CHUNK_BYTES if left is None else min(CHUNK_BYTES, left)):
                    yield chunk
                    if left is not None:
                        left -= len(chunk)

        return chunks()

    def fetch(self, sha256: Sha256, target: Path) -> None:
        """Copy out and check."""
        copy_out(self.read(sha256), sha256, target)

    def names(self) -> Iterator[Sha256]:
        """All whole objects, in order of their names; unfinished writes are not objects."""
        for path in sorted(self._root.glob("??/??/*")):
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

    def _keep(self, target: Path, chunks: Iterator[bytes]) -> None:
        """Write aside, sync, rename: a reader sees the whole object or none. Durable when it returns."""
        with _translated():
            if not target.exists():
                target.parent.mkdir(parents=True, exist_ok=True)
                _sync_directory(self._root)
                _sync_directory(target.parent.parent)
                self._write(target, chunks)
            _sync_directory(target.parent)  # also when another writer has just renamed it and is not yet here

    def _write(self, target: Path, chunks: Iterator[bytes]) -> None:
        """Raises ObjectDamaged when the bytes are no longer those that were hashed (the source was changed)."""
        digest = hashlib.sha256()
        with NamedTemporaryFile(dir=self._partial, prefix=target.name[:8], delete=False) as stream:
            written = Path(stream.name)
            try:
                for chunk in chunks:
                    digest.update(chunk)
                    stream.write(chunk)
                stream.flush()
                os.fsync(stream.fileno())
                if digest.hexdigest() == target.name:
                    written.replace(target)
            finally:
                written.unlink(missing_ok=True)
        if digest.hexdigest() != target.name:
            raise ObjectDamaged(sha256=target.name)

    def _sweep(self, before: float) -> None:
        """Remove what writers that were killed left behind."""
        for path in self._partial.iterdir():
            with contextlib.suppress(FileNotFoundError):
                if path.stat().st_mtime < before:
                    path.unlink()


@contextmanager
def _translated(sha256: Sha256 | None = None) -> Iterator[None]:
    """What the system raises, in our words, cause kept: a full disk is "not now", an absent file is missing."""
    try:
        yield
    except FileNotFoundError as cause:
        if sha256 is None:
            raise StoreUnavailable from cause
        raise ObjectMissing(sha256=sha256) from cause
    except OSError as cause:
        raise StoreUnavailable from cause


def _sync_directory(path: Path) -> None:
    """A rename is durable only when its directory is."""
    descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
