"""Errors as pages: people get words, a way on and the incident number; programs keep their problem document."""

from __future__ import annotations

import logging
from collections.abc import Callable
from http import HTTPStatus
from urllib.parse import quote
from uuid import uuid4

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.responses import HTMLResponse, RedirectResponse, Response

from storage import problems
from storage.access import NotSignedIn
from storage.errors import Kind, ServiceError
from storage.problems import BadRequest, NoSuchPage
from web.security import headers_for
from web.templating import Pages

log = logging.getLogger(__name__)
SIGN_IN = "/dang-nhap"


class FormTooLarge(ServiceError):
    """A form of a page is larger than any form of ours."""

    code = "form-too-large"
    kind = Kind.TOO_LARGE
    title = "Biểu mẫu quá lớn"
    title_en = "Form too large"
    advice = "Rút gọn nội dung rồi gửi lại; tệp giấy tờ thì tải lên ở trang hồ sơ."


class RequestRefused(ServiceError):
    """Something about the request that only its sender can change (Starlette's own refusals)."""

    code = "http-error"
    kind = Kind.INVALID
    title = "Yêu cầu không thực hiện được"
    title_en = "The request cannot be served"
    advice = "Quay lại trang trước và thử lại."


def is_page(request: Request) -> bool:
    """Whether a person with a browser asked; everything below /api/ belongs to programs."""
    if request.url.path.startswith(("/api/", "/static/", "/healthz", "/readyz", "/metrics")):
        return False
    return "text/html" in request.headers.get("accept", "") or "hx-request" in request.headers


def install(app: FastAPI, pages: Pages, *, https: bool) -> None:
    """Register handlers for all four families, in place of `storage.problems.install`."""

    def register(family: type[Exception], program: Callable[..., object]) -> None:
        async def answer(request: Request, error: Exception) -> Response:
            if is_page(request):
                return page_for(request, error, pages, https=https)
            answered = program(request, error)
            return await answered  # type: ignore[no-any-return, misc]

        app.add_exception_handler(family, answer)

    register(ServiceError, problems.service_error)
    register(RequestValidationError, problems.invalid_request)
    register(HTTPException, problems.http_error)
    register(Exception, problems.unexpected)


def page_for(request: Request, error: Exception, pages: Pages, *, https: bool) -> Response:
    """The answer to a browser: sign-in when that is what is missing, else a page (or a message, for a fragment)."""
    known = _ours(error)
    if isinstance(known, NotSignedIn):
        return to_sign_in(request)
    if known.kind == Kind.DEFECT:
        log.error("request failed", extra={"action": "request-failed", "code": known.code,
                                           "incident": known.facts.get("incident")}, exc_info=error)
    fragment = "hx-request" in request.headers
    headers = dict(headers_for(request.url.path, https=https))
    if fragment:
        headers |= {"HX-Retarget": "#messages", "HX-Reswap": "innerHTML"}
    if "retry_after" in known.facts:
        headers["Retry-After"] = str(known.facts["retry_after"])
    return pages.render(request, "_problem.html" if fragment else "error.html", status=_status(error, known),
                        headers=headers, error=known)


def to_sign_in(request: Request) -> Response:
    """Send the browser to sign in and, after a plain look, back here."""
    back = request.url.path if request.method == "GET" and "hx-request" not in request.headers else ""
    address = f"{SIGN_IN}?tiep={quote(back)}" if back else SIGN_IN
    if "hx-request" in request.headers:
        return HTMLResponse("", headers={"HX-Redirect": address})
    return RedirectResponse(address, status_code=HTTPStatus.SEE_OTHER)


def _ours(error: Exception) -> ServiceError:
    """Any error in our words; what was unforeseen gets an incident number."""
    match error:
        case ServiceError():
            return error
        case RequestValidationError():
            return BadRequest("Có trường điền chưa đúng; quay lại, kiểm tra và gửi lại.")
        case HTTPException(status_code=404 | 405):
            return NoSuchPage()
        case HTTPException(status_code=413):
            return FormTooLarge()
        case HTTPException():
            return RequestRefused()
        case _:
            return ServiceError(incident=str(uuid4()))


def _status(error: Exception, known: ServiceError) -> int:
    return error.status_code if isinstance(error, HTTPException) else known.rule.status
