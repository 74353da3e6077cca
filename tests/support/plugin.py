"""Fixtures of real servers and of storage on them: started on first use, once a test run, gone at its end."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from storage import schema
from storage.opening import Storage
from tests.support.servers import PostgresServer, S3Server, postgres_server, s3_server
from tests.support.storages import Database, Objects, Storages


@pytest.fixture(scope="session")
def postgres() -> Iterator[PostgresServer]:
    """A PostgreSQL server; ask it for a database of your own."""
    with postgres_server() as server:
        yield server


@pytest.fixture(scope="session")
def s3() -> Iterator[S3Server]:
    """An S3 server; ask it for a bucket of your own."""
    with s3_server() as server:
        yield server


@pytest.fixture
def postgres_url(postgres: PostgresServer) -> Iterator[str]:
    """The URL of a fresh, empty database, dropped after the test."""
    url = postgres.new_database()
    yield url
    postgres.drop_database(url)


@pytest.fixture(scope="session")
def migrated_sqlite(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A migrated, empty SQLite file to copy."""
    path = tmp_path_factory.mktemp("template") / "records.sqlite3"
    schema.migrate(f"sqlite:///{path}")
    return path


@pytest.fixture(scope="session")
def migrated_postgres(postgres: PostgresServer) -> str:
    """The URL of a migrated, empty database to copy."""
    url = postgres.new_database()
    schema.migrate(url)
    return url


@pytest.fixture
def storages(request: pytest.FixtureRequest, tmp_path: Path, migrated_sqlite: Path) -> Iterator[Storages]:
    """Makes storages of any kind: `storages.make("postgresql", "s3")`."""
    made = Storages(tmp_path, migrated_sqlite, postgres_template=lambda: request.getfixturevalue("migrated_postgres"),
                    postgres=lambda: request.getfixturevalue("postgres"), s3=lambda: request.getfixturevalue("s3"))
    yield made
    made.close()


@pytest.fixture
def storage(request: pytest.FixtureRequest, storages: Storages) -> Storage:
    """One empty storage: SQLite and files, unless the test is parametrised (indirectly) with (database, objects)."""
    database: Database
    objects: Objects
    database, objects = getattr(request, "param", ("sqlite", "filesystem"))
    return storages.make(database, objects)
