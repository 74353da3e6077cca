"""The staff desk: list of dossiers and reception of a new one."""

from datetime import UTC, date, datetime
from http import HTTPStatus
from typing import Annotated
from uuid import uuid4

from fastapi import APIRouter, Depends, Request
from starlette.datastructures import FormData
from starlette.responses import HTMLResponse, RedirectResponse, Response

from receipts.opening import deadline
from receipts.service import SlipRequest
from storage import catalogue, idempotency
from storage.access import Session, require
from storage.dossiers import VIETNAM
from storage.dossiers import find as find_dossier
from storage.model import Actor, Dossier, DossierStatus, Procedure, Scope
from storage.problems import BadRequest
from storage.schemas import DossierIn
from web import board
from web.forms import Fields, Gate, new_dossier, papers, text
from web.house import House
from web.templating import Pages

DESK = "/tiep-nhan"


def desk_router(house: House, pages: Pages, gate: Gate) -> APIRouter:
    """`/tiep-nhan` and `/tiep-nhan/ho-so-moi`."""
    routes = APIRouter(prefix=DESK, include_in_schema=False)
    reader = Annotated[Session, Depends(gate.reader)]
    writer = Annotated[Session, Depends(gate.writer)]

    @routes.get("")
    def index(request: Request, session: reader, trang_thai: int = 0, sau: str = "") -> HTMLResponse:
        status = DossierStatus(trang_thai) if trang_thai in set(DossierStatus) else None
        found = board.listing(house, session.actor, status=status, before=_cursor(sau), at=house.clock())
        return pages.render(request, "desk/list.html", session=session, listing=found, wanted=status, first=not sau)

    @routes.get("/mo")
    def go(ma: str, session: reader) -> Response:
        """Open by a typed or scanned dossier code; raises DossierUnknown."""
        code = ma.strip().upper()[:50]
        with house.storage.transactions.read() as tx:
            dossier = find_dossier(tx, code, session.actor.unit)
        return RedirectResponse(f"{DESK}/ho-so/{dossier.code}", status_code=HTTPStatus.SEE_OTHER)

    def form_page(request: Request, session: Session, form: FormData, faults: dict[str, str]) -> HTMLResponse:
        with house.storage.transactions.read() as tx:
            procedures = catalogue.procedures(tx, _today(house))
        chosen = next((one for one in procedures if one.code == text(form, "procedure_code")), None)
        return pages.render(
            request, "desk/new.html", session=session, status=422 if faults else 200, procedures=procedures,
            faults=faults, form=form, chosen=chosen, due=_due(house, chosen) if chosen else None,
            key=text(form, "key") or str(uuid4()))

    @routes.get("/ho-so-moi")
    def ask(request: Request, session: reader) -> HTMLResponse:
        return form_page(request, session, FormData(), {})

    @routes.get("/ho-so-moi/thanh-phan")
    def components(request: Request, session: reader, procedure_code: str) -> HTMLResponse:
        """The papers, deadline and fees of a procedure, for the form (fragment)."""
        procedure = _procedure(house, procedure_code)
        return pages.render(request, "desk/_procedure.html", session=session, chosen=procedure, form=FormData(),
                            due=_due(house, procedure))

    @routes.post("/ho-so-moi")
    def receive(request: Request, session: writer, form: Fields) -> Response:
        """Receive a dossier; with the button for it, its slip is numbered at once."""
        require(session.actor, Scope.DOSSIERS_WRITE)
        new, faults = new_dossier(form)
        if new is None:
            return form_page(request, session, form, faults)
        key = text(form, "key")[:200] or None
        dossier = _open(house, session.actor, new, key)
        if text(form, "then") == "slip":
            require(session.actor, Scope.RECEIPTS_ISSUE)
            handed_in = papers(form, _procedure(house, dossier.procedure_code))
            slip = house.cases.receipts.issue_slip(
                session.actor, dossier.code, SlipRequest(papers=handed_in, authority=text(form, "authority")[:500]),
                at=house.clock(), key=f"{key}-slip" if key else None)
            house.cases.receipts.wait_issued(slip.id, house.settings.wait_seconds)
        return RedirectResponse(f"{DESK}/ho-so/{dossier.code}", status_code=HTTPStatus.SEE_OTHER)

    return routes


def _open(house: House, actor: Actor, new: DossierIn, key: str | None) -> Dossier:
    """Open a dossier once for one form, however often it is sent."""
    request = new.model_dump_json().encode()
    with house.storage.transactions.begin() as tx:
        known = idempotency.known(tx, actor, key, request)
        if known:
            return find_dossier(tx, known, actor.unit)
        dossier = house.cases.dossiers.open_in(tx, actor, new.value(), house.clock())
        idempotency.remember(tx, actor, key, request, subject=dossier.code, at=house.clock())
        return dossier


def _procedure(house: House, code: str) -> Procedure:
    with house.storage.transactions.read() as tx:
        return catalogue.procedure(tx, code, _today(house))


def _due(house: House, procedure: Procedure) -> datetime:
    """When a dossier received now would be due."""
    with house.storage.transactions.read() as tx:
        special = catalogue.holidays(tx)
    return deadline(procedure, house.clock(), special)


def _today(house: House) -> date:
    return house.clock().astimezone(VIETNAM).date()


def _cursor(after: str) -> tuple[datetime, str] | None:
    """The cursor of the list from its address; raises BadRequest."""
    if not after:
        return None
    at, _, code = after.partition("~")
    try:
        parsed = datetime.fromisoformat(at.replace(" ", "+"))
        parsed.astimezone(UTC)
    except (ValueError, OverflowError) as cause:
        raise BadRequest("Đường dẫn trang danh sách không đúng; mở lại danh sách.") from cause
    if parsed.tzinfo is None:
        raise BadRequest("Đường dẫn trang danh sách không đúng; mở lại danh sách.")
    return parsed, code
