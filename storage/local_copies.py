"""Originals as local files for tools that need a path: fetched once, kept while they are in use, bounded in bytes."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from storage.model import Sha256
from storage.objects import ObjectStore

DEFAULT_BYTES = 2_000_000_000


class LocalCopies:
    """Read-only copies of objects in one scratch directory; the least recently used go first. Thread-safe."""

    def __init__(self, objects: ObjectStore, folder: Path, max_bytes: int = DEFAULT_BYTES) -> None:
        self._objects = objects
        self._folder = folder
        self._max_bytes = max_bytes
        self._lock = threading.Lock()
        self._kept: OrderedDict[Sha256, int] = OrderedDict()
        self._used: dict[Sha256, int] = {}
        self._fetching: dict[Sha256, threading.Lock] = {}

    @contextmanager
    def path(self, sha256: Sha256) -> Iterator[Path]:
        """The object as a file for the length of the block. Raises ObjectMissing, ObjectDamaged."""
        with self._lock:
            self._used[sha256] = self._used.get(sha256, 0) + 1
            fetching = self._fetching.setdefault(sha256, threading.Lock())
        target = self._folder / sha256
        try:
            with fetching:
                if sha256 not in self._kept:
                    self._objects.fetch(sha256, target)
                with self._lock:  # before the next one may look: a second fetch would cut the file under a reader
                    self._kept[sha256] = target.stat().st_size
                    self._kept.move_to_end(sha256)
            yield target
        finally:
            self._release(sha256)

    def _release(self, sha256: Sha256) -> None:
        with self._lock:
            self._used[sha256] -= 1
            if not self._used[sha256]:
                del self._used[sha256]
            total = sum(self._kept.values())
            for name in list(self._kept):
                if total <= self._max_bytes:
                    break
                if name not in self._used:
                    total -= self._kept.pop(name)
                    self._fetching.pop(name, None)
                    (self._folder / name).unlink(missing_ok=True)
