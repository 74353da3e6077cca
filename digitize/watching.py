"""Hot folder: scanners and copiers drop files at `DIR/<dossier code>/<component>/`; each file becomes one document.

A file is taken when it has stopped growing, claimed by a rename (two watchers never take the same one),
and moved, never deleted: to `da-nhan` when it was taken in, to `tu-choi` with a note when it was not.
The idempotency key is made of its bytes and its place, so a crash between taking in and moving takes it in once.
"""

from __future__ import annotations

import contextlib
import logging
import threading
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from uuid import uuid4

from watchfiles import watch

from digitize.service import Documents, NewDocument
from storage.errors import ServiceError
from storage.model import Actor, Scope
from storage.objects import hash_file
from storage.uploads import IncomingFile

TAKEN, REFUSED, CLAIMED = "da-nhan", "tu-choi", ".dang-nhan"
OURS = frozenset({TAKEN, REFUSED, CLAIMED})
UNFINISHED = (".part", ".partial", ".tmp", ".crdownload")
STABLE_SECONDS = 2.0
RESCAN_SECONDS = 5.0

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Seen:
    """Size and time of change of a file at one look."""

    size: int
    changed_ns: int


class HotFolder:
    """Watches one folder; `look` is one round, `run` goes on until stopped."""

    def __init__(self, folder: Path, documents: Documents, clock: Callable[[], datetime],
                 unit: str | None = None) -> None:
        self._folder = folder
        self._documents = documents
        self._clock = clock
        self._actor = Actor(id="watch:hot-folder", scopes=frozenset({Scope.DOCUMENTS_WRITE}), unit=unit)
        self._seen: dict[Path, Seen] = {}

    def run(self, stop: threading.Event) -> None:
        """Rounds on every change and every few seconds: what was dropped while nobody watched is found as well."""
        self._resume_claimed()
        rounds = watch(self._folder, stop_event=stop, yield_on_timeout=True, recursive=True,
                       rust_timeout=int(STABLE_SECONDS * 1000), raise_interrupt=False)
        self.look()
        for _ in rounds:
            self.look()

    def look(self) -> int:
        """Take every file that has not changed since the last round; returns how many were taken or refused."""
        handled = 0
        waiting = [path for path in sorted(self._folder.glob("*/*/*")) if self._is_candidate(path)]
        self._seen = {path: seen for path, seen in self._seen.items() if path in waiting}
        for path in waiting:
            now = _stat(path)
            if now is None or self._seen.get(path) != now:
                if now is not None:
                    self._seen[path] = now
                continue
            handled += self._take(path)
        return handled

    def _is_candidate(self, path: Path) -> bool:
        hidden = any(part.startswith(".") for part in path.relative_to(self._folder).parts)
        return (path.is_file() and not path.is_symlink() and not hidden and not path.name.endswith(UNFINISHED)
                and not OURS & set(path.relative_to(self._folder).parts))

    def _take(self, path: Path) -> int:
        """Claim, take in, move. Returns 0 when another watcher was faster or the service is not there now."""
        dossier, component = path.relative_to(self._folder).parts[:2]
        claimed = path.parent / CLAIMED / path.name
        claimed.parent.mkdir(exist_ok=True)
        try:
            path.rename(claimed)
        except FileNotFoundError:
            return 0
        return self._take_claimed(claimed, dossier, component)

    def _take_claimed(self, claimed: Path, dossier: str, component: str) -> int:
        home = claimed.parent.parent
        key = f"{hash_file(claimed).sha256}:{dossier}:{component}"
        try:
            document = self._documents.accept(self._actor, dossier, [IncomingFile(claimed, claimed.name)],
                                              NewDocument(component=component), at=self._clock(), key=key)
        except ServiceError as fault:
            if fault.rule.retry:  # the service is away: the file goes back to where it lay
                claimed.rename(home / claimed.name)
                return 0
            moved = _move(claimed, home / REFUSED)
            moved.with_name(moved.name + ".txt").write_text(f"{fault.title}. {fault.detail}\n", encoding="utf-8")
            log.warning("refused", extra={"action": "hot-folder-refused", "code": fault.code})
            return 1
        _move(claimed, home / TAKEN)
        log.info("taken", extra={"action": "hot-folder-taken", "document": document.id})
        return 1

    def _resume_claimed(self) -> None:
        """What a killed watcher had claimed is taken up again."""
        for claimed in self._folder.glob(f"*/*/{CLAIMED}/*"):
            dossier, component = claimed.relative_to(self._folder).parts[:2]
            with contextlib.suppress(FileNotFoundError):  # its watcher is alive after all and has moved it
                self._take_claimed(claimed, dossier, component)


def _stat(path: Path) -> Seen | None:
    try:
        found = path.stat()
    except FileNotFoundError:
        return None
    return Seen(found.st_size, found.st_mtime_ns)


def _move(path: Path, folder: Path) -> Path:
    """Move into `folder` under a name that is free; nothing is ever overwritten."""
    folder.mkdir(exist_ok=True)
    target = folder / path.name
    if target.exists():
        target = folder / f"{path.stem}-{uuid4().hex[:8]}{path.suffix}"
    path.rename(target)
    return target
