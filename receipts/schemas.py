"""Wire models of receipts and verdicts: snake_case JSON, đồng as integers, UTC RFC 3339 times."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import Field

from receipts.fees import Quantity
from receipts.model import HandedIn
from receipts.service import FeeRequest, SlipRequest
from storage.model import Receipt, ReceiptKind, ReceiptState
from storage.schemas import Line, PersonIn, Wire


class PaperIn(Wire):
    """One paper as the slip lists it."""

    name: Annotated[Line, Field(min_length=1)]
    code: Line = ""
    form: Line = "Bản chính"
    sheets: Annotated[int | None, Field(ge=0, le=10_000)] = None
    digitized: Line = ""


class QuantityIn(Wire):
    """How much of a fee: units in each of so many copies."""

    units: Annotated[int, Field(ge=0, le=1_000_000)] = 1
    copies: Annotated[int, Field(ge=0, le=1_000_000)] = 1


class FeeIn(Wire):
    """A fee receipt, or the right content of a replacement."""

    kind: Literal["fee"] = "fee"
    quantities: dict[str, QuantityIn]
    payment_method: Literal["cash", "transfer", "online"] = "cash"
    payer: PersonIn | None = None

    def value(self) -> FeeRequest:
        """As the use case's request; sorted, so that the same request is the same bytes."""
        return FeeRequest(
            quantities={code: Quantity(one.units, one.copies) for code, one in sorted(self.quantities.items())},
            payment_method=self.payment_method, payer=self.payer.value() if self.payer else None)


class SlipIn(Wire):
    """A slip; without `papers` the procedure's required ones are listed."""

    kind: Literal["slip"]
    papers: Annotated[list[PaperIn], Field(default_factory=list)]
    authority: Line = ""

    def value(self) -> SlipRequest:
        """As the use case's request."""
        return SlipRequest(papers=tuple(HandedIn(**paper.model_dump()) for paper in self.papers),
                           authority=self.authority)


ReceiptIn = Annotated[SlipIn | FeeIn, Field(discriminator="kind")]


class ReceiptFileOut(Wire):
    """One file of a receipt; fetch it at `/receipts/{id}/files/{role}`."""

    role: str
    sha256: str
    size: int
    media_type: str
    created_at: datetime


class ReceiptOut(Wire):
    """A receipt with its frozen statement."""

    id: str
    kind: ReceiptKind
    dossier_code: str
    template_symbol: str
    series_symbol: str
    number: int
    state: ReceiptState
    amount: int | None
    statement: dict[str, Any]
    statement_sha256: str
    created_at: datetime
    issued_at: datetime | None
    replaces: str | None
    replaced_by: str | None
    files: list[ReceiptFileOut]

    @classmethod
    def of(cls, receipt: Receipt) -> ReceiptOut:
        """From the domain value."""
        return cls(
            id=receipt.id, kind=receipt.kind, dossier_code=receipt.dossier_code,
            template_symbol=receipt.template_symbol, series_symbol=receipt.series_symbol, number=receipt.number,
            state=receipt.state, amount=receipt.amount, statement=dict(receipt.statement),
            statement_sha256=receipt.statement_sha256, created_at=receipt.created_at, issued_at=receipt.issued_at,
            replaces=receipt.replaces, replaced_by=receipt.replaced_by,
            files=[ReceiptFileOut.model_validate(file) for file in receipt.files])
