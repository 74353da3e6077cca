"""The register of receipts: series, gapless numbers, frozen statements, states.

A number is taken by UPDATE ... RETURNING on the series row, last in the transaction that stores the
frozen statement, so a rollback takes the number back and no gap can arise (ARCHITECTURE section 6).
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import uuid4

from sqlalchemy import select, update
from sqlalchemy.dialects import postgresql, sqlite

from storage.database import Tx
from storage.documents import renditions
from storage.errors import Kind, ServiceError
from storage.model import DossierCode, Receipt, ReceiptId, ReceiptKind, ReceiptState, Sha256
from storage.objects import hash_bytes
from storage.rows import ReceiptRow, SeriesRow


class ReceiptUnknown(ServiceError):
    """No receipt of this id, number or token, or it is another unit's."""

    code = "receipt-unknown"
    kind = Kind.MISSING
    title = "Không tìm thấy biên lai hoặc giấy tiếp nhận"
    title_en = "Receipt not found"
    advice = "Kiểm tra lại mã trên giấy; nếu quét QR, hãy quét lại từ bản gốc."


class SeriesExhausted(ServiceError):
    """The series has no number left in its range."""

    code = "series-exhausted"
    kind = Kind.CONFLICT
    title = "Ký hiệu biên lai đã dùng hết số"
    title_en = "Receipt series exhausted"
    advice = "Báo kế toán đăng ký ký hiệu mới cho quầy này."


class AlreadyReplaced(ServiceError):
    """A receipt can be replaced once; replace its replacement (TT 91/2026 art. 20)."""

    code = "already-replaced"
    kind = Kind.CONFLICT
    title = "Biên lai đã được thay thế"
    title_en = "Receipt already replaced"
    advice = "Mở biên lai thay thế mới nhất và lập biên lai thay thế từ đó."


@dataclass(frozen=True, slots=True)
class SeriesKey:
    """Identity of a series: unit, counter, year, and the two symbols printed."""

    kind: ReceiptKind
    unit: str
    counter: str
    year: int
    template_symbol: str
    series_symbol: str
    last_allowed: int = 99_999_999


@dataclass(frozen=True, slots=True)
class TakenNumber:
    """A number of a series, valid only if the transaction that took it commits."""

    series_id: str
    number: int


def take_number(tx: Tx, key: SeriesKey) -> TakenNumber:
    """The next number of a series (created on first use). Call it last in the transaction.

    Raises SeriesExhausted.
    """
    insert = sqlite.insert if tx.get_bind().dialect.name == "sqlite" else postgresql.insert
    tx.execute(insert(SeriesRow).values(
        id=str(uuid4()), kind=key.kind.value, unit=key.unit, counter=key.counter, year=key.year,
        template_symbol=key.template_symbol, series_symbol=key.series_symbol, last_taken=0,
        last_allowed=key.last_allowed).on_conflict_do_nothing())
    taken = tx.execute(
        update(SeriesRow)
        .where(SeriesRow.unit == key.unit, SeriesRow.template_symbol == key.template_symbol,
               SeriesRow.series_symbol == key.series_symbol, SeriesRow.last_taken < SeriesRow.last_allowed)
        .values(last_taken=SeriesRow.last_taken + 1)
        .returning(SeriesRow.id, SeriesRow.last_taken)).one_or_none()
    if taken is None:
        raise SeriesExhausted
    return TakenNumber(taken[0], taken[1])


@dataclass(frozen=True, slots=True)
class NewReceipt:
    """What is frozen when the number is taken. `statement` is canonical JSON text."""

    id: ReceiptId
    kind: ReceiptKind
    dossier_code: str
    taken: TakenNumber
    statement: str
    amount: int | None
    token_sha256: Sha256
    created_by: str
    created_at: datetime
    replaces: ReceiptId | None = None


def insert(tx: Tx, new: NewReceipt) -> None:
    """Store a numbered receipt with its frozen statement. Raises AlreadyReplaced."""
    if new.replaces is not None:
        tx.execute(select(ReceiptRow.id).where(ReceiptRow.id == new.replaces).with_for_update())  # rivals wait here
        if replacement_of(tx, new.replaces) is not None:
            raise AlreadyReplaced(receipt=new.replaces)
    tx.add(ReceiptRow(
        id=new.id, kind=new.kind.value, dossier_code=new.dossier_code, series_id=new.taken.series_id,
        number=new.taken.number, state=ReceiptState.NUMBERED.value, statement=new.statement,
        statement_sha256=hash_bytes(new.statement.encode()), amount=new.amount, token_sha256=new.token_sha256,
        created_by=new.created_by, created_at=new.created_at, issued_at=None, replaces=new.replaces))
    tx.flush()


def advance(tx: Tx, receipt_id: str, old: ReceiptState, new: ReceiptState, at: datetime | None = None) -> bool:
    """Move from `old` to `new`; False when it is not in `old` (a retry finds the work done)."""
    moved = tx.execute(update(ReceiptRow).where(ReceiptRow.id == receipt_id, ReceiptRow.state == old.value)
                       .values(state=new.value, issued_at=at).returning(ReceiptRow.id)).one_or_none()
    return moved is not None


def find(tx: Tx, receipt_id: str) -> Receipt:
    """One receipt by id; raises ReceiptUnknown."""
    row = tx.get(ReceiptRow, receipt_id, populate_existing=True)
    if row is None:
        raise ReceiptUnknown
    return _receipt(tx, row)


def find_by_token(tx: Tx, token_sha256: str) -> Receipt:
    """The receipt whose QR carries the token of this hash; raises ReceiptUnknown."""
    row = tx.scalars(select(ReceiptRow).where(ReceiptRow.token_sha256 == token_sha256)).one_or_none()
    if row is None:
        raise ReceiptUnknown
    return _receipt(tx, row)


def of_dossier(tx: Tx, dossier_code: str) -> tuple[Receipt, ...]:
    """Every receipt of a dossier, replaced ones too, in order of issue."""
    rows = tx.scalars(select(ReceiptRow).where(ReceiptRow.dossier_code == dossier_code)
                      .order_by(ReceiptRow.created_at, ReceiptRow.id))
    return tuple(_receipt(tx, row) for row in rows)


def numbered(tx: Tx) -> tuple[ReceiptId, ...]:
    """Ids of receipts that have a number and no signature yet, oldest first."""
    rows = tx.scalars(select(ReceiptRow.id).where(ReceiptRow.state == ReceiptState.NUMBERED.value)
                      .order_by(ReceiptRow.created_at))
    return tuple(map(ReceiptId, rows))


def replacement_of(tx: Tx, receipt_id: str) -> ReceiptId | None:
    """The receipt that replaces this one, if any."""
    found = tx.scalar(select(ReceiptRow.id).where(ReceiptRow.replaces == receipt_id))
    return ReceiptId(found) if found else None


def gaps(tx: Tx) -> tuple[str, ...]:
    """Series whose receipts are not exactly 1..last_taken; empty when the register is whole."""
    found = []
    for series in tx.scalars(select(SeriesRow)):
        numbers = tx.scalars(select(ReceiptRow.number).where(ReceiptRow.series_id == series.id)
                             .order_by(ReceiptRow.number)).all()
        if list(numbers) != list(range(1, series.last_taken + 1)):
            found.append(f"{series.template_symbol}/{series.series_symbol}")
    return tuple(found)


def _receipt(tx: Tx, row: ReceiptRow) -> Receipt:
    series = tx.get_one(SeriesRow, row.series_id)
    statement: Mapping[str, Any] = json.loads(row.statement)
    return Receipt(
        id=ReceiptId(row.id), kind=ReceiptKind(row.kind), dossier_code=DossierCode(row.dossier_code),
        template_symbol=series.template_symbol, series_symbol=series.series_symbol, number=row.number,
        state=ReceiptState(row.state), statement=statement, statement_sha256=Sha256(row.statement_sha256),
        token_sha256=Sha256(row.token_sha256),
        amount=row.amount, created_by=row.created_by, created_at=row.created_at, issued_at=row.issued_at,
        replaces=ReceiptId(row.replaces) if row.replaces else None, replaced_by=replacement_of(tx, row.id),
        files=renditions(tx, row.id),
    )
