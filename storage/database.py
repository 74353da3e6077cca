"""Engines and transactions: SQLite (WAL, synchronous=FULL, BEGIN IMMEDIATE) or PostgreSQL, one behaviour."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import sqlalchemy as sa
from sqlalchemy import event
from sqlalchemy.engine import Engine, make_url
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

from storage.errors import Kind, ServiceError

BUSY_SECONDS = 30
"""SQLite writers queue by polling; the tail is long (measured 3 s at 8 writers), so wait generously."""

Tx = Session
"""A transaction: the caller opens it, passes it first, and it holds no network call."""


class DatabaseUnavailable(ServiceError):
    """The database does not answer, or a lock was not had in time; the same request may succeed later."""

    code = "database-unavailable"
    kind = Kind.UNAVAILABLE
    title = "Cơ sở dữ liệu tạm thời không phản hồi"
    title_en = "Database unavailable"
    advice = "Vui lòng thử lại sau ít phút."


def open_engine(url: str) -> Engine:
    """An engine with this service's rules; creates the folder of an SQLite file."""
    parsed = make_url(url)
    if parsed.get_backend_name() != "sqlite":
        return sa.create_engine(url, pool_pre_ping=True, pool_size=10, max_overflow=20)
    if parsed.database:
        Path(parsed.database).parent.mkdir(parents=True, exist_ok=True)
    engine = sa.create_engine(url, connect_args={"timeout": BUSY_SECONDS, "check_same_thread": False})
    event.listen(engine, "connect", _sqlite_connect)
    event.listen(engine, "begin", _sqlite_begin)
    return engine


def _sqlite_connect(connection: DBAPIConnection, _record: object) -> None:
    """Durable by default; autocommit mode, so that `_sqlite_begin` decides how a transaction opens."""
    connection.isolation_level = None
    cursor = connection.cursor()
    cursor.execute("PRAGMA journal_mode=WAL")
    cursor.execute("PRAGMA synchronous=FULL")
    cursor.execute("PRAGMA foreign_keys=ON")
    cursor.execute(f"PRAGMA busy_timeout={BUSY_SECONDS * 1000}")
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
        with _translated(), Session(self.engine, expire_on_commit=False) as session, session.begin():
            yield session

    @contextmanager
    def read(self) -> Iterator[Tx]:
        """A reading transaction on one snapshot; never blocks a writer, rolled back at the end."""
        with _translated(), Session(self._reader, expire_on_commit=False, autoflush=False) as session:
            if self.engine.dialect.name != "sqlite":
                session.connection(execution_options={"isolation_level": "REPEATABLE READ"})
            yield session
            session.rollback()


@contextmanager
def _translated() -> Iterator[None]:
    """Everything the drivers raise for "not now", in our words, cause kept."""
    try:
        yield
    except OperationalError as cause:
        raise DatabaseUnavailable from cause
