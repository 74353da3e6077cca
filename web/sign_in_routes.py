"""Sign-in and sign-out of staff."""

from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Depends, Request
from starlette.responses import RedirectResponse, Response

from storage.access import SESSION_HOURS, NotSignedIn, Session, SignInFailed, TooManyAttempts
from storage.callers import COOKIE
from storage.rates import per_minute
from web.forms import Fields, Gate, own_page, text
from web.house import House
from web.templating import Pages

DESK = "/tiep-nhan"
SIGN_INS_A_MINUTE = 30


def sign_in_router(house: House, pages: Pages, gate: Gate) -> APIRouter:
    """`/dang-nhap` and `/dang-xuat`."""
    routes = APIRouter(include_in_schema=False)
    writer = Annotated[Session, Depends(gate.writer)]

    @routes.get("/dang-nhap")
    def ask(request: Request, tiep: str = "") -> Response:
        try:
            gate.reader(request)
        except NotSignedIn:
            return pages.render(request, "sign_in.html", login="", back=inside(tiep), error=None)
        return RedirectResponse(inside(tiep), status_code=HTTPStatus.SEE_OTHER)

    @routes.post("/dang-nhap", dependencies=[Depends(per_minute("sign-in", SIGN_INS_A_MINUTE)), Depends(own_page)])
    def sign_in(request: Request, form: Fields) -> Response:
        login, back = text(form, "login")[:60], inside(text(form, "tiep"))
        password = form.get("password", "")
        try:
            token, _ = house.storage.access.sign_in(login, password if isinstance(password, str) else "",
                                                    house.clock())
        except (SignInFailed, TooManyAttempts) as refused:
            return pages.render(request, "sign_in.html", status=refused.rule.status, login=login, back=back,
                                error=refused)
        answer = RedirectResponse(back, status_code=HTTPStatus.SEE_OTHER)
        answer.set_cookie(COOKIE, token, max_age=SESSION_HOURS * 3600, path="/", httponly=True, samesite="lax",
                          secure=house.https)
        return answer

    @routes.post("/dang-xuat")
    def sign_out(request: Request, _session: writer) -> Response:
        house.storage.access.sign_out(request.cookies.get(COOKIE, ""))
        answer = RedirectResponse("/dang-nhap", status_code=HTTPStatus.SEE_OTHER)
        answer.delete_cookie(COOKIE, path="/")
        return answer

    return routes


def inside(address: str) -> str:
    """`address` if it is a path of the desk, else the desk: a link must not lead out after signing in."""
    plain = address.startswith(DESK) and "\\" not in address and "//" not in address and ":" not in address
    return address if plain and address.isprintable() else DESK
