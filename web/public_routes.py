"""Pages for applicants: start, look-up by code, the page behind the QR, verification by upload."""

from http import HTTPStatus

from fastapi import APIRouter, Depends, Request
from starlette.concurrency import run_in_threadpool
from starlette.responses import HTMLResponse, RedirectResponse, Response

from receipts.errors import VerifyTooLarge, WrongDigits
from receipts.links import GRANT_MINUTES
from receipts.model import VerificationReport, headline
from receipts.public import LookUpFailed, PublicView
from receipts.reports import advice
from storage.access import NotSignedIn, Session, TooManyAttempts
from storage.downloads import respond
from storage.errors import ServiceError
from storage.model import DossierStatus
from storage.rates import per_minute
from storage.uploads import Bounds, NoFiles, received
from web import labels
from web.forms import Fields, own_page, text
from web.house import House
from web.templating import Pages

GRANT_COOKIE = "sohoa_grant"


def start_router(house: House, pages: Pages) -> APIRouter:
    """Start page and look-up by code."""
    routes = APIRouter(include_in_schema=False)
    paced = Depends(per_minute("look-up", house.settings.look_ups_a_minute))

    @routes.get("/")
    def start(request: Request) -> HTMLResponse:
        return pages.render(request, "public/start.html")

    @routes.get("/tra-cuu")
    def ask(request: Request, ma: str = "") -> HTMLResponse:
        return pages.render(request, "public/look_up.html", code=ma.strip()[:50], error=None, view=None)

    @routes.post("/tra-cuu", dependencies=[paced, Depends(own_page)])
    def look_up(request: Request, form: Fields) -> HTMLResponse:
        code, now = text(form, "ma")[:50].upper(), house.clock()
        try:
            view = house.cases.papers.by_code(code, text(form, "so-cuoi"), now)
        except (LookUpFailed, TooManyAttempts) as refused:
            return pages.render(request, "public/look_up.html", status=refused.rule.status, code=code, error=refused,
                                view=None)
        return pages.render(request, "public/look_up.html", code=code, error=None, view=view,
                            timeline=timeline(view), standing=labels.standing(view.dossier, now))

    return routes


def paper_router(house: House, pages: Pages) -> APIRouter:
    """What the QR of a paper leads to. The token is never shown, logged or sent on."""
    paced = Depends(per_minute("paper", house.settings.look_ups_a_minute))
    routes = APIRouter(prefix="/r/{token}", include_in_schema=False, dependencies=[paced])

    def page(request: Request, token: str, error: ServiceError | None = None) -> HTMLResponse:
        now = house.clock()
        view = house.cases.papers.look(token, now)
        return pages.render(
            request, "public/paper.html", status=error.rule.status if error else 200, view=view, error=error,
            opened=house.cases.papers.is_open(token, request.cookies.get(GRANT_COOKIE), now), timeline=timeline(view),
            standing=labels.standing(view.dossier, now), here=f"/r/{token}", headers={"X-Robots-Tag": "noindex"})

    @routes.get("")
    def look(request: Request, token: str) -> HTMLResponse:
        return page(request, token)

    @routes.post("", dependencies=[Depends(own_page)])
    def unlock(request: Request, token: str, form: Fields) -> Response:
        try:
            grant = house.cases.papers.unlock(token, text(form, "so-cuoi"), house.clock())
        except (WrongDigits, TooManyAttempts) as refused:
            return page(request, token, refused)
        answer = RedirectResponse(f"/r/{token}#giay-to", status_code=HTTPStatus.SEE_OTHER)
        answer.set_cookie(GRANT_COOKIE, grant, max_age=GRANT_MINUTES * 60, path=f"/r/{token}", httponly=True,
                          samesite="lax", secure=house.https)
        return answer

    @routes.get("/tep/{name}")
    def fetch(request: Request, token: str, name: str) -> Response:
        found = house.cases.papers.fetch(token, request.cookies.get(GRANT_COOKIE), name, house.clock())
        return respond(request, found.file, found.save_as, found.chunks, inline=False)

    return routes


def verify_router(house: House, pages: Pages) -> APIRouter:
    """Verification by upload: anybody, any signed PDF."""
    routes = APIRouter(prefix="/kiem-tra", include_in_schema=False)
    bounds = Bounds(int(house.settings.max_verify_bytes), VerifyTooLarge)
    guard = per_minute("verify", house.settings.verifications_a_minute)

    def page(request: Request, *, report: VerificationReport | None = None,
             error: ServiceError | None = None) -> HTMLResponse:
        return pages.render(request, "public/verify.html", session=_signed_in(house, request), report=report,
                            status=error.rule.status if error else 200, error=error, max_bytes=bounds.max_bytes,
                            headline=headline, advice=advice)

    @routes.get("")
    def ask(request: Request) -> HTMLResponse:
        return page(request)

    @routes.post("", dependencies=[Depends(own_page)])
    async def verify(request: Request) -> HTMLResponse:
        try:
            guard(request)
            async with received(request, bounds) as came:
                if came.files[0].path.stat().st_size == 0:
                    raise NoFiles("Chọn một tệp PDF rồi bấm Kiểm tra.")
                report = await run_in_threadpool(house.cases.verify, came.files[0].path)
        except ServiceError as refused:
            return await run_in_threadpool(page, request, error=refused)
        return await run_in_threadpool(page, request, report=report)

    return routes


def _signed_in(house: House, request: Request) -> Session | None:
    """Staff keep the frame of the desk where they verify."""
    try:
        return house.cases.callers.session(request)
    except NotSignedIn:
        return None


Step = tuple[str, object, str]
"""(what happened, when or None, "done" | "now" | "next")."""


def timeline(view: PublicView) -> list[Step]:
    """The dossier's way in four steps, without anything personal."""
    dossier = view.dossier
    ended = dossier.status in {DossierStatus.NOT_ACCEPTED, DossierStatus.WITHDRAWN, DossierStatus.STOPPED}
    decided = dossier.finished_at is not None
    steps: list[Step] = [("Tiếp nhận hồ sơ", dossier.received_at, "done")]
    if ended:
        return [*steps, (labels.DOSSIER_STATUSES[dossier.status].text, None, "now")]
    middle = labels.DOSSIER_STATUSES[dossier.status].text if not decided else "Xử lý hồ sơ"
    steps.append(("Đang xử lý" if dossier.status == DossierStatus.RECEIVED else middle, None,
                  "done" if decided else "now"))
    steps.append(("Có kết quả", dossier.finished_at, "done" if decided else "next"))
    returned = dossier.returned_at is not None
    steps.append(("Trả kết quả", dossier.returned_at, "done" if returned else "now" if decided else "next"))
    return steps
