"""Units, procedures and holidays: dated rules, chosen by a date, never constants in code."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from datetime import date
from typing import Any

from sqlalchemy import ColumnElement, func, select

from storage.database import Tx
from storage.errors import Kind, ServiceError
from storage.model import Component, FeeRule, Procedure, Unit
from storage.rows import HolidayRow, ProcedureRow, UnitRow


class ProcedureUnknown(ServiceError):
    """No procedure of this code is in force on the day."""

    code = "procedure-unknown"
    kind = Kind.MISSING
    title = "Không có thủ tục hành chính này"
    title_en = "Unknown procedure"
    advice = "Chọn lại thủ tục trong danh mục đang có hiệu lực."


class UnitUnknown(ServiceError):
    """No unit of this code is in force on the day."""

    code = "unit-unknown"
    kind = Kind.MISSING
    title = "Không có đơn vị này"
    title_en = "Unknown unit"
    advice = "Kiểm tra lại mã đơn vị; đơn vị mới do quản trị viên khai báo."


def _in_force(row: type[UnitRow | ProcedureRow], day: date) -> ColumnElement[bool]:
    return (row.valid_from <= day) & ((row.valid_to.is_(None)) | (row.valid_to >= day))


def unit(tx: Tx, code: str, day: date) -> Unit:
    """The unit as it was called on `day`; raises UnitUnknown."""
    row = tx.scalars(select(UnitRow).where(UnitRow.code == code, _in_force(UnitRow, day))
                     .order_by(UnitRow.valid_from.desc())).first()
    if row is None:
        raise UnitUnknown(unit=code)
    return _unit(row)


def units(tx: Tx, day: date) -> tuple[Unit, ...]:
    """All units in force on `day`, by code."""
    rows = tx.scalars(select(UnitRow).where(_in_force(UnitRow, day)).order_by(UnitRow.code))
    return tuple(map(_unit, rows))


def procedure(tx: Tx, code: str, day: date) -> Procedure:
    """The version of a procedure in force on `day`; raises ProcedureUnknown."""
    row = tx.scalars(select(ProcedureRow).where(ProcedureRow.code == code, _in_force(ProcedureRow, day))
                     .order_by(ProcedureRow.valid_from.desc())).first()
    if row is None:
        raise ProcedureUnknown(procedure=code)
    return _procedure(row)


def procedure_version(tx: Tx, code: str, version: date) -> Procedure:
    """Exactly the version a dossier was received under; raises ProcedureUnknown."""
    row = tx.get(ProcedureRow, (code, version))
    if row is None:
        raise ProcedureUnknown(procedure=code)
    return _procedure(row)


def procedures(tx: Tx, day: date) -> tuple[Procedure, ...]:
    """All procedures in force on `day`, by field and name."""
    rows = tx.scalars(select(ProcedureRow).where(_in_force(ProcedureRow, day))
                      .order_by(ProcedureRow.field, ProcedureRow.name))
    return tuple(map(_procedure, rows))


def holidays(tx: Tx) -> Mapping[date, bool]:
    """Days that differ from their weekday: False = off, True = compensating working day."""
    return {row.day: row.kind == "work" for row in tx.scalars(select(HolidayRow))}


def put_unit(tx: Tx, value: Unit) -> None:
    """Insert or replace one dated version of a unit."""
    tx.merge(UnitRow(**asdict(value)))


def put_procedure(tx: Tx, value: Procedure) -> None:
    """Insert or replace one dated version of a procedure."""
    tx.merge(ProcedureRow(**asdict(value)))


def put_holiday(tx: Tx, day: date, name: str, *, working: bool) -> None:
    """Insert or replace one special day."""
    tx.merge(HolidayRow(day=day, kind="work" if working else "off", name=name))


def is_empty(tx: Tx) -> bool:
    """True before anything was set up."""
    return not tx.scalar(select(func.count()).select_from(UnitRow))


def _unit(row: UnitRow) -> Unit:
    return Unit(code=row.code, name=row.name, parent_name=row.parent_name, address=row.address, phone=row.phone,
                place=row.place, tax_code=row.tax_code, valid_from=row.valid_from, valid_to=row.valid_to)


def _procedure(row: ProcedureRow) -> Procedure:
    return Procedure(
        code=row.code, name=row.name, field=row.field, decision=row.decision, working_days=row.working_days,
        result_name=row.result_name, components=tuple(Component(**part) for part in row.components),
        fees=tuple(map(_fee, row.fees)), solving_unit=row.solving_unit,
        valid_from=row.valid_from, valid_to=row.valid_to,
    )


def _fee(stored: dict[str, Any]) -> FeeRule:
    """A fee rule out of JSON, where tuples became lists."""
    tiers = tuple((upto, amount) for upto, amount in stored["tiers"])
    channels = tuple((channel, amount) for channel, amount in stored["channels"])
    return FeeRule(**{**stored, "tiers": tiers, "channels": channels})
