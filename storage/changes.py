"""The change feed and the sequencer that gives positions after the commit.

Positions are given in one place, one transaction at a time, so the feed has no gap and no row ever
appears behind a cursor that has passed it; the business transactions themselves serialise on nothing.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select, update

from storage import audit
from storage.database import Transactions, Tx
from storage.ids import ordered_id
from storage.model import Change
from storage.rows import AuditRow, ChangeRow, SequenceRow

BATCH = 500
GENESIS = "0" * 64


def emit(tx: Tx, change_type: str, subject: str, at: datetime, *, dossier_code: str | None = None,
         unit: str | None = None, facts: dict[str, object] | None = None) -> None:
    """Tell the feed, inside the caller's transaction. Facts: roles, sizes, SHA-256, codes; no personal data."""
    tx.add(ChangeRow(id=ordered_id(), at=at, type=change_type, dossier_code=dossier_code, unit=unit,
                     subject=subject, facts=facts or {}))


def sequence(transactions: Transactions) -> int:
    """Place what is committed and unplaced, oldest first; returns how many rows were placed.

    The row of each chain in `sequences` is the lock: two sequencers at once wait for each other.
    """
    return _sequence_changes(transactions) + _sequence_audit(transactions)


def _unplaced(transactions: Transactions, row: type[ChangeRow | AuditRow]) -> bool:
    """A cheap look without the write lock: usually there is nothing to do."""
    with transactions.read() as tx:
        return tx.scalar(select(row.id).where(row.position.is_(None)).limit(1)) is not None


def _head(tx: Tx, name: str) -> SequenceRow:
    """The head of a chain, locked until the transaction ends (PostgreSQL locks the row by the update)."""
    tx.execute(update(SequenceRow).where(SequenceRow.name == name).values(position=SequenceRow.position))
    return tx.execute(select(SequenceRow).where(SequenceRow.name == name)).scalar_one()


def _sequence_changes(transactions: Transactions) -> int:
    if not _unplaced(transactions, ChangeRow):
        return 0
    with transactions.begin() as tx:
        head = _head(tx, "changes")
        rows = tx.scalars(select(ChangeRow).where(ChangeRow.position.is_(None))
                          .order_by(ChangeRow.at, ChangeRow.id).limit(BATCH)).all()
        for row in rows:
            head.position += 1
            row.position = head.position
        return len(rows)


def _sequence_audit(transactions: Transactions) -> int:
    if not _unplaced(transactions, AuditRow):
        return 0
    with transactions.begin() as tx:
        head = _head(tx, "audit")
        rows = tx.scalars(select(AuditRow).where(AuditRow.position.is_(None))
                          .order_by(AuditRow.at, AuditRow.id).limit(BATCH)).all()
        for row in rows:
            head.position += 1
            head.chain_sha256 = audit.link(head.chain_sha256, audit.entry_bytes(head.position, row))
            row.position, row.chain_sha256 = head.position, head.chain_sha256
        return len(rows)


def after(tx: Tx, position: int, limit: int, unit: str | None = None) -> tuple[Change, ...]:
    """Rows of the feed behind `position`, in order; only those of `unit` (and of no unit) when given."""
    query = select(ChangeRow).where(ChangeRow.position > position).order_by(ChangeRow.position).limit(limit)
    if unit is not None:
        query = query.where((ChangeRow.unit == unit) | ChangeRow.unit.is_(None))
    return tuple(
        Change(position=row.position or 0, id=row.id, at=row.at, type=row.type, dossier_code=row.dossier_code,
               subject=row.subject, facts=row.facts)
        for row in tx.scalars(query)
    )
