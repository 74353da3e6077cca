"""Every error leaves as RFC 9457 `application/problem+json` with a permanent code; one builder for four families."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from http import HTTPStatus
from uuid import uuid4

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.responses import JSONResponse, Response

from storage.errors import Kind, ServiceError
from storage.openapi import PROBLEM_JSON, describe

log = logging.getLogger(__name__)


class BadRequest(ServiceError):
    """The request does not have the shape that the API describes."""

    code = "request-invalid"
    kind = Kind.INVALID
    title = "Yêu cầu không đúng định dạng"
    title_en = "Invalid request"
    advice = "Xem danh sách các trường sai trong `errors` và tài liệu OpenAPI rồi gửi lại."


class NoSuchPage(ServiceError):
    """Nothing is at this address, or not for this method."""

    code = "not-found"
    kind = Kind.MISSING
    title = "Không có địa chỉ này"
    title_en = "Not found"
    advice = "Kiểm tra lại đường dẫn."


class MethodNotAllowed(ServiceError):
    """The address is there, but not for this method (said with HTTP 405 and the header Allow)."""

    code = "method-not-allowed"
    kind = Kind.INVALID
    title = "Địa chỉ này không nhận phương thức đã dùng"
    title_en = "Method not allowed"
    advice = "Xem phương thức được phép trong tiêu đề Allow hoặc tài liệu OpenAPI."


HTTP_CODES = {401: "not-signed-in", 403: "not-allowed", 404: "not-found", 405: "method-not-allowed",
              413: "file-too-large", 415: "unsupported-type"}


def problem(error: ServiceError, *, headers: Mapping[str, str] | None = None, **more: object) -> JSONResponse:
    """The problem document of one of our errors. Facts ride along; they hold no personal data."""
    status = error.rule.status
    content = {"type": f"urn:sohoa:problem:{error.code}", "code": error.code, "title": error.title,
               "title_en": error.title_en, "status": status, "detail": error.detail, **error.facts, **more}
    sent = dict(headers or {})
    if "retry_after" in error.facts:
        sent["Retry-After"] = str(error.facts["retry_after"])
    elif error.kind == Kind.UNAVAILABLE:
        sent["Retry-After"] = "5"
    if status == HTTPStatus.UNAUTHORIZED:
        sent["WWW-Authenticate"] = "Bearer"
    return JSONResponse(content, status_code=status, media_type=PROBLEM_JSON, headers=sent)


async def service_error(_request: Request, error: Exception) -> Response:
    """Ours: as it is. A defect is logged by its code, without its words."""
    if not isinstance(error, ServiceError):
        return await unexpected(_request, error)
    if error.kind == Kind.DEFECT:
        log.error("defect", extra={"action": "request-failed", "code": error.code}, exc_info=error)
    return problem(error)


async def invalid_request(_request: Request, error: Exception) -> Response:
    """Validation: places and kinds only; pydantic's `input` would echo citizens' data."""
    places = []
    if isinstance(error, RequestValidationError):
        places = [{"at": "/".join(map(str, fault["loc"])), "fault": fault["type"]} for fault in error.errors()]
    return problem(BadRequest(), errors=places)


async def http_error(_request: Request, error: Exception) -> Response:
    """Starlette's own (404, 405, ...): its status and headers, our shape."""
    if not isinstance(error, HTTPException):
        return await unexpected(_request, error)
    known = {404: NoSuchPage, 405: MethodNotAllowed}.get(error.status_code)
    code = HTTP_CODES.get(error.status_code, "http-error")
    content = {"type": f"urn:sohoa:problem:{code}", "code": code, "status": error.status_code,
               "title": known.title if known else "Yêu cầu không thực hiện được",
               "title_en": HTTPStatus(error.status_code).phrase,
               "detail": known.advice if known else "Xem tài liệu OpenAPI rồi gửi lại."}
    return JSONResponse(content, status_code=error.status_code, media_type=PROBLEM_JSON, headers=error.headers)


async def unexpected(_request: Request, error: Exception) -> Response:
    """Anything else is our defect: an incident number for the person, the trace for the log."""
    incident = str(uuid4())
    log.error("unexpected error", extra={"action": "request-failed", "incident": incident}, exc_info=error)
    return problem(ServiceError(incident=incident))


def install(app: FastAPI) -> None:
    """Register the four handlers, and tell of the problem document in the OpenAPI description."""
    describe(app)
    app.add_exception_handler(ServiceError, service_error)
    app.add_exception_handler(RequestValidationError, invalid_request)
    app.add_exception_handler(HTTPException, http_error)
    app.add_exception_handler(Exception, unexpected)
