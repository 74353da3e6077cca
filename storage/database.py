"""Engines and transactions: SQLite (WAL, synchronous=FULL, BEGIN IMMEDIATE) or PostgreSQL, one behaviour."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import sqlalchemy as sa
from psycopg.types.json import Json
from sqlalchemy import event
from sqlalchemy.engine import Engine, make_url
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.exc import DataError, InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from sqlalchemy.orm import Session

from storage.errors import Kind, ServiceError

BUSY_SECONDS = 30
"""SQLite writers queue by polling; the tail is long (measured 3 s at 8 writers), so wait generously."""
CONNECT_SECONDS = 5
"""PostgreSQL that is away is said in seconds (libpq alone would wait for minutes)."""

Tx = Session
"""A transaction: the caller opens it, passes it first, and it holds no network call."""


class DatabaseUnavailable(ServiceError):
    """The database does not answer, or a lock was not had in time; the same request may succeed later."""

    code = "database-unavailable"
    kind = Kind.UNAVAILABLE
    title = "Cơ sở dữ liệu tạm thời không phản hồi"
    title_en = "Database unavailable"
    advice = "Vui lòng thử lại sau ít phút."


class ValueRefused(ServiceError):
    """A text holds a character that no database keeps (NUL), or does not fit its column."""

    code = "value-refused"
    kind = Kind.INVALID
    title = "Giá trị không lưu được"
    title_en = "Value refused"
    advice = "Bỏ ký tự điều khiển hoặc rút ngắn nội dung rồi gửi lại."


def open_engine(url: str, *, busy_seconds: float = BUSY_SECONDS) -> Engine:
    """An engine with this service's rules; creates an SQLite file for its owner alone.

    A lock is waited for `busy_seconds`. Parameters stay out of messages and logs: they are citizens' data.
    """
    parsed = make_url(url)
    if parsed.get_backend_name() != "sqlite":
        waits = {"connect_timeout": CONNECT_SECONDS, "options": f"-c lock_timeout={busy_seconds * 1000:.0f}"}
        engine = sa.create_engine(url, pool_pre_ping=True, pool_size=10, max_overflow=20, hide_parameters=True,
                                  json_serializer=_json, connect_args=waits)
    else:
        if parsed.database:
            _create_private(Path(parsed.database))
        engine = sa.create_engine(url, hide_parameters=True, json_serializer=_json,
                                  connect_args={"timeout": busy_seconds, "check_same_thread": False})
        event.listen(engine, "connect", _sqlite_connect)
        event.listen(engine, "begin", _sqlite_begin)
    event.listen(engine, "before_cursor_execute", _refuse_unkept)
    return engine


def _create_private(file: Path) -> None:
    """The folder and an empty file with rights for this account alone (SQLite's own would be world-readable)."""
    file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    if not file.exists():
        file.touch(mode=0o600)


def _refuse_unkept(_connection: object, _cursor: object, _statement: str, parameters: object, *_rest: object) -> None:
    """Refuse text that PostgreSQL keeps not (NUL) or nobody can encode (half a surrogate pair out of JSON).

    SQLite would keep some of it, and then such a record could never be shown, signed or moved.
    """
    match parameters:
        case Json():
            _refuse_unkept(None, None, "", parameters.obj)
        case str():
            if "\0" in parameters or "\\u0000" in parameters or any("\ud800" <= one <= "\udfff" for one in parameters):
                raise ValueRefused
        case Mapping():
            for value in parameters.values():
                _refuse_unkept(None, None, "", value)
        case list() | tuple():
            for value in parameters:
                _refuse_unkept(None, None, "", value)
        case _:
            pass


def _json(value: object) -> str:
    """Letters as they are, so that they are checked and read like those of any text."""
    return json.dumps(value, ensure_ascii=False)


def _sqlite_connect(connection: DBAPIConnection, _record: object) -> None:
    """Durable by default; autocommit mode, so that `_sqlite_begin` decides how a transaction opens."""
    connection.isolation_level = None
    cursor = connection.cursor()
    cursor.execute("PRAGMA journal_mode=WAL")
    cursor.execute("PRAGMA synchronous=FULL")
    cursor.execute("PRAGMA foreign_keys=ON")
    cursor.close()


def _sqlite_begin(connection: sa.Connection) -> None:
    """Readers take a deferred snapshot; writers take the write lock at once, so they never deadlock upgrading."""
    reading = connection.get_execution_options().get("reading", False)
    connection.exec_driver_sql("BEGIN" if reading else "BEGIN IMMEDIATE")


class Transactions:
    """Opens transactions on one engine."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self._reader = engine.execution_options(reading=True)

    @contextmanager
    def begin(self) -> Iterator[Tx]:
        """A writing transaction: commits at the end, rolls back on any error."""
        with translated(), Session(self.engine, expire_on_commit=False) as session, session.begin():
            yield session

    @contextmanager
    def read(self) -> Iterator[Tx]:
        """A reading transaction on one snapshot; never blocks a writer, rolled back at the end."""
        with translated(), Session(self._reader, expire_on_commit=False, autoflush=False) as session:
            if self.engine.dialect.name != "sqlite":
                session.connection(execution_options={"isolation_level": "REPEATABLE READ"})
            yield session
            session.expunge_all()  # a rollback would expire what was read
            session.rollback()


@contextmanager
def translated() -> Iterator[None]:
    """Everything the drivers raise for "not now" and "not that", in our words, cause kept."""
    try:
        yield
    except (OperationalError, InterfaceError, PoolTimeoutError) as cause:
        if getattr(getattr(cause, "orig", None), "sqlite_errorname", "") == "SQLITE_ERROR":
            raise  # wrong SQL or an absent table: a defect, and no time heals it
        raise DatabaseUnavailable from cause
    except DataError as cause:
        raise ValueRefused from cause
