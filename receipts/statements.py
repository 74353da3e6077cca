"""What is attested, frozen: pure functions from records to the JSON that is hashed, shown and signed.

A statement holds everything its page shows, with the names of units as they were on that day, so that
it reads the same when units, fees and forms have long changed. Moments stand twice: RFC 3339 in UTC,
and as the page words them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from receipts.errors import StatementInvalid
from receipts.fees import LE_PHI, Bill, dong
from receipts.model import HandedIn
from receipts.moments import day_text, local_day, moment_text, rfc3339, short_day
from receipts.symbols import display_number, receipt_number
from receipts.text import printable
from receipts.words import amount_in_words
from storage.model import Dossier, Person, Procedure, Unit

SLIP_SCHEMA, FEE_SCHEMA = "slip/1", "fee/1"
RETURN_METHODS = {
    "counter": "trực tiếp tại nơi tiếp nhận",
    "post": "qua dịch vụ bưu chính công ích",
    "online": "trực tuyến",
}
PAYMENT_METHODS = {"cash": "Tiền mặt", "transfer": "Chuyển khoản", "online": "Thanh toán trực tuyến"}
_KIND_NAMES = {"phi": "Phí", "le_phi": "Lệ phí"}


@dataclass(frozen=True, slots=True)
class Marks:
    """What a page must say about itself: signed with test keys, figures only for illustration."""

    test_keys: bool
    illustrative: bool = False


@dataclass(frozen=True, slots=True)
class SlipFacts:
    """All that a slip attests (TT 03/2025/TT-VPCP annex I, Mẫu 01). `authority`: the paper of a proxy."""

    number: int
    notation: str
    made_at: datetime
    unit: Unit
    solving_unit: Unit
    dossier: Dossier
    procedure: Procedure
    components: tuple[HandedIn, ...]
    officer_name: str
    marks: Marks
    authority: str = ""
    register_book: str = ""
    register_number: str = ""


@dataclass(frozen=True, slots=True)
class Replaced:
    """The wrong receipt that a new one stands for (TT 91/2026/TT-BTC art. 20.2)."""

    template_symbol: str
    series_symbol: str
    number: int
    made_on: date


@dataclass(frozen=True, slots=True)
class FeeFacts:
    """All that a fee receipt attests (NĐ 254/2026/NĐ-CP art. 23.2)."""

    template_symbol: str
    series_symbol: str
    number: int
    made_at: datetime
    collector: Unit
    dossier_code: str
    procedure_name: str
    payer: Person
    bill: Bill
    payment_method: str
    cashier_name: str
    marks: Marks
    replaces: Replaced | None = None


def slip_statement(facts: SlipFacts) -> dict[str, Any]:
    """Freeze a slip; raises StatementInvalid where a field is missing or cannot be printed."""
    if facts.number < 1:
        raise StatementInvalid("Số giấy tiếp nhận phải từ 1.")
    notation = printable(facts.notation, "Ký hiệu giấy tiếp nhận", required=True)
    procedure = facts.procedure
    return {
        "schema": SLIP_SCHEMA,
        "kind": "slip",
        "title": "GIẤY TIẾP NHẬN HỒ SƠ VÀ HẸN TRẢ KẾT QUẢ",
        **_marks(facts.marks),
        "number": facts.number,
        "number_text": f"{facts.number:02d}/{notation}",
        **_made(facts.made_at, facts.unit),
        "unit": _unit(facts.unit),
        "solving_unit": _unit(facts.solving_unit),
        "dossier": _dossier(facts),
        "procedure": {
            "code": printable(procedure.code, "Mã thủ tục"),
            "name": printable(procedure.name, "Tên thủ tục", required=True),
            "decision": printable(procedure.decision, "Quyết định công bố"),
            "valid_from": procedure.valid_from.isoformat(),
        },
        "applicant": _person(facts.dossier.applicant, "chủ hồ sơ"),
        "submitter": _submitter(facts),
        "components": [_component(position, paper) for position, paper in enumerate(facts.components, 1)],
        "officer": {"name": printable(facts.officer_name, "Tên người tiếp nhận", required=True)},
    }


def fee_statement(facts: FeeFacts) -> dict[str, Any]:
    """Freeze a fee receipt.

    Raises:
        StatementInvalid: a mandatory field is missing, or nothing is to be paid.
        SymbolInvalid: symbol, number or year break the rule of the day.
    """
    day = local_day(facts.made_at)
    number = receipt_number(facts.template_symbol, facts.series_symbol, facts.number, day)
    if facts.bill.total <= 0:
        raise StatementInvalid("Hồ sơ không phát sinh phí, lệ phí nên không lập biên lai.")
    if facts.payment_method not in PAYMENT_METHODS:
        raise StatementInvalid("Hình thức thanh toán không có trong danh mục.")
    return {
        "schema": FEE_SCHEMA,
        "kind": "fee",
        "title": "BIÊN LAI THU PHÍ, LỆ PHÍ",
        **_marks(Marks(facts.marks.test_keys, facts.marks.illustrative or facts.bill.illustrative)),
        "template_symbol": number.template_symbol,
        "series_symbol": number.series_symbol,
        "number": number.number,
        "number_text": display_number(number.number),
        **_made(facts.made_at, facts.collector),
        "collector": {
            **_unit(facts.collector),
            "tax_code": printable(facts.collector.tax_code, "Mã số thuế của tổ chức thu", required=True),
        },
        "dossier": {"code": printable(facts.dossier_code, "Mã hồ sơ")},
        "procedure": {"name": printable(facts.procedure_name, "Tên thủ tục")},
        "payer": _person(facts.payer, "người nộp"),
        **_amounts(facts.bill),
        "payment_method": PAYMENT_METHODS[facts.payment_method],
        "cashier": {"name": printable(facts.cashier_name, "Tên người thu")},
        "replaces": None if facts.replaces is None else _replaced(facts.replaces),
    }


def _marks(marks: Marks) -> dict[str, Any]:
    return {"test_keys": marks.test_keys, "illustrative": marks.illustrative}


def _made(made_at: datetime, unit: Unit) -> dict[str, Any]:
    day = local_day(made_at)
    return {
        "made_at": rfc3339(made_at),
        "made_on": day.isoformat(),
        "made_text": day_text(day),
        "made_short": short_day(day),
        "place": printable(unit.place, "Địa danh", required=True),
    }


def _unit(unit: Unit) -> dict[str, Any]:
    return {
        "code": unit.code,
        "name": printable(unit.name, "Tên cơ quan", required=True),
        "parent_name": printable(unit.parent_name, "Tên cơ quan chủ quản"),
        "address": printable(unit.address, "Địa chỉ cơ quan"),
        "phone": printable(unit.phone, "Điện thoại cơ quan"),
    }


def _person(person: Person, who: str) -> dict[str, Any]:
    return {
        "kind": person.kind,
        "name": printable(person.name, f"Họ tên {who}", required=True),
        "id_number": printable(person.id_number, f"Số định danh {who}"),
        "address": printable(person.address, f"Địa chỉ {who}"),
        "phone": printable(person.phone, f"Số điện thoại {who}"),
        "email": printable(person.email, f"Email {who}"),
    }


def _submitter(facts: SlipFacts) -> dict[str, Any] | None:
    submitter = facts.dossier.submitter
    if submitter is None:
        return None
    return {**_person(submitter, "người nộp hồ sơ"), "authority": printable(facts.authority, "Giấy tờ ủy quyền")}


def _dossier(facts: SlipFacts) -> dict[str, Any]:
    dossier, days = facts.dossier, facts.procedure.working_days
    if dossier.due_at < dossier.received_at:
        raise StatementInvalid("Thời gian hẹn trả phải sau thời gian nhận hồ sơ.")
    return {
        "code": printable(dossier.code, "Mã hồ sơ", required=True),
        "channel": dossier.channel.value,
        "copies": dossier.copies,
        "copies_text": f"{dossier.copies:02d}",
        "working_days": days,
        "working_days_text": f"{days:02d}",
        "received_at": rfc3339(dossier.received_at),
        "received_text": moment_text(dossier.received_at),
        "due_at": rfc3339(dossier.due_at),
        "due_text": moment_text(dossier.due_at),
        "return_method": dossier.return_method,
        "return_text": RETURN_METHODS.get(dossier.return_method)
        or printable(dossier.return_method, "Nơi nhận kết quả"),
        "note": printable(dossier.note, "Nội dung yêu cầu"),
        "register_book": printable(facts.register_book, "Quyển số"),
        "register_number": printable(facts.register_number, "Số thứ tự"),
    }


def _component(position: int, paper: HandedIn) -> dict[str, Any]:
    if paper.sheets is not None and paper.sheets < 0:
        raise StatementInvalid("Số tờ không thể âm.")
    return {
        "position": position,
        "code": printable(paper.code, "Mã giấy tờ"),
        "name": printable(paper.name, "Tên giấy tờ", required=True),
        "form": printable(paper.form, "Hình thức giấy tờ"),
        "sheets": paper.sheets,
        "digitized": printable(paper.digitized, "Tình trạng số hóa"),
    }


def _amounts(bill: Bill) -> dict[str, Any]:
    lines = [
        {
            "position": position,
            "code": printable(line.code, "Mã khoản thu"),
            "name": printable(line.name, "Tên khoản thu", required=True),
            "kind": line.kind,
            "kind_text": _KIND_NAMES[line.kind],
            "quantity_text": printable(line.quantity_text, "Số lượng"),
            "basis": printable(line.basis, "Căn cứ thu"),
            "amount": line.amount,
            "amount_text": dong(line.amount),
        }
        for position, line in enumerate(bill.lines, 1)
    ]
    return {
        "lines": lines,
        "both_kinds": any(line.kind == LE_PHI for line in bill.lines) and bill.total_phi > 0,
        "total_phi": bill.total_phi,
        "total_phi_text": dong(bill.total_phi),
        "total_le_phi": bill.total_le_phi,
        "total_le_phi_text": dong(bill.total_le_phi),
        "total": bill.total,
        "total_text": dong(bill.total),
        "total_words": amount_in_words(bill.total),
    }


def _replaced(replaced: Replaced) -> Mapping[str, Any]:
    number = display_number(replaced.number)
    return {
        "template_symbol": replaced.template_symbol,
        "series_symbol": replaced.series_symbol,
        "number": replaced.number,
        "number_text": number,
        "made_on": replaced.made_on.isoformat(),
        "text": f"Thay thế cho biên lai ký hiệu mẫu {replaced.template_symbol} ký hiệu {replaced.series_symbol} "
                f"số {number} {day_text(replaced.made_on)}",
    }
