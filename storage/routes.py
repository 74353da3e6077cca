"""HTTP face of storage: token, procedures, units, dossiers, change feed, health."""

import base64
import binascii
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Annotated

from fastapi import APIRouter, Depends, Form, Header, Query, Request
from starlette.responses import JSONResponse, Response

from storage import catalogue, changes, idempotency
from storage.access import TOKEN_MINUTES, SignInFailed
from storage.callers import Callers, now
from storage.dossiers import VIETNAM, Dossiers
from storage.dossiers import find as find_dossier
from storage.errors import ServiceError
from storage.model import Actor, DossierStatus, Scope
from storage.openapi import refusals
from storage.opening import Storage
from storage.problems import BadRequest
from storage.schemas import (
    ChangeOut,
    ChangePage,
    DossierIn,
    DossierOut,
    DossierPage,
    ProcedureOut,
    StatusIn,
    TokenOut,
    UnitOut,
)

LAST_POSITION = 2**63 - 1
"""What a database keeps in a position."""
Key = Annotated[str | None, Header(alias="Idempotency-Key", max_length=255)]


def token_router(storage: Storage, clock: Callable[[], datetime] = now) -> APIRouter:
    """OAuth 2 client credentials (RFC 6749 4.4)."""
    routes = APIRouter(tags=["access"], responses=refusals(401, 422, 429, 503))

    @routes.post("/token", operation_id="get_token")
    def token(request: Request, response: Response, *, grant_type: Annotated[str, Form()],
              scope: Annotated[str, Form()] = "", client_id: Annotated[str, Form()] = "",
              client_secret: Annotated[str, Form()] = "") -> TokenOut:
        """A bearer token for an API client, by form fields or HTTP Basic."""
        response.headers["Cache-Control"] = "no-store"  # RFC 6749 5.1
        if grant_type != "client_credentials":
            raise BadRequest("Chỉ hỗ trợ grant_type=client_credentials.")
        if not client_id:
            client_id, client_secret = _basic(request)
        issued, scopes = storage.access.issue_token(client_id, client_secret, scope.split(), clock())
        return TokenOut(access_token=issued, expires_in=TOKEN_MINUTES * 60, scope=" ".join(scopes))

    return routes


def catalogue_router(storage: Storage, callers: Callers, clock: Callable[[], datetime] = now) -> APIRouter:
    """Procedures and units in force today."""
    routes = APIRouter(tags=["catalogue"], responses=refusals(401, 403, 503))
    reader = Depends(callers.having(Scope.DOSSIERS_READ))

    @routes.get("/procedures", operation_id="list_procedures", dependencies=[reader])
    def procedures() -> list[ProcedureOut]:
        """Procedures in force, with papers, deadlines and fees."""
        with storage.transactions.read() as tx:
            found = catalogue.procedures(tx, clock().astimezone(VIETNAM).date())
        return [ProcedureOut.of(one) for one in found]

    @routes.get("/units", operation_id="list_units", dependencies=[reader])
    def units() -> list[UnitOut]:
        """Units in force."""
        with storage.transactions.read() as tx:
            found = catalogue.units(tx, clock().astimezone(VIETNAM).date())
        return [UnitOut.of(one) for one in found]

    return routes


def dossier_router(storage: Storage, dossiers: Dossiers, callers: Callers,
                   clock: Callable[[], datetime] = now) -> APIRouter:
    """Dossiers: open, list, show, move."""
    routes = APIRouter(prefix="/dossiers", tags=["dossiers"], responses=refusals(401, 403, 422, 503))
    reader = Annotated[Actor, Depends(callers.having(Scope.DOSSIERS_READ))]
    writer = Annotated[Actor, Depends(callers.having(Scope.DOSSIERS_WRITE))]

    @routes.post("", status_code=201, operation_id="open_dossier", responses=refusals(404, 409))
    def create(body: DossierIn, actor: writer, response: Response, key: Key = None) -> DossierOut:
        """Open a dossier; the deadline is computed from the procedure."""
        request = body.model_dump_json().encode()
        with storage.transactions.begin() as tx:
            known = idempotency.known(tx, actor, key, request)
            dossier = find_dossier(tx, known) if known else dossiers.open_in(tx, actor, body.value(), clock())
            if not known:
                idempotency.remember(tx, actor, key, request, subject=dossier.code, at=clock())
        response.headers["Location"] = f"/api/v1/dossiers/{dossier.code}"
        return DossierOut.of(dossier)

    @routes.get("", operation_id="list_dossiers")
    def index(actor: reader, after: str | None = None, status: DossierStatus | None = None,
              limit: Annotated[int, Query(ge=1, le=200)] = 50) -> DossierPage:
        """Newest first; pass `next` as `after` for more."""
        found = dossiers.list(actor, before=_cursor(after), limit=limit + 1, status=status)
        shown = found[:limit]
        last = shown[-1] if len(found) > limit else None
        return DossierPage(dossiers=[DossierOut.of(one) for one in shown],
                           next=f"{last.received_at.isoformat()}~{last.code}" if last else None)

    @routes.get("/{code}", operation_id="show_dossier", responses=refusals(404))
    def show(code: str, actor: reader) -> DossierOut:
        """One dossier."""
        return DossierOut.of(dossiers.find(actor, code))

    @routes.post("/{code}/status", operation_id="move_dossier", responses=refusals(404, 409))
    def move(code: str, body: StatusIn, actor: writer) -> DossierOut:
        """Move the status (Cổng DVCQG codes 1..10)."""
        return DossierOut.of(dossiers.move(actor, code, DossierStatus(body.status), clock()))

    return routes


def change_router(storage: Storage, callers: Callers) -> APIRouter:
    """The change feed: gapless positions, nothing appears behind a cursor that has passed."""
    routes = APIRouter(tags=["changes"], responses=refusals(401, 403, 422, 503))
    reader = Annotated[Actor, Depends(callers.having(Scope.CHANGES_READ))]

    @routes.get("/changes", operation_id="read_changes")
    def feed(actor: reader, after: Annotated[int, Query(ge=0, le=LAST_POSITION)] = 0,
             limit: Annotated[int, Query(ge=1, le=1000)] = 200) -> ChangePage:
        """Everything that changed behind position `after`, in order."""
        changes.sequence(storage.transactions)
        with storage.transactions.read() as tx:
            found = changes.after(tx, after, limit, actor.unit)
        return ChangePage(changes=[ChangeOut.of(one) for one in found],
                          next=found[-1].position if found else after)

    return routes


def health_router(storage: Storage) -> APIRouter:
    """Liveness and readiness, outside /api/v1."""
    routes = APIRouter(tags=["health"], include_in_schema=False)

    @routes.get("/healthz")
    def alive() -> dict[str, str]:
        return {"status": "ok"}

    @routes.get("/readyz")
    def ready() -> JSONResponse:
        state = {"database": _works(lambda: _ping(storage)), "objects": _works(storage.objects.ready)}
        return JSONResponse(state, status_code=200 if set(state.values()) == {"ok"} else 503)

    return routes


def _ping(storage: Storage) -> None:
    with storage.transactions.read() as tx:
        catalogue.is_empty(tx)


def _works(check: Callable[[], None]) -> str:
    try:
        check()
    except ServiceError as fault:
        return fault.code
    return "ok"


def _basic(request: Request) -> tuple[str, str]:
    """Client id and secret from HTTP Basic; raises SignInFailed."""
    scheme, _, encoded = request.headers.get("authorization", "").partition(" ")
    try:
        decoded = base64.b64decode(encoded, validate=True).decode() if scheme.lower() == "basic" else ""
    except (binascii.Error, UnicodeDecodeError) as cause:
        raise SignInFailed from cause
    client_id, _, secret = decoded.partition(":")
    return client_id, secret


def _cursor(after: str | None) -> tuple[datetime, str] | None:
    if after is None:
        return None
    at, _, code = after.partition("~")
    try:
        parsed = datetime.fromisoformat(at.replace(" ", "+"))
        received_at = parsed.astimezone(UTC)
    except (ValueError, OverflowError) as cause:
        raise BadRequest("Con trỏ trang `after` không hợp lệ.") from cause
    if parsed.tzinfo is None:
        raise BadRequest("Con trỏ trang `after` không hợp lệ.")
    return received_at, code
