"""Hot folder: scanners and copiers drop files at `DIR/<dossier code>/<component>/`; each file becomes one document.

A file is taken when it has stopped growing, claimed by a rename and a lock that dies with its watcher (two
watchers never take the same one), and moved, never deleted: to `da-nhan` when it was taken in, to `tu-choi`
with a note when it was not. The idempotency key is made of its bytes and its place, so a crash between taking
in and moving takes it in once.
"""

from __future__ import annotations

import contextlib
import errno
import fcntl
import hashlib
import logging
import os
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from uuid import uuid4

from watchfiles import watch

from digitize.service import Documents, NewDocument
from storage.errors import ServiceError
from storage.idempotency import KeyBusy
from storage.model import Actor, Scope
from storage.objects import ObjectDamaged, hash_file
from storage.uploads import IncomingFile

TAKEN, REFUSED, CLAIMED = "da-nhan", "tu-choi", ".dang-nhan"
UNFINISHED = (".part", ".partial", ".tmp", ".crdownload")
LITTER = frozenset({"thumbs.db", "desktop.ini"})
"""What Windows leaves in shared folders."""
STABLE = timedelta(seconds=2)
EMPTY_STABLE = timedelta(minutes=1)
"""Many scanners make the file when the first sheet goes in and write it when the last one is out."""
MISPLACED = ("Tệp nằm sai chỗ. Đặt tệp ngay trong thư mục <mã hồ sơ>/<mã thành phần>: không để bên ngoài, "
             "không tạo thêm thư mục con.")

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Seen:
    """Size and time of change of a file, and when it was first seen so."""

    size: int
    changed_ns: int
    since: datetime


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
        rounds = watch(self._folder, stop_event=stop, yield_on_timeout=True, recursive=True,
                       rust_timeout=int(STABLE.total_seconds() * 1000), raise_interrupt=False)
        self.look()
        for _ in rounds:
            self.look()

    def look(self) -> int:
        """Take what a killed watcher had claimed, and every file that has not changed for a while.

        Returns how many were taken or refused. A file that cannot be moved now is left for the next round.
        """
        waiting, claimed = self._find()
        self._seen = {path: seen for path, seen in self._seen.items() if path in waiting}
        handled = 0
        for path in claimed:
            handled += self._guarded(path, self._take_claimed)
        for path in waiting:
            if self._has_settled(path):
                del self._seen[path]  # should it come back, it waits its time again, and does not spin
                handled += self._guarded(path, self._take)
        return handled

    def _find(self) -> tuple[list[Path], list[Path]]:
        """The files that wait and those that are claimed; links are not followed out of the folder."""
        waiting, claimed = [], []
        for place, folders, names in os.walk(self._folder):
            here = Path(place)
            folders[:] = sorted(one for one in folders
                                if one == CLAIMED or not (one.startswith(".") or one in {TAKEN, REFUSED}))
            found = [here / name for name in sorted(names)]
            if here.name == CLAIMED:
                folders.clear()
                claimed += found
            else:
                waiting += [path for path in found if _is_candidate(path)]
        return waiting, claimed

    def _has_settled(self, path: Path) -> bool:
        try:
            found = path.stat()
        except FileNotFoundError:
            return False
        now, seen = self._clock(), self._seen.get(path)
        if seen is None or (seen.size, seen.changed_ns) != (found.st_size, found.st_mtime_ns):
            self._seen[path] = Seen(found.st_size, found.st_mtime_ns, now)
            return False
        return now - seen.since >= (STABLE if found.st_size else EMPTY_STABLE)

    @staticmethod
    def _guarded(path: Path, take: Callable[[Path], int]) -> int:
        """A file that another watcher moved, or that the share does not let go, stops no other file."""
        try:
            return take(path)
        except FileNotFoundError:
            return 0
        except OSError as fault:
            log.warning("left", extra={"action": "hot-folder-left", "code": errno.errorcode.get(fault.errno or 0)})
            return 0

    def _take(self, path: Path) -> int:
        """Claim, take in, move. Returns 0 when another watcher was faster or the service is not there now."""
        claimed = path.parent / CLAIMED / path.name
        claimed.parent.mkdir(exist_ok=True)
        if claimed.exists():  # an earlier file of this name is still in work: it is never overwritten
            return 0
        path.rename(claimed)
        return self._take_claimed(claimed)

    def _take_claimed(self, claimed: Path) -> int:
        home = claimed.parent.parent
        with _locked(claimed) as mine:
            if not mine:
                return 0
            place = [os.fsencode(part).decode("utf-8", "replace") for part in home.relative_to(self._folder).parts]
            if len(place) != 2:
                return _refuse(claimed, MISPLACED, "misplaced")
            try:
                document = self._accept(claimed, *place)
            except (ObjectDamaged, KeyBusy):  # it grew after all, or its twin is being taken in: later
                _move(claimed, home)
                return 0
            except ServiceError as fault:
                if fault.rule.retry:  # the service is away: the file goes back to where it lay
                    _move(claimed, home)
                    return 0
                return _refuse(claimed, f"{fault.title}. {fault.detail}", fault.code)
            _move(claimed, home / TAKEN)
        log.info("taken", extra={"action": "hot-folder-taken", "document": document})
        return 1

    def _accept(self, claimed: Path, dossier: str, component: str) -> str:
        """The id of the document made of the file, now or before."""
        key = hashlib.sha256(f"{hash_file(claimed).sha256}:{dossier}:{component}".encode()).hexdigest()
        return self._documents.accept(self._actor, dossier, [IncomingFile(claimed, claimed.name)],
                                      NewDocument(component=component), at=self._clock(), key=key).id


def _is_candidate(path: Path) -> bool:
    name = path.name.lower()
    return (not name.startswith((".", "~$")) and not name.endswith(UNFINISHED) and name not in LITTER
            and path.is_file() and not path.is_symlink())


@contextlib.contextmanager
def _locked(path: Path) -> Iterator[bool]:
    """Whether the claimed file is ours for the length of the block; the lock goes when its process dies."""
    descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            yield False
            return
        yield os.path.samestat(path.stat(), os.fstat(descriptor))  # it may have been moved while we waited
    finally:
        os.close(descriptor)


def _refuse(claimed: Path, note: str, code: str) -> int:
    moved = _move(claimed, claimed.parent.parent / REFUSED)
    moved.with_name(moved.name + ".txt").write_text(f"{note}\n", encoding="utf-8")
    log.warning("refused", extra={"action": "hot-folder-refused", "code": code})
    return 1


def _move(path: Path, folder: Path) -> Path:
    """Move into `folder` under a name that is free; nothing is ever overwritten."""
    folder.mkdir(exist_ok=True)
    target = folder / path.name
    if target.exists():
        target = folder / f"{path.stem}-{uuid4().hex[:8]}{path.suffix}"
    path.rename(target)
    return target
