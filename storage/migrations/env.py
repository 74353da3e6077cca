"""Alembic's entry: one engine, our metadata, nobody else's tables."""

from __future__ import annotations

from alembic import context
from sqlalchemy.schema import SchemaItem

import storage.rows  # noqa: F401 - fills the metadata
from storage.columns import Row
from storage.database import open_engine


def _ours(_thing: SchemaItem, name: str | None, type_: str, *_rest: object) -> bool:
    """DBOS keeps its tables in the same database; they are not ours to compare or drop."""
    return type_ != "table" or name in Row.metadata.tables


def run() -> None:
    """Run the migrations on the URL that the caller gave."""
    engine = open_engine(context.config.attributes["url"])
    with engine.connect() as connection:
        context.configure(connection=connection, target_metadata=Row.metadata, include_object=_ours,
                          render_as_batch=True)
        with context.begin_transaction():
            context.run_migrations()
        connection.commit()
    engine.dispose()


run()
