"""Dossiers: open one at the counter, find, list, move its status; every step audited and told to the feed."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, fields, replace
from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

from sqlalchemy import select, update
from sqlalchemy.dialects import postgresql, sqlite

from storage import audit, catalogue, changes
from storage.access import NotAllowed
from storage.database import Transactions, Tx
from storage.errors import Kind, ServiceError
from storage.model import DOSSIER_MOVES, Actor, Channel, Dossier, DossierCode, DossierStatus, Person, Procedure
from storage.rows import CounterRow, DossierRow

VIETNAM = ZoneInfo("Asia/Ho_Chi_Minh")

Deadline = Callable[[Procedure, datetime, Mapping[date, bool]], datetime]
"""(procedure, received at, holidays) -> due at; given by the composition root (the engine lives in receipts)."""


class DossierUnknown(ServiceError):
    """No dossier of this code, or it is another unit's."""

    code = "dossier-unknown"
    kind = Kind.MISSING
    title = "Không tìm thấy hồ sơ"
    title_en = "Dossier not found"
    advice = "Kiểm tra lại mã hồ sơ in trên giấy tiếp nhận."


class MoveRefused(ServiceError):
    """The status cannot go where it was asked to go."""

    code = "status-move-refused"
    kind = Kind.CONFLICT
    title = "Không chuyển được trạng thái hồ sơ"
    title_en = "Status move refused"
    advice = "Tải lại trang để xem trạng thái mới nhất của hồ sơ."


@dataclass(frozen=True, slots=True)
class NewDossier:
    """What the counter knows when a dossier is opened."""

    procedure_code: str
    applicant: Person
    submitter: Person | None = None
    channel: Channel = Channel.COUNTER
    receiving_unit: str | None = None
    solving_unit: str | None = None
    note: str = ""
    copies: int = 1
    return_method: str = "counter"


def next_count(tx: Tx, name: str) -> int:
    """The next value of a gapless counter, taken inside the caller's transaction."""
    insert = sqlite.insert if tx.get_bind().dialect.name == "sqlite" else postgresql.insert
    tx.execute(insert(CounterRow).values(name=name, value=0).on_conflict_do_nothing())
    return tx.execute(update(CounterRow).where(CounterRow.name == name).values(value=CounterRow.value + 1)
                      .returning(CounterRow.value)).scalar_one()


def find(tx: Tx, code: str, unit: str | None = None) -> Dossier:
    """One dossier; with `unit`, only if that unit receives or solves it. Raises DossierUnknown."""
    row = tx.get(DossierRow, code)
    if row is None or (unit is not None and unit not in (row.receiving_unit, row.solving_unit)):
        raise DossierUnknown
    return _dossier(row)


def mark(tx: Tx, code: str, status: DossierStatus, at: datetime) -> Dossier:
    """Move a dossier within the caller's transaction; raises MoveRefused; the same status is no move."""
    row = tx.get(DossierRow, code, with_for_update=True)
    if row is None:
        raise DossierUnknown
    current = DossierStatus(row.status)
    if status == current:
        return _dossier(row)
    if status not in DOSSIER_MOVES[current]:
        raise MoveRefused(current=int(current), wanted=int(status))
    row.status = int(status)
    if status == DossierStatus.DECIDED:
        row.finished_at = at
    if status == DossierStatus.RETURNED:
        row.returned_at = at
    changes.emit(tx, "dossier.status", code, at, dossier_code=code, unit=row.receiving_unit,
                 facts={"status": int(status)})
    return _dossier(row)


class Dossiers:
    """Use cases on dossiers."""

    def __init__(self, transactions: Transactions, deadline: Deadline) -> None:
        self._transactions = transactions
        self._deadline = deadline

    def open(self, actor: Actor, new: NewDossier, at: datetime) -> Dossier:
        """Receive a dossier: code, deadline, record, audit and event in one transaction."""
        with self._transactions.begin() as tx:
            return self.open_in(tx, actor, new, at)

    def open_in(self, tx: Tx, actor: Actor, new: NewDossier, at: datetime) -> Dossier:
        """The same inside the caller's transaction (idempotent creation)."""
        today = at.astimezone(VIETNAM).date()
        procedure = catalogue.procedure(tx, new.procedure_code, today)
        solving = catalogue.unit(tx, new.solving_unit or procedure.solving_unit, today).code
        receiving = catalogue.unit(tx, new.receiving_unit or actor.unit or solving, today).code
        if actor.unit not in (None, receiving):
            raise NotAllowed("Đơn vị này không tiếp nhận hồ sơ thay đơn vị khác.")
        serial = next_count(tx, f"dossier:{solving}:{today:%y%m%d}")
        row = DossierRow(
            code=f"{solving}-{today:%y%m%d}-{serial:04d}", procedure_code=procedure.code,
            procedure_version=procedure.valid_from, channel=new.channel.value, receiving_unit=receiving,
            solving_unit=solving, applicant=asdict(_clean(new.applicant)),
            submitter=asdict(_clean(new.submitter)) if new.submitter else None, note=_nfc(new.note),
            copies=new.copies, return_method=new.return_method, status=int(DossierStatus.RECEIVED),
            received_at=at.astimezone(UTC), due_at=self._deadline(procedure, at, catalogue.holidays(tx)),
            finished_at=None, returned_at=None, created_by=actor.id,
        )
        tx.add(row)
        tx.flush()
        audit.record(tx, actor, "dossier-opened", row.code, at, procedure=procedure.code)
        changes.emit(tx, "dossier.opened", row.code, at, dossier_code=row.code, unit=receiving,
                     facts={"status": row.status, "procedure": procedure.code})
        return _dossier(row)

    def find(self, actor: Actor, code: str) -> Dossier:
        """One dossier of the actor's unit; the view is audited."""
        with self._transactions.begin() as tx:
            dossier = find(tx, code, actor.unit)
            audit.record(tx, actor, "dossier-viewed", code, datetime.now(UTC))
            return dossier

    def list(self, actor: Actor, *, before: tuple[datetime, str] | None = None, limit: int = 50,
             status: DossierStatus | None = None) -> tuple[Dossier, ...]:
        """Newest first, behind the cursor (received_at, code) of the last one seen."""
        query = select(DossierRow).order_by(DossierRow.received_at.desc(), DossierRow.code.desc()).limit(limit)
        if actor.unit is not None:
            query = query.where((DossierRow.receiving_unit == actor.unit) | (DossierRow.solving_unit == actor.unit))
        if status is not None:
            query = query.where(DossierRow.status == int(status))
        if before is not None:
            at, code = before
            query = query.where((DossierRow.received_at < at)
                                | ((DossierRow.received_at == at) & (DossierRow.code < code)))
        with self._transactions.read() as tx:
            return tuple(map(_dossier, tx.scalars(query)))

    def move(self, actor: Actor, code: str, status: DossierStatus, at: datetime) -> Dossier:
        """Move the status; raises MoveRefused, DossierUnknown."""
        with self._transactions.begin() as tx:
            find(tx, code, actor.unit)
            audit.record(tx, actor, "dossier-moved", code, at, status=int(status))
            return mark(tx, code, status, at)


def _nfc(text: str) -> str:
    return unicodedata.normalize("NFC", text).strip()


def _clean(person: Person) -> Person:
    """Every text NFC and stripped, so that search and signatures see one spelling."""
    return replace(person, **{part.name: _nfc(getattr(person, part.name)) for part in fields(person)})


def _dossier(row: DossierRow) -> Dossier:
    return Dossier(
        code=DossierCode(row.code), procedure_code=row.procedure_code, procedure_version=row.procedure_version,
        channel=Channel(row.channel), receiving_unit=row.receiving_unit, solving_unit=row.solving_unit,
        applicant=Person(**row.applicant), submitter=Person(**row.submitter) if row.submitter else None,
        note=row.note, copies=row.copies, return_method=row.return_method, status=DossierStatus(row.status),
        received_at=row.received_at, due_at=row.due_at, finished_at=row.finished_at, returned_at=row.returned_at,
        created_by=row.created_by,
    )
