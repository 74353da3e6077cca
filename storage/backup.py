"""Backup and restore of everything in one TAR: records as JSON lines, objects by hash, files of the state directory.

The form is ours, not the database's: what was backed up from SQLite and files restores to PostgreSQL and S3,
and back. Queues are not in it: a restore queues everything unfinished again.
"""

from __future__ import annotations

import io
import json
import os
import tarfile
from collections.abc import Callable, Iterator, Mapping
from datetime import date, datetime
from pathlib import Path
from tempfile import SpooledTemporaryFile
from typing import Any, BinaryIO, cast

import sqlalchemy as sa

from storage import pending
from storage.checking import referenced
from storage.database import Tx
from storage.errors import Kind, ServiceError
from storage.model import Sha256
from storage.objects import CHUNK_BYTES, ObjectDamaged, hash_file
from storage.opening import Storage
from storage.rows import Row, UtcDateTime
from storage.tools import scratch

FORMAT = "sohoa-backup-1"
SPOOL_BYTES = 8 * 1024 * 1024
VOLATILE = frozenset({"executors", "sessions", "access_tokens", "attempts"})
"""Not worth keeping: who is alive or signed in at the moment."""
NOT_STATE = ("objects", "records.sqlite3", "run.lock", "scratch")
PRIVATE = ("keys", "link.key", "demo-logins.txt")
"""Secrets of the state directory; only with `with_secrets`, and then the file must be kept like them."""


class NotEmpty(ServiceError):
    """A restore goes into an empty, migrated system only."""

    code = "restore-target-not-empty"
    kind = Kind.CONFLICT
    title = "Hệ thống đích không trống"
    title_en = "The target is not empty"
    advice = "Khôi phục vào cơ sở dữ liệu và thư mục mới, đã chạy python -m storage migrate."


class NotABackup(ServiceError):
    """The file is no backup of this service, or was cut short."""

    code = "not-a-backup"
    kind = Kind.INVALID
    title = "Tệp sao lưu không hợp lệ"
    title_en = "Not a backup"
    advice = "Chọn tệp do python -m storage backup tạo ra, còn nguyên vẹn."


def backup(storage: Storage, target: Path, *, with_secrets: bool = False) -> dict[str, int]:
    """Write everything to `target` (appears whole or not at all); returns counts.

    Records come from one snapshot; the objects they name never change, so they may follow.
    """
    partial = target.with_name(target.name + ".partial")
    counts = {"records": 0, "objects": 0, "files": 0}
    with partial.open("wb") as stream:
        with tarfile.open(fileobj=stream, mode="w", format=tarfile.PAX_FORMAT) as tar:
            _add(tar, "manifest.json", json.dumps({"format": FORMAT}).encode())
            with storage.transactions.read() as tx:
                counts["records"] = sum(_add_table(tar, tx, table) for table in _tables())
                names = sorted(referenced(tx))
            for name in names:
                _add_object(tar, storage, name)
            counts["objects"] = len(names)
            counts["files"] = _add_state(tar, storage.settings.state_dir, with_secrets=with_secrets)
            _add(tar, "end.json", json.dumps(counts).encode())
        stream.flush()
        os.fsync(stream.fileno())
    partial.replace(target)
    return counts


def restore(storage: Storage, source: Path) -> dict[str, int]:
    """Fill an empty, migrated system from a backup; every object is checked against its name.

    Raises NotEmpty, NotABackup, ObjectDamaged. Records are committed last, so a restore that was cut
    off left an empty system and can be run again.
    """
    with storage.transactions.read() as tx:
        if any(tx.scalar(sa.select(sa.func.count()).select_from(table)) for table in _tables()
               if table.name != "sequences"):
            raise NotEmpty
    counts = {"records": 0, "objects": 0, "files": 0}
    try:
        with tarfile.open(source, mode="r:") as tar, scratch() as folder, storage.transactions.begin() as tx:
            ended = _restore_members(tar, tx, storage, folder, counts)
            if not ended:
                raise NotABackup
            counts["queued"] = pending.requeue_all(storage.workflows, tx)
    except (tarfile.TarError, KeyError, ValueError, EOFError) as cause:
        raise NotABackup from cause
    return counts


def _restore_members(tar: tarfile.TarFile, tx: Tx, storage: Storage, folder: Path, counts: dict[str, int]) -> bool:
    """Walk the archive once; True when its end was there."""
    first, ended = True, False
    for member in tar:
        stream = tar.extractfile(member)
        if stream is None:
            continue
        if first:
            if member.name != "manifest.json" or json.load(stream).get("format") != FORMAT:
                raise NotABackup
            first = False
        elif member.name == "end.json":
            ended = True
        elif member.name.startswith("records/"):
            counts["records"] += _restore_table(tx, member.name, stream)
        elif member.name.startswith("objects/"):
            _restore_object(storage, member.name, stream, folder)
            counts["objects"] += 1
        elif member.name.startswith("state/"):
            _restore_state(storage.settings.state_dir, member, stream)
            counts["files"] += 1
    return ended


def _tables() -> list[sa.Table]:
    """Our tables in an order in which foreign keys can be filled; receipts by age, for their own links."""
    return [table for table in Row.metadata.sorted_tables if table.name not in VOLATILE]


def _add(tar: tarfile.TarFile, name: str, content: bytes) -> None:
    info = tarfile.TarInfo(name)
    info.size, info.mode = len(content), 0o600
    tar.addfile(info, io.BytesIO(content))


def _add_stream(tar: tarfile.TarFile, name: str, chunks: Iterator[bytes]) -> None:
    """Add what is streamed: a TAR wants the size first, so it is spooled."""
    with SpooledTemporaryFile(max_size=SPOOL_BYTES) as spool:
        for chunk in chunks:
            spool.write(chunk)
        info = tarfile.TarInfo(name)
        info.size, info.mode = spool.tell(), 0o600
        spool.seek(0)
        tar.addfile(info, cast("BinaryIO", spool))


def _add_table(tar: tarfile.TarFile, tx: Tx, table: sa.Table) -> int:
    order = [table.c.created_at] if table.name == "receipts" else list(table.primary_key.columns)
    rows = tx.execute(sa.select(table).order_by(*order)).mappings().all()
    lines = (json.dumps({name: _plain(value) for name, value in row.items()}, ensure_ascii=False).encode() + b"\n"
             for row in rows)
    _add_stream(tar, f"records/{table.name}.jsonl", lines)
    return len(rows)


def _plain(value: object) -> object:
    return value.isoformat() if isinstance(value, (datetime, date)) else value


def _restore_table(tx: Tx, member: str, stream: BinaryIO | Any) -> int:  # noqa: ANN401 - tarfile's own reader
    name = member.removeprefix("records/").removesuffix(".jsonl")
    table = Row.metadata.tables[name]
    readers = {column.name: _reader(column) for column in table.columns}
    if name == "sequences":
        tx.execute(sa.delete(table))
    count = 0
    for line in stream:
        row: Mapping[str, Any] = json.loads(line)
        tx.execute(sa.insert(table).values({key: readers[key](value) for key, value in row.items()}))
        count += 1
    return count


def _reader(column: sa.Column[Any]) -> Callable[[Any], Any]:
    """How a column's value comes back from JSON."""
    if isinstance(column.type, UtcDateTime):
        return lambda value: datetime.fromisoformat(value) if value is not None else None
    if isinstance(column.type, sa.Date):
        return lambda value: date.fromisoformat(value) if value is not None else None
    if isinstance(column.type, sa.JSON):
        return lambda value: sa.null() if value is None else value
    return lambda value: value


def _add_object(tar: tarfile.TarFile, storage: Storage, name: Sha256) -> None:
    _add_stream(tar, f"objects/{name}", storage.objects.read(name))


def _restore_object(storage: Storage, member: str, stream: BinaryIO | Any, folder: Path) -> None:  # noqa: ANN401
    """Check the bytes against the name before they enter the store."""
    path = folder / "object"
    with path.open("wb") as copy:
        while chunk := stream.read(CHUNK_BYTES):
            copy.write(chunk)
    name = Sha256(member.removeprefix("objects/"))
    if hash_file(path).sha256 != name:
        raise ObjectDamaged(sha256=name)
    storage.objects.put(path)


def _add_state(tar: tarfile.TarFile, state: Path, *, with_secrets: bool) -> int:
    """Small files of the state directory (trust anchors always, secrets on demand)."""
    count = 0
    for path in sorted(state.rglob("*")):
        inside = path.relative_to(state)
        if not path.is_file() or path.is_symlink() or inside.parts[0].startswith(NOT_STATE):
            continue
        if inside.parts[0] in PRIVATE and not with_secrets and "trust" not in inside.parts:
            continue
        _add(tar, f"state/{inside}", path.read_bytes())
        count += 1
    return count


def _restore_state(state: Path, member: tarfile.TarInfo, stream: BinaryIO | Any) -> None:  # noqa: ANN401
    """Put one file back, never outside the state directory, never over one that is there."""
    target = state / member.name.removeprefix("state/")
    if not target.resolve().is_relative_to(state.resolve()):
        raise NotABackup
    if target.exists():
        return
    target.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    descriptor = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as copy:
        copy.write(stream.read())
