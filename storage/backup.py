"""Backup and restore of everything in one TAR: records as JSON lines, objects by hash, files of the state directory.

The form is ours, not the database's: what was backed up from SQLite and files restores to PostgreSQL and S3,
and back. Queues are not in it: a restore queues everything unfinished again.
"""

from __future__ import annotations

import hashlib
import io
import json
import os
import re
import tarfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import date, datetime
from pathlib import Path, PurePosixPath
from tempfile import SpooledTemporaryFile
from typing import Any, BinaryIO, cast

import sqlalchemy as sa

from storage import pending
from storage.checking import referenced
from storage.columns import Row, UtcDateTime
from storage.database import Tx
from storage.errors import Kind, ServiceError
from storage.model import Sha256
from storage.objects import CHUNK_BYTES, ObjectDamaged, hash_file
from storage.opening import Storage
from storage.tools import scratch

FORMAT = "sohoa-backup-1"
SPOOL_BYTES = 8 * 1024 * 1024
VOLATILE = frozenset({"executors", "sessions", "access_tokens", "attempts"})
"""Not worth keeping: who is alive or signed in at the moment."""
NOT_STATE = ("objects", "records.sqlite3", "run.lock", "scratch")
BACKUPS = (".tar", ".tar.partial")
PUBLIC = "trust"
"""Folder of certificates. Everything else in the state directory is a secret: only with `with_secrets`, and
then the backup must be kept like them."""
OBJECT = re.compile(r"objects/[0-9a-f]{64}")


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
    """Write everything to `target` (appears whole or not at all, for its owner alone); returns counts.

    Records come from one snapshot; the objects they name never change, so they may follow. Raises
    ObjectMissing, ObjectDamaged: what could not be restored is no backup.
    """
    counts = {"records": 0, "objects": 0, "files": 0}
    with _appearing(target) as stream, tarfile.open(fileobj=stream, mode="w", format=tarfile.PAX_FORMAT) as tar:
        _add(tar, "manifest.json", json.dumps({"format": FORMAT}).encode())
        with storage.transactions.read() as tx:
            counts["records"] = sum(_add_table(tar, tx, table) for table in _tables())
            names = sorted(referenced(tx))
        for name in names:
            _add_object(tar, storage, name)
        counts["objects"] = len(names)
        for path, inside in _state_files(storage.settings.state_dir, with_secrets=with_secrets):
            _add(tar, f"state/{inside}", path.read_bytes())
            counts["files"] += 1
        _add(tar, "end.json", json.dumps(counts).encode())
    return counts


def restore(storage: Storage, source: Path) -> dict[str, int]:
    """Fill an empty, migrated system from a backup; every object is checked against its name.

    Raises NotEmpty, NotABackup (both before anything is written), ObjectDamaged. Records are committed last,
    so a restore that was cut off left an empty system and can be run again.
    """
    with storage.transactions.read() as tx:
        if any(tx.scalar(sa.select(sa.func.count()).select_from(table)) for table in _tables()
               if table.name != "sequences"):
            raise NotEmpty
    counts = {"records": 0, "objects": 0, "files": 0}
    try:
        promised = _inspect(source)
        with tarfile.open(source, mode="r:") as tar, scratch() as folder, storage.transactions.begin() as tx:
            _restore_members(tar, tx, storage, folder, counts)
            if counts != promised:
                raise NotABackup
            counts["queued"] = pending.requeue_all(storage.workflows, tx)
    except (tarfile.TarError, FileNotFoundError, KeyError, ValueError, TypeError, AttributeError, EOFError,
            sa.exc.StatementError) as cause:
        raise NotABackup from cause
    return counts


@contextmanager
def _appearing(target: Path) -> Iterator[BinaryIO]:
    """A file that appears under its name when the block ends well, durable, and else not at all."""
    partial = target.with_name(target.name + ".partial")
    descriptor = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    try:
        with os.fdopen(descriptor, "wb") as stream:
            yield stream
            stream.flush()
            os.fsync(stream.fileno())
        partial.replace(target)
    finally:
        partial.unlink(missing_ok=True)


def _inspect(source: Path) -> dict[str, int]:
    """Walk the archive without unpacking: whole, ours, and nothing in it that we never write; its own counts."""
    with tarfile.open(source, mode="r:") as tar:
        members = tar.getmembers()
        names = [member.name for member in members]
        if (len(set(names)) != len(names) or names[:1] != ["manifest.json"] or names[-1:] != ["end.json"]
                or not all(member.isreg() and _ours(member.name) for member in members)):
            raise NotABackup
        manifest, end = tar.extractfile(members[0]), tar.extractfile(members[-1])
        if manifest is None or end is None or json.load(manifest).get("format") != FORMAT:
            raise NotABackup
        promised: dict[str, int] = json.load(end)
    return promised


def _ours(name: str) -> bool:
    """Whether a backup of ours can have a member of this name; none leads out of the state directory."""
    kind, _, rest = name.partition("/")
    inside = PurePosixPath(rest)
    match kind:
        case "manifest.json" | "end.json":
            return rest == ""
        case "records":
            return rest in {f"{table.name}.jsonl" for table in _tables()}
        case "objects":
            return OBJECT.fullmatch(name) is not None
        case "state":
            return not inside.is_absolute() and ".." not in inside.parts and _is_state(inside)
        case _:
            return False


def _restore_members(tar: tarfile.TarFile, tx: Tx, storage: Storage, folder: Path, counts: dict[str, int]) -> None:
    """Put back every member of an archive that was inspected."""
    for member in tar:
        stream = tar.extractfile(member)
        if stream is None:
            raise NotABackup
        if member.name.startswith("records/"):
            counts["records"] += _restore_table(tx, member.name, stream)
        elif member.name.startswith("objects/"):
            _restore_object(storage, member.name, stream, folder)
            counts["objects"] += 1
        elif member.name.startswith("state/"):
            _restore_state(storage.settings.state_dir, member, stream)
            counts["files"] += 1


def _tables() -> list[sa.Table]:
    """Our tables in an order in which foreign keys can be filled."""
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
    rows = tx.execute(sa.select(table).order_by(*table.primary_key.columns)).mappings().all()
    lines = (json.dumps({name: _plain(value) for name, value in row.items()}, ensure_ascii=False).encode() + b"\n"
             for row in rows)
    _add_stream(tar, f"records/{table.name}.jsonl", lines)
    return len(rows)


def _plain(value: object) -> object:
    return value.isoformat() if isinstance(value, (datetime, date)) else value


def _restore_table(tx: Tx, member: str, stream: BinaryIO | Any) -> int:  # noqa: ANN401 - tarfile's own reader
    """Insert the rows of one table; links of a table to itself follow when all its rows are there."""
    table = Row.metadata.tables[member.removeprefix("records/").removesuffix(".jsonl")]
    readers = {column.name: _reader(column) for column in table.columns}
    own = [column.name for column in table.columns if any(key.column.table is table for key in column.foreign_keys)]
    if table.name == "sequences":
        tx.execute(sa.delete(table))
    count, links = 0, []
    for line in stream:
        stored: Mapping[str, Any] = json.loads(line)
        row = {name: readers[name](value) for name, value in stored.items()}
        later = {name: row.pop(name) for name in own if row.get(name) is not None}
        tx.execute(sa.insert(table).values(row))
        if later:
            links.append(([column == row[column.name] for column in table.primary_key.columns], later))
        count += 1
    for key, later in links:
        tx.execute(sa.update(table).where(*key).values(later))
    if count:
        _continue_numbering(tx, table)
    return count


def _continue_numbering(tx: Tx, table: sa.Table) -> None:
    """PostgreSQL counts generated ids apart from the rows; SQLite looks at the rows."""
    column = table.autoincrement_column
    if column is not None and tx.get_bind().dialect.name == "postgresql":
        serial = sa.func.pg_get_serial_sequence(table.name, column.name)
        tx.execute(sa.select(sa.func.setval(serial, sa.select(sa.func.max(column)).scalar_subquery())))


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
    digest = hashlib.sha256()

    def checked() -> Iterator[bytes]:
        for chunk in storage.objects.read(name):
            digest.update(chunk)
            yield chunk

    _add_stream(tar, f"objects/{name}", checked())
    if digest.hexdigest() != name:
        raise ObjectDamaged(sha256=name)


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


def _is_state(inside: PurePosixPath) -> bool:
    """Whether a path below the state directory belongs into a backup as a file."""
    return bool(inside.parts) and not inside.parts[0].startswith(NOT_STATE) and not inside.name.endswith(BACKUPS)


def _state_files(state: Path, *, with_secrets: bool) -> Iterator[tuple[Path, PurePosixPath]]:
    """Small files of the state directory: certificates always, everything else on demand."""
    for path in sorted(state.rglob("*")):
        inside = PurePosixPath(path.relative_to(state))
        if path.is_file() and not path.is_symlink() and _is_state(inside) and (
                with_secrets or PUBLIC in inside.parts[:-1]):
            yield path, inside


def _restore_state(state: Path, member: tarfile.TarInfo, stream: BinaryIO | Any) -> None:  # noqa: ANN401
    """Put one file back, never over one that is there."""
    target = state / member.name.removeprefix("state/")
    if target.exists():
        return
    target.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    descriptor = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as copy:
        copy.write(stream.read())
