"""Opened storage for tests, on every pair of database and object store; migrated once and copied after that."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

import pytest
from pydantic import SecretStr

from storage.opening import Storage, open_storage
from storage.settings import StorageSettings
from tests.support.servers import PostgresServer, S3Server

Database = Literal["sqlite", "postgresql"]
Objects = Literal["filesystem", "s3"]

DATABASES = ["sqlite", pytest.param("postgresql", marks=pytest.mark.slow)]
"""Parameters of a contract test over both databases; the one with a server is slow."""
STORES = ["filesystem", pytest.param("s3", marks=pytest.mark.slow)]
"""The same over both object stores."""


@dataclass
class Storages:
    """Makes settings and opened storages below one folder; servers are started when first asked for."""

    folder: Path
    sqlite_template: Path
    postgres_template: Callable[[], str]
    postgres: Callable[[], PostgresServer]
    s3: Callable[[], S3Server]
    opened: list[Storage] = field(default_factory=list)
    databases: list[str] = field(default_factory=list)

    def settings(self, database: Database = "sqlite", objects: Objects = "filesystem", *,
                 name: str = "state") -> StorageSettings:
        """Settings of a fresh, migrated, empty system in the sub-folder `name`."""
        state = self.folder / name
        state.mkdir(mode=0o700)
        values: dict[str, object] = {"state_dir": state, "executor": f"{name}-0"}
        if database == "sqlite":
            shutil.copy(self.sqlite_template, state / "records.sqlite3")
        else:
            url = self.postgres().new_database(self.postgres_template())
            self.databases.append(url)
            values["database_url"] = SecretStr(url)
        if objects == "s3":
            server = self.s3()
            values |= {"s3_endpoint": server.endpoint, "s3_bucket": server.new_bucket(), "s3_secure": False,
                       "s3_access_key": SecretStr(server.access_key), "s3_secret_key": SecretStr(server.secret_key)}
        return StorageSettings.model_validate(values)

    def open(self, settings: StorageSettings) -> Storage:
        """Open a storage once more (another process would do the same); closed after the test."""
        storage = open_storage(settings)
        self.opened.append(storage)
        return storage

    def make(self, database: Database = "sqlite", objects: Objects = "filesystem", *, name: str = "state") -> Storage:
        """A fresh, migrated, empty storage."""
        return self.open(self.settings(database, objects, name=name))

    def close(self) -> None:
        """Close what was opened, drop what was created."""
        for storage in self.opened:
            storage.close()
        for url in self.databases:
            self.postgres().drop_database(url)


def environment(settings: StorageSettings) -> dict[str, str]:
    """The settings as variables, for a process started by a test."""
    found = {}
    for name, value in settings:
        if value is not None:
            plain = value.get_secret_value() if isinstance(value, SecretStr) else str(value)
            found[f"SOHOA_STORAGE__{name.upper()}"] = plain
    return found
