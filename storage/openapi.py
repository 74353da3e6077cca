"""What the OpenAPI description says beyond FastAPI's own: problem documents, scopes, files and event streams."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

from fastapi import FastAPI
from fastapi.openapi.models import OAuthFlowClientCredentials, OAuthFlows
from fastapi.security import OAuth2
from starlette.requests import HTTPConnection

from storage.model import Scope
from storage.schemas import Problem

PROBLEM_JSON = "application/problem+json"
SCHEMAS = "#/components/schemas/{model}"
TOKEN_URL = "/api/v1/token"  # noqa: S105 - an address
SCOPES = {
    Scope.DOSSIERS_READ: "dossiers, procedures and units",
    Scope.DOSSIERS_WRITE: "open dossiers and move their status",
    Scope.DOCUMENTS_READ: "documents, their pages, fields and progress",
    Scope.DOCUMENTS_WRITE: "upload, correct, confirm and release documents",
    Scope.FILES_READ: "fetch the files of documents",
    Scope.RECEIPTS_READ: "receipts and their files",
    Scope.RECEIPTS_ISSUE: "issue and replace receipts",
    Scope.CHANGES_READ: "the change feed",
    Scope.REPORTS_READ: "kept for reports; no operation asks for it yet",
}
Responses = dict[int | str, dict[str, Any]]
BINARY = {"type": "string", "format": "binary"}
_WAIT = {"Retry-After": {"description": "Seconds to wait before asking again.", "schema": {"type": "integer"}}}
_HEADERS: dict[int, dict[str, Any]] = {
    401: {"WWW-Authenticate": {"description": "The scheme: Bearer.", "schema": {"type": "string"}}},
    429: _WAIT, 503: _WAIT,
}  # fmt: skip


class ClientCredentials(OAuth2):
    """Shown in the description; who calls is told by `storage.callers.Callers` alone."""

    async def __call__(self, request: HTTPConnection) -> None:
        """Look at nothing."""


BEARER = ClientCredentials(
    scheme_name="client-credentials", auto_error=False,
    description="A bearer token of RFC 6749 4.4 from /api/v1/token; it lives for half an hour.",
    flows=OAuthFlows(clientCredentials=OAuthFlowClientCredentials(
        tokenUrl=TOKEN_URL, scopes={scope.value: text for scope, text in SCOPES.items()})))


def refusals(*statuses: int) -> Responses:
    """`responses=` of a router or route: these statuses, and whatever else, as problem documents."""
    found: Responses = {status: _refusal(HTTPStatus(status).phrase, status) for status in statuses}
    return found | {"default": _refusal("Any other problem")}


def _refusal(text: str, status: int = 0) -> dict[str, Any]:
    content = {PROBLEM_JSON: {"schema": {"$ref": SCHEMAS.format(model=Problem.__name__)}}}
    return {"description": text, "content": content, **({"headers": _HEADERS[status]} if status in _HEADERS else {})}


def files(*media_types: str) -> Responses:
    """`responses=` of a route that hands out stored bytes of one of these types (RFC 9110 13-15)."""
    content = {media_type: {"schema": BINARY} for media_type in media_types}
    etag = {"ETag": {"description": "SHA-256 of the whole file.", "schema": {"type": "string"}}}
    return {
        200: {"description": "The file", "content": content, "headers": etag},
        206: {"description": "The range asked for", "content": content, "headers": etag},
        304: {"description": "The caller has it already (If-None-Match)"},
        416: {"description": "The range lies beyond the end; Content-Range tells the size, there is no body"},
    }


def events(text: str) -> Responses:
    """`responses=` of a route that sends events."""
    return {200: {"description": text, "content": {"text/event-stream": {"schema": {"type": "string"}}}}}


def describe(app: FastAPI) -> None:
    """Add to the application's description the schemas that responses refer to by name."""
    plain = app.openapi

    def described() -> dict[str, Any]:
        description = plain()
        schema = Problem.model_json_schema(ref_template=SCHEMAS)
        schemas = description.setdefault("components", {}).setdefault("schemas", {})
        schemas.update(schema.pop("$defs", {}), **{Problem.__name__: schema})
        return description

    app.openapi = described  # type: ignore[method-assign]
