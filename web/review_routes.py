"""One document under review: picture and words side by side, fields, confirm, seal, release."""

from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Depends, Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from storage.access import Session, require
from storage.model import Scope
from web import board
from web.forms import Gate
from web.house import House
from web.templating import Pages

DOCUMENTS = "/tiep-nhan/giay-to"


def review_router(house: House, pages: Pages, gate: Gate) -> APIRouter:
    """`/tiep-nhan/giay-to/{id}`; corrections go through the API of documents."""
    routes = APIRouter(prefix=f"{DOCUMENTS}/{{document_id}}", include_in_schema=False)
    reader = Annotated[Session, Depends(gate.reader)]
    writer = Annotated[Session, Depends(gate.writer)]

    @routes.get("")
    def show(request: Request, document_id: str, session: reader) -> HTMLResponse:
        """The review page; the view is audited."""
        view = house.cases.documents.find(session.actor, document_id, at=house.clock())
        fields = sorted(view.fields, key=lambda field: (field.confidence >= 1, field.confidence))
        return pages.render(request, "desk/document.html", session=session, view=view, fields=fields,
                            following=board.next_waiting(house, session.actor, view.document))

    @routes.get("/the")
    def card(request: Request, document_id: str, session: reader) -> HTMLResponse:
        """The card of a document on its dossier's page (fragment)."""
        view = house.cases.documents.find(session.actor, document_id)
        return pages.render(request, "desk/_document.html", session=session, view=view)

    @routes.get("/trang-thai")
    def state(request: Request, document_id: str, session: reader) -> HTMLResponse:
        """How far the seal is, and what can be done next (fragment; asks again while the seal is being made)."""
        view = house.cases.documents.find(session.actor, document_id)
        return pages.render(request, "desk/_seal.html", session=session, view=view,
                            following=board.next_waiting(house, session.actor, view.document))

    @routes.post("/xac-nhan")
    def confirm(document_id: str, session: writer) -> Response:
        require(session.actor, Scope.DOCUMENTS_WRITE)
        house.cases.documents.confirm(session.actor, document_id, at=house.clock())
        return RedirectResponse(f"{DOCUMENTS}/{document_id}", status_code=HTTPStatus.SEE_OTHER)

    @routes.post("/tra-ket-qua")
    def release(document_id: str, session: writer) -> Response:
        require(session.actor, Scope.DOCUMENTS_WRITE)
        house.cases.documents.release(session.actor, document_id, at=house.clock())
        return RedirectResponse(f"{DOCUMENTS}/{document_id}", status_code=HTTPStatus.SEE_OTHER)

    return routes
