"""HTTP face of receipts: issue, show, replace, files."""

from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Header, Query, Request, Response
from starlette.concurrency import run_in_threadpool

from receipts.errors import VerifyTooLarge
from receipts.model import VerificationReport
from receipts.reports import report_json
from receipts.schemas import FeeIn, ReceiptIn, ReceiptOut, SlipIn
from receipts.service import Receipts
from receipts.settings import ReceiptsSettings
from storage.callers import Callers, now
from storage.downloads import respond
from storage.model import Actor, ReceiptState, Scope
from storage.openapi import Responses, files, refusals
from storage.rates import per_minute
from storage.uploads import Bounds, received

VERIFICATIONS_A_MINUTE = 20
VERIFY_BODY = {"requestBody": {"required": True, "content": {
    "multipart/form-data": {"schema": {"type": "object", "required": ["file"], "properties": {
        "file": {"type": "string", "format": "binary"}}}},
    "application/pdf": {"schema": {"type": "string", "format": "binary"}}}}}
SLOW: Responses = {202: {"model": ReceiptOut, "description": "Numbered for good; the signature follows"}}
Key = Annotated[str | None, Header(alias="Idempotency-Key", max_length=255)]


def receipt_router(receipts: Receipts, callers: Callers, clock: Callable[[], datetime] = now) -> APIRouter:
    """Receipts of a dossier, and one receipt."""
    routes = APIRouter(tags=["receipts"], responses=refusals(401, 403, 404, 422, 503))
    issuer = Annotated[Actor, Depends(callers.having(Scope.RECEIPTS_ISSUE))]
    reader = Annotated[Actor, Depends(callers.having(Scope.RECEIPTS_READ))]

    def answer(receipt_id: str, response: Response) -> ReceiptOut:
        """201 when the signature was quick, else 202 with the number; either way the number is final."""
        receipt = receipts.wait_issued(receipt_id)
        response.status_code = 201 if receipt.state == ReceiptState.ISSUED else 202
        response.headers["Location"] = f"/api/v1/receipts/{receipt_id}"
        return ReceiptOut.of(receipt)

    @routes.post("/dossiers/{code}/receipts", status_code=201, operation_id="issue_receipt",
                 responses=refusals(409) | SLOW)
    def issue(code: str, body: ReceiptIn, actor: issuer, response: Response, key: Key = None) -> ReceiptOut:
        """Issue a slip or a fee receipt."""
        if isinstance(body, SlipIn):
            numbered = receipts.issue_slip(actor, code, body.value(), at=clock(), key=key)
        else:
            numbered = receipts.issue_fee(actor, code, body.value(), at=clock(), key=key)
        return answer(numbered.id, response)

    @routes.get("/dossiers/{code}/receipts", operation_id="list_receipts")
    def index(code: str, actor: reader) -> list[ReceiptOut]:
        """All receipts of a dossier, replaced ones too."""
        return [ReceiptOut.of(one) for one in receipts.of_dossier(actor, code, at=clock())]

    @routes.get("/receipts/{receipt_id}", operation_id="show_receipt")
    def show(receipt_id: str, actor: reader) -> ReceiptOut:
        """One receipt."""
        return ReceiptOut.of(receipts.find(actor, receipt_id, at=clock()))

    @routes.post("/receipts/{receipt_id}/replacement", status_code=201, operation_id="replace_receipt",
                 responses=refusals(409) | SLOW)
    def replace(receipt_id: str, body: FeeIn, actor: issuer, response: Response, key: Key = None) -> ReceiptOut:
        """A replacement for a wrong fee receipt (TT 91/2026 art. 20.2); both stay, linked."""
        return answer(receipts.replace(actor, receipt_id, body.value(), at=clock(), key=key).id, response)

    @routes.head("/receipts/{receipt_id}/files/{role}", response_class=Response, include_in_schema=False)
    @routes.get("/receipts/{receipt_id}/files/{role}", response_class=Response, operation_id="get_receipt_file",
                responses=files("application/octet-stream", "application/pdf", "application/xml"))
    def file(receipt_id: str, role: str, request: Request, actor: reader,
             download: Annotated[bool, Query()] = False) -> Response:  # noqa: FBT002 - a query parameter
        """`pdf` or `xml`; Range, ETag = SHA-256."""
        found = receipts.file(actor, receipt_id, role, at=clock())
        return respond(request, found.file, found.save_as, found.chunks, inline=not download)

    return routes


def verify_router(verify: Callable[[Path], VerificationReport], settings: ReceiptsSettings) -> APIRouter:
    """Verification for anybody, rate-limited; the file is not kept."""
    routes = APIRouter(tags=["verify"], responses=refusals(413, 422, 429, 503))
    bounds = Bounds(int(settings.verify_max_bytes), VerifyTooLarge)
    guard = Depends(per_minute("verify", VERIFICATIONS_A_MINUTE))

    @routes.post("/verify", dependencies=[guard], openapi_extra=VERIFY_BODY, operation_id="verify_file")
    async def check(request: Request) -> dict[str, Any]:
        """The verdict on a PDF, ours or not: `holds`, `broken` or `undecided`, with signers and findings."""
        async with received(request, bounds) as upload:
            report = await run_in_threadpool(verify, upload.files[0].path)
        return report_json(report)

    return routes
