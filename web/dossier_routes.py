"""The page of one dossier: papers, slip, fee receipt and its replacement, status."""

from collections.abc import Mapping
from http import HTTPStatus
from typing import Annotated, Any
from uuid import uuid4

from fastapi import APIRouter, Depends, Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from receipts.fees import Quantity
from receipts.service import FeeRequest, SlipRequest
from receipts.words import amount_in_words
from storage import catalogue
from storage.access import Session, require
from storage.dossiers import find as find_dossier
from storage.model import DossierStatus, Person, Procedure, Receipt, ReceiptKind, Scope
from storage.problems import NoSuchPage
from web import board
from web.forms import Fields, Gate, papers, person, quantities, text
from web.house import House
from web.templating import Pages

DOSSIERS = "/tiep-nhan/ho-so"


def dossier_router(house: House, pages: Pages, gate: Gate) -> APIRouter:
    """`/tiep-nhan/ho-so/{code}` and what its forms post to."""
    routes = APIRouter(prefix=f"{DOSSIERS}/{{code}}", include_in_schema=False)
    reader = Annotated[Session, Depends(gate.reader)]
    writer = Annotated[Session, Depends(gate.writer)]

    def back(code: str, place: str = "") -> Response:
        return RedirectResponse(f"{DOSSIERS}/{code}{place}", status_code=HTTPStatus.SEE_OTHER)

    @routes.get("")
    def show(request: Request, code: str, session: reader) -> HTMLResponse:
        found = board.case(house, session.actor, code, house.clock())
        return pages.render(request, "desk/dossier.html", session=session, case=found, key=str(uuid4()))

    @routes.get("/giay-da-cap")
    def receipts(request: Request, code: str, session: reader) -> HTMLResponse:
        """The slips and receipts so far (fragment; asks again while one is being signed)."""
        found = house.cases.receipts.of_dossier(session.actor, code)
        return pages.render(request, "desk/_receipts.html", session=session, code=code, receipts=found)

    @routes.post("/giay-tiep-nhan")
    def issue_slip(code: str, session: writer, form: Fields) -> Response:
        require(session.actor, Scope.RECEIPTS_ISSUE)
        handed_in = papers(form, procedure_of(house, session, code))
        slip = house.cases.receipts.issue_slip(
            session.actor, code, SlipRequest(papers=handed_in, authority=text(form, "authority")[:500]),
            at=house.clock(), key=text(form, "key")[:200] or None)
        house.cases.receipts.wait_issued(slip.id, house.settings.wait_seconds)
        return back(code, "#giay-da-cap")

    @routes.post("/tinh-phi")
    def quote(request: Request, code: str, session: writer, form: Fields) -> HTMLResponse:
        """What the quantities come to, in figures and words (fragment)."""
        wanted = quantities(form, procedure_of(house, session, code))
        return pages.render(request, "desk/_quote.html", session=session, **quoted(house, session, code, wanted))

    @routes.post("/bien-lai")
    def issue_fee(code: str, session: writer, form: Fields) -> Response:
        require(session.actor, Scope.RECEIPTS_ISSUE)
        asked = FeeRequest(quantities(form, procedure_of(house, session, code)), text(form, "payment_method", "cash"))
        receipt = house.cases.receipts.issue_fee(session.actor, code, asked, at=house.clock(),
                                           key=text(form, "key")[:200] or None)
        house.cases.receipts.wait_issued(receipt.id, house.settings.wait_seconds)
        return back(code, "#giay-da-cap")

    @routes.post("/trang-thai")
    def move(code: str, session: writer, form: Fields) -> Response:
        require(session.actor, Scope.DOSSIERS_WRITE)
        wanted = text(form, "status")
        if not wanted.isdecimal() or int(wanted) not in set(DossierStatus):
            raise NoSuchPage
        house.cases.dossiers.move(session.actor, code, DossierStatus(int(wanted)), house.clock())
        return back(code)

    return routes


def replacement_router(house: House, pages: Pages, gate: Gate) -> APIRouter:
    """`/tiep-nhan/bien-lai/{id}/thay-the`: the right content for a wrong fee receipt (TT 91/2026 art. 20.2)."""
    routes = APIRouter(prefix="/tiep-nhan/bien-lai/{receipt_id}/thay-the", include_in_schema=False)
    reader = Annotated[Session, Depends(gate.reader)]
    writer = Annotated[Session, Depends(gate.writer)]

    def page(request: Request, session: Session, wrong: Receipt, values: Mapping[str, Any],
             faults: dict[str, str]) -> HTMLResponse:
        procedure = procedure_of(house, session, wrong.dossier_code)
        return pages.render(request, "desk/replace.html", session=session, wrong=wrong, procedure=procedure,
                            faults=faults, values=values, status=422 if faults else 200, key=str(uuid4()))

    @routes.get("")
    def ask(request: Request, receipt_id: str, session: reader) -> HTMLResponse:
        wrong = fee_receipt(house, session, receipt_id)
        payer = wrong.statement["payer"]
        values = {f"payer.{name}": payer[name] for name in payer}
        values |= {f"units.{line['code']}": line["quantity_text"].split(" ")[0] for line in wrong.statement["lines"]}
        return page(request, session, wrong, values, {})

    @routes.post("")
    def replace(request: Request, receipt_id: str, session: writer, form: Fields) -> Response:
        require(session.actor, Scope.RECEIPTS_ISSUE)
        wrong = fee_receipt(house, session, receipt_id)
        payer, faults = person(form, "payer")
        if payer is None:
            return page(request, session, wrong, dict(form.items()), faults)
        new = house.cases.receipts.replace(session.actor, receipt_id, _fee(house, session, wrong, form, payer),
                                     at=house.clock(), key=text(form, "key")[:200] or None)
        house.cases.receipts.wait_issued(new.id, house.settings.wait_seconds)
        return RedirectResponse(f"{DOSSIERS}/{wrong.dossier_code}#giay-da-cap", status_code=HTTPStatus.SEE_OTHER)

    return routes


def _fee(house: House, session: Session, wrong: Receipt, form: Fields, payer: Person) -> FeeRequest:
    procedure = procedure_of(house, session, wrong.dossier_code)
    return FeeRequest(quantities(form, procedure), text(form, "payment_method", "cash"), payer)


def fee_receipt(house: House, session: Session, receipt_id: str) -> Receipt:
    """A fee receipt of the actor's unit; raises ReceiptUnknown, NoSuchPage for a slip."""
    found = house.cases.receipts.find(session.actor, receipt_id, at=house.clock())
    if found.kind != ReceiptKind.FEE:
        raise NoSuchPage
    return found


def procedure_of(house: House, session: Session, code: str) -> Procedure:
    """The version of the procedure that a dossier of the actor's unit was received under."""
    with house.storage.transactions.read() as tx:
        dossier = find_dossier(tx, code, session.actor.unit)
        return catalogue.procedure_version(tx, dossier.procedure_code, dossier.procedure_version)


def quoted(house: House, session: Session, code: str, wanted: Mapping[str, Quantity]) -> dict[str, Any]:
    """The bill over `wanted` and its words, for the template."""
    bill = house.cases.receipts.quote(session.actor, code, wanted)
    return {"bill": bill, "words": amount_in_words(bill.total)}
