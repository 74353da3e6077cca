"""Forms of pages: read, proven to come from our own page, and turned into values with words for each fault."""

import hmac
from collections.abc import Mapping
from typing import Annotated
from urllib.parse import urlsplit

from fastapi import Depends, Request
from pydantic import ValidationError
from starlette.datastructures import FormData

from receipts.fees import Quantity
from receipts.model import HandedIn
from storage.access import NotAllowed, Session
from storage.callers import CSRF_HEADER, Callers
from storage.model import Person, Procedure
from storage.schemas import DossierIn, PersonIn
from web import labels

MOST_FIELDS = 2_000
FAULTS: Mapping[str, str] = {
    "name": "Nhập họ và tên (tên tổ chức), tối đa 200 ký tự.",
    "id_number": "Số định danh cá nhân có 12 chữ số (CMND cũ 9 số); mã số thuế 10 hoặc 13 số.",
    "phone": "Số điện thoại chỉ gồm chữ số, dấu cách, +, (), - và tối đa 20 ký tự.",
    "email": "Địa chỉ thư điện tử tối đa 200 ký tự.",
    "address": "Địa chỉ tối đa 500 ký tự.",
    "procedure_code": "Chọn một thủ tục hành chính.",
    "copies": "Số bộ hồ sơ là số từ 1 đến 50.",
    "note": "Nội dung tối đa 500 ký tự.",
    "channel": "Chọn cách nộp hồ sơ.",
    "return_method": "Chọn nơi nhận kết quả.",
}
PERSON_FIELDS = ("kind", "name", "id_number", "phone", "email", "address")


async def form_of(request: Request) -> FormData:
    """The fields of a page's form; a file in it is refused (files have their own addresses)."""
    return await request.form(max_files=0, max_fields=MOST_FIELDS)


Fields = Annotated[FormData, Depends(form_of)]


def text(form: FormData, name: str, default: str = "") -> str:
    """One value, stripped."""
    value = form.get(name, default)
    return value.strip() if isinstance(value, str) else default


def own_page(request: Request) -> None:
    """Raise NotAllowed for a form that another site sent (Fetch Metadata, else Origin)."""
    site = request.headers.get("sec-fetch-site")
    origin = request.headers.get("origin")
    foreign = site not in (None, "same-origin", "none") or (
        site is None and origin is not None and urlsplit(origin).netloc != request.headers.get("host"))
    if foreign:
        raise NotAllowed("Biểu mẫu được gửi từ trang khác; mở lại trang này rồi thử lại.")


class Gate:
    """Lets signed-in staff in; for routes as `Depends(gate.reader)` and `Depends(gate.writer)`."""

    def __init__(self, callers: Callers) -> None:
        self._callers = callers

    def reader(self, request: Request) -> Session:
        """Who looks. Raises NotSignedIn."""
        return self._callers.session(request)

    def writer(self, request: Request, form: Fields) -> Session:
        """Who changes something, by a form of our own page. Raises NotSignedIn, NotAllowed."""
        session = self._callers.session(request)
        own_page(request)
        self._callers.check_csrf(session, request.headers.get(CSRF_HEADER) or text(form, "csrf"))
        return session


def same(given: str, expected: str) -> bool:
    """Compare without telling by time where they differ."""
    return hmac.compare_digest(given.encode(), expected.encode())


def new_dossier(form: FormData) -> tuple[DossierIn | None, dict[str, str]]:
    """The dossier a form describes, or None with a sentence for each faulty field by its name in the form."""
    submitter = _person(form, "submitter") if text(form, "has_submitter") else None
    try:
        return DossierIn.model_validate({
            "procedure_code": text(form, "procedure_code"), "applicant": _person(form, "applicant"),
            "submitter": submitter, "channel": text(form, "channel", "counter"), "copies": text(form, "copies", "1"),
            "return_method": text(form, "return_method", "counter"), "note": text(form, "note")}), {}
    except ValidationError as cause:
        faults = {".".join(map(str, fault["loc"])): FAULTS.get(str(fault["loc"][-1]), "Giá trị chưa đúng.")
                  for fault in cause.errors()}
        return None, faults


def person(form: FormData, prefix: str) -> tuple[Person | None, dict[str, str]]:
    """One person of a form, or None with a sentence for each faulty field."""
    try:
        return PersonIn.model_validate(_person(form, prefix)).value(), {}
    except ValidationError as cause:
        return None, {f"{prefix}.{fault['loc'][-1]}": FAULTS.get(str(fault["loc"][-1]), "Giá trị chưa đúng.")
                      for fault in cause.errors()}


def papers(form: FormData, procedure: Procedure) -> tuple[HandedIn, ...]:
    """The components ticked as handed in, in the order of the procedure."""
    found = []
    for component in procedure.components:
        if not text(form, f"paper.{component.code}"):
            continue
        shape = text(form, f"form.{component.code}", labels.PAPER_FORMS[0])
        found.append(HandedIn(name=component.name, code=component.code,
                              form=shape if shape in labels.PAPER_FORMS else labels.PAPER_FORMS[0],
                              sheets=_whole(text(form, f"sheets.{component.code}")),
                              digitized=labels.digitized(component)))
    return tuple(found)


def quantities(form: FormData, procedure: Procedure) -> dict[str, Quantity]:
    """Units and copies by fee code; fees with nothing in them are left out."""
    found = {}
    for fee in procedure.fees:
        units = _whole(text(form, f"units.{fee.code}")) or 0
        copies = _whole(text(form, f"copies.{fee.code}", "1"))
        if units and copies != 0:
            found[fee.code] = Quantity(units, 1 if copies is None else copies)
    return found


def _person(form: FormData, prefix: str) -> dict[str, str]:
    values = {name: text(form, f"{prefix}.{name}") for name in PERSON_FIELDS}
    values["kind"] = values["kind"] or "citizen"
    values["id_number"] = "".join(values["id_number"].split())
    return values


def _whole(value: str) -> int | None:
    """A whole number of at most seven digits, points of thousands allowed; None for anything else."""
    digits = value.replace(".", "").replace(" ", "")
    return int(digits) if digits.isascii() and digits.isdigit() and len(digits) <= 7 else None
