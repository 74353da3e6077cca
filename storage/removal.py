"""Take a made-up office out again: its dossiers with all that hangs on them, its rules; its accounts are closed.

Only for units that never acted for real: real receipts are never deleted. The audit trail and the change feed
stay whole; objects that nobody names any more are swept.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from sqlalchemy import delete, or_, select, update

from storage.database import Tx
from storage.rows import (
    AccessTokenRow,
    ClientRow,
    CounterRow,
    DocumentRow,
    DossierRow,
    FieldRow,
    HolidayRow,
    IdempotencyRow,
    OriginalRow,
    PageRow,
    ProcedureRow,
    ReceiptRow,
    RenditionRow,
    SeriesRow,
    SessionRow,
    StaffRow,
    UnitRow,
)


def remove_office(tx: Tx, units: Sequence[str]) -> int:
    """Remove everything of `units`; returns how many dossiers that were."""
    codes = list(tx.scalars(select(DossierRow.code).where(
        or_(DossierRow.receiving_unit.in_(units), DossierRow.solving_unit.in_(units)))))
    _remove_dossiers(tx, codes)
    tx.execute(delete(SeriesRow).where(SeriesRow.unit.in_(units)))
    for unit in units:
        tx.execute(delete(CounterRow).where(CounterRow.name.startswith(f"dossier:{unit}:", autoescape=True)))
    _close_accounts(tx, units)
    tx.execute(delete(ProcedureRow).where(ProcedureRow.solving_unit.in_(units)))
    tx.execute(delete(UnitRow).where(UnitRow.code.in_(units)))
    return len(codes)


def remove_holiday(tx: Tx, day: date) -> None:
    """Remove one special day."""
    tx.execute(delete(HolidayRow).where(HolidayRow.day == day))


def _remove_dossiers(tx: Tx, codes: Sequence[str]) -> None:
    papers = list(tx.scalars(select(DocumentRow.id).where(DocumentRow.dossier_code.in_(codes))))
    receipts = list(tx.scalars(select(ReceiptRow.id).where(ReceiptRow.dossier_code.in_(codes))))
    subjects = [*papers, *receipts]
    tx.execute(delete(RenditionRow).where(RenditionRow.subject.in_(subjects)))
    tx.execute(delete(IdempotencyRow).where(IdempotencyRow.subject.in_([*subjects, *codes])))
    for rows in (FieldRow, PageRow, OriginalRow):
        tx.execute(delete(rows).where(rows.document_id.in_(papers)))
    tx.execute(delete(DocumentRow).where(DocumentRow.id.in_(papers)))
    tx.execute(update(ReceiptRow).where(ReceiptRow.id.in_(receipts)).values(replaces=None))
    tx.execute(delete(ReceiptRow).where(ReceiptRow.id.in_(receipts)))
    tx.execute(delete(DossierRow).where(DossierRow.code.in_(codes)))


def _close_accounts(tx: Tx, units: Sequence[str]) -> None:
    """Accounts stay as closed rows, so that their ids in the audit trail never become somebody else's."""
    staff = list(tx.scalars(select(StaffRow.id).where(StaffRow.unit.in_(units))))
    clients = list(tx.scalars(select(ClientRow.id).where(ClientRow.unit.in_(units))))
    tx.execute(delete(SessionRow).where(SessionRow.staff_id.in_(staff)))
    tx.execute(delete(AccessTokenRow).where(AccessTokenRow.client_id.in_(clients)))
    tx.execute(update(StaffRow).where(StaffRow.id.in_(staff)).values(active=False))
    tx.execute(update(ClientRow).where(ClientRow.id.in_(clients)).values(active=False))
