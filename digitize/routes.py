"""HTTP face of documents: upload, show, live progress, fields, confirm, release, files."""

import asyncio
from collections.abc import AsyncIterator, Callable
from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Depends, Header, Query, Request
from pydantic import TypeAdapter, ValidationError
from starlette.concurrency import run_in_threadpool
from starlette.responses import JSONResponse, Response, StreamingResponse

from digitize.errors import FileTooLarge
from digitize.schemas import DocumentDetail, DocumentOut, FieldsIn, Progress
from digitize.service import Documents, NewDocument
from digitize.settings import DigitizeSettings
from storage.callers import Callers, now
from storage.downloads import respond
from storage.model import Actor, DocumentKind, DocumentState, Scope
from storage.openapi import events as event_stream
from storage.openapi import files, refusals
from storage.problems import BadRequest
from storage.uploads import Bounds, Upload, received

PROGRESS_SECONDS = 0.25
LONGEST_PROGRESS_SECONDS = 3600
MOVING = frozenset({DocumentState.RECEIVED, DocumentState.READING})
VALUES: dict[str, dict[str, object]] = {
    "component": {"type": "string"}, "kind": {"type": "string", "enum": ["component", "result"]},
    "declared_pages": {"type": "integer", "minimum": 1}, "backlog": {"type": "boolean"}}
FORM_VALUES = tuple(VALUES)
UPLOAD_BODY = {"requestBody": {"required": True, "content": {
    "multipart/form-data": {"schema": {"type": "object", "required": ["file", "component"], "properties": {
        "file": {"type": "array", "items": {"type": "string", "format": "binary"}}, **VALUES}}},
    "application/pdf": {"schema": {"type": "string", "format": "binary"}},
    "image/jpeg": {"schema": {"type": "string", "format": "binary"}},
    "image/png": {"schema": {"type": "string", "format": "binary"}},
    "image/tiff": {"schema": {"type": "string", "format": "binary"}}}},
    "parameters": [{"name": name, "in": "query", "required": False, "schema": schema,
                    "description": "with a raw body; a form carries it as a value"} for name, schema in VALUES.items()]}
FILE_TYPES = ("application/octet-stream", "application/pdf", "image/jpeg", "image/png", "image/tiff", "text/plain",
              "application/json", "application/xml")
Key = Annotated[str | None, Header(alias="Idempotency-Key", max_length=255)]


def upload_router(documents: Documents, settings: DigitizeSettings, callers: Callers,
                  clock: Callable[[], datetime] = now) -> APIRouter:
    """Files in."""
    routes = APIRouter(prefix="/dossiers/{code}/documents", tags=["documents"],
                       responses=refusals(401, 403, 404, 422, 503))
    writer = Annotated[Actor, Depends(callers.having(Scope.DOCUMENTS_WRITE))]
    reader = Annotated[Actor, Depends(callers.having(Scope.DOCUMENTS_READ))]

    bounds = Bounds(int(settings.max_file_bytes), FileTooLarge)

    @routes.post("", status_code=202, openapi_extra=UPLOAD_BODY, response_model=DocumentOut,
                 operation_id="upload_document", responses=refusals(409, 413, 415))
    async def upload(code: str, request: Request, actor: writer, key: Key = None) -> Response:
        """One paper, one or more files: multipart (`file` repeated) or the raw body with query parameters.

        Answers 202 when the originals are durable; reading follows (`events`, `GET /changes`).
        """
        async with received(request, bounds, FORM_VALUES) as came:
            new = _new(came, request)
            document = await run_in_threadpool(documents.accept, actor, code, came.files, new, at=clock(), key=key)
        return JSONResponse(DocumentOut.of(document).model_dump(mode="json"), status_code=202,
                            headers={"Location": f"/api/v1/documents/{document.id}"})

    @routes.get("", operation_id="list_documents")
    def index(code: str, actor: reader) -> list[DocumentDetail]:
        """All documents of a dossier."""
        return [DocumentDetail.view(view) for view in documents.of_dossier(actor, code, at=clock())]

    return routes


def document_router(documents: Documents, callers: Callers, clock: Callable[[], datetime] = now) -> APIRouter:
    """One document."""
    routes = APIRouter(prefix="/documents/{document_id}", tags=["documents"],
                       responses=refusals(401, 403, 404, 422, 503))
    reader = Annotated[Actor, Depends(callers.having(Scope.DOCUMENTS_READ))]
    writer = Annotated[Actor, Depends(callers.having(Scope.DOCUMENTS_WRITE))]
    fetcher = Annotated[Actor, Depends(callers.having(Scope.FILES_READ))]

    @routes.get("", operation_id="show_document")
    def show(document_id: str, actor: reader) -> DocumentDetail:
        """State, pages, fields and files."""
        return DocumentDetail.view(documents.find(actor, document_id, at=clock()))

    @routes.get("/events", response_class=StreamingResponse, operation_id="follow_document",
                responses=event_stream("Events `progress`, each with a Progress as JSON"))
    async def events(document_id: str, actor: reader) -> StreamingResponse:
        """Server-sent events `progress` until the document is read (or refused); the first comes at once."""
        await run_in_threadpool(documents.glance, actor, document_id)
        return StreamingResponse(_progress(documents, actor, document_id), media_type="text/event-stream",
                                 headers={"Cache-Control": "no-store", "X-Accel-Buffering": "no"})

    @routes.put("/fields", operation_id="correct_fields", responses=refusals(409))
    def correct(document_id: str, body: FieldsIn, actor: writer) -> DocumentDetail:
        """Correct fields before confirming; sending the old value again is undo."""
        return DocumentDetail.view(documents.correct(actor, document_id, body.values, at=clock()))

    @routes.post("/confirm", operation_id="confirm_document", responses=refusals(409))
    def confirm(document_id: str, actor: writer) -> DocumentOut:
        """Stand for what was read; the sealed copy follows."""
        return DocumentOut.of(documents.confirm(actor, document_id, at=clock()))

    @routes.post("/release", operation_id="release_document", responses=refusals(409))
    def release(document_id: str, actor: writer) -> DocumentOut:
        """Let the applicant fetch this sealed result."""
        return DocumentOut.of(documents.release(actor, document_id, at=clock()))

    @routes.head("/files/{role}", response_class=Response, include_in_schema=False)
    @routes.get("/files/{role}", response_class=Response, operation_id="get_document_file",
                responses=files(*FILE_TYPES))
    def file(document_id: str, role: str, request: Request, actor: fetcher,
             download: Annotated[bool, Query()] = False) -> Response:  # noqa: FBT002 - a query parameter
        """A file: original, archive, sealed, text, alto, words, page-1...; Range, ETag = SHA-256."""
        found = documents.file(actor, document_id, role, at=clock())
        return respond(request, found.file, found.save_as, found.chunks, inline=not download)

    return routes


async def _progress(documents: Documents, actor: Actor, document_id: str) -> AsyncIterator[str]:
    """Progress as it changes, polled from the database, with a comment line every so often to keep the line open."""
    last = ""
    for tick in range(int(LONGEST_PROGRESS_SECONDS / PROGRESS_SECONDS)):
        document = await run_in_threadpool(documents.glance, actor, document_id)
        line = Progress.model_validate(document, from_attributes=True).model_dump_json()
        if line != last:
            yield f"event: progress\ndata: {line}\n\n"
        elif tick % 60 == 0:
            yield ": still here\n\n"
        last = line
        if document.state not in MOVING:
            return
        await asyncio.sleep(PROGRESS_SECONDS)


def _new(came: Upload, request: Request) -> NewDocument:
    """The small values from the form, else from the query. Raises BadRequest."""
    values = {name: came.values.get(name) or request.query_params.get(name) for name in FORM_VALUES}
    try:
        kind = DocumentKind(values["kind"] or "component")
        pages = TypeAdapter(int | None).validate_python(values["declared_pages"] or None)
        backlog = TypeAdapter(bool).validate_python(values["backlog"] or False)
    except (ValueError, ValidationError) as cause:
        raise BadRequest("Giá trị kind, declared_pages hoặc backlog không đúng.") from cause
    component = (values["component"] or ("result" if kind == DocumentKind.RESULT else "")).strip()
    if not component:
        raise BadRequest("Thiếu trường component: mã thành phần hồ sơ.")
    return NewDocument(component=component[:50], kind=kind, declared_pages=pages, backlog=backlog)
