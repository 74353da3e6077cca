"""Migrations: Alembic for our tables, DBOS for its own; from the same files on SQLite and PostgreSQL."""

from __future__ import annotations

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory

from storage import workflows
from storage.database import Transactions, open_engine, translated
from storage.errors import Kind, ServiceError

MIGRATIONS = Path(__file__).parent / "migrations"


class SchemaBehind(ServiceError):
    """The database was not migrated to the schema of this program."""

    code = "schema-behind"
    kind = Kind.UNAVAILABLE
    title = "Cơ sở dữ liệu chưa được nâng cấp"
    title_en = "Database schema is behind"
    advice = "Chạy python -m storage migrate rồi khởi động lại."


def config(url: str) -> Config:
    """Alembic's configuration, without an ini file."""
    settings = Config()
    settings.set_main_option("script_location", str(MIGRATIONS))
    settings.attributes["url"] = url
    return settings


def migrate(url: str) -> None:
    """Bring our tables and DBOS's to the newest schema; a second run does nothing. Raises DatabaseUnavailable."""
    with translated():
        command.upgrade(config(url), "head")
        workflows.migrate(url)


def check_current(url: str) -> None:
    """Raise SchemaBehind unless the schema is the newest; used at the start of every process.

    Raises DatabaseUnavailable.
    """
    head = ScriptDirectory.from_config(config(url)).get_current_head()
    engine = open_engine(url)
    try:
        with Transactions(engine).read() as tx:
            current = MigrationContext.configure(tx.connection()).get_current_revision()
    finally:
        engine.dispose()
    if current != head:
        raise SchemaBehind
