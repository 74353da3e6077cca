"""Migrations: from the same files to the same schema on both databases."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext

from storage import schema
from storage.columns import Row
from storage.database import open_engine
from storage.opening import open_storage
from storage.settings import StorageSettings
from tests.support.storages import DATABASES


@pytest.fixture(params=DATABASES)
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """An empty database."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'records.sqlite3'}"
    found: str = request.getfixturevalue("postgres_url")
    return found


@pytest.fixture
def engine(url: str) -> Iterator[sa.Engine]:
    opened = open_engine(url)
    yield opened
    opened.dispose()


def differences(engine: sa.Engine) -> list[object]:
    """What Alembic would change to make the database what the rows say."""
    options = {"compare_type": True, "include_object": lambda _thing, name, kind, *_rest: (
        kind != "table" or name in Row.metadata.tables)}
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts=options)
        return list(compare_metadata(context, Row.metadata))


def tables(engine: sa.Engine) -> set[str]:
    return set(sa.inspect(engine).get_table_names())


def test_the_migrated_schema_is_that_of_the_rows(url: str, engine: sa.Engine) -> None:
    schema.migrate(url)
    assert differences(engine) == []


def test_a_second_migration_changes_nothing(url: str, engine: sa.Engine) -> None:
    schema.migrate(url)
    before = tables(engine)
    schema.migrate(url)
    assert tables(engine) == before
    schema.check_current(url)


def test_down_and_up_again_leads_to_the_same_schema(url: str, engine: sa.Engine) -> None:
    schema.migrate(url)
    command.downgrade(schema.config(url), "base")
    assert not tables(engine) & set(Row.metadata.tables)
    command.upgrade(schema.config(url), "head")
    assert differences(engine) == []


def test_both_chains_have_a_head_after_the_first_migration(url: str, engine: sa.Engine) -> None:
    schema.migrate(url)
    with engine.connect() as connection:
        heads = connection.execute(sa.text("SELECT name, position FROM sequences ORDER BY name")).all()
    assert [tuple(head) for head in heads] == [("audit", 0), ("changes", 0)]


def test_our_tables_have_names_of_their_own(url: str, engine: sa.Engine) -> None:
    """DBOS keeps its unprefixed tables in the same SQLite file."""
    command.upgrade(schema.config(url), "head")
    ours = tables(engine)
    schema.migrate(url)
    assert ours == {*Row.metadata.tables, "alembic_version"}


def test_a_process_does_not_start_on_a_database_that_was_not_migrated(tmp_path: Path) -> None:
    with pytest.raises(schema.SchemaBehind):
        open_storage(StorageSettings(state_dir=tmp_path))
