"""Use cases on receipts: issue a slip or fee receipt, replace a wrong one, find, fetch.

A number is taken in the transaction that stores the frozen statement; the signature follows in the worker,
so no key and no lock is held here. A request that fails after the number was taken rolls it back.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from uuid import uuid4

from receipts.canonical import canonical
from receipts.errors import NotAFeeReceipt, StatementInvalid
from receipts.fees import Bill, Quantity, bill
from receipts.links import LinkKey
from receipts.model import HandedIn
from receipts.moments import local_day
from receipts.statements import FeeFacts, Marks, Replaced, SlipFacts, fee_statement, slip_statement
from receipts.symbols import series_symbol
from storage import audit, catalogue, changes, documents, idempotency, pending
from storage import receipt_register as register
from storage.access import staff_counter, staff_name
from storage.database import Tx
from storage.documents import FileUnknown
from storage.dossiers import find as find_dossier
from storage.model import Actor, Dossier, Person, Procedure, Receipt, ReceiptId, ReceiptKind, ReceiptState, Rendition
from storage.objects import Download
from storage.opening import Storage
from storage.receipt_register import NewReceipt, SeriesKey, TakenNumber

WAIT_SECONDS = 2.0
WAIT_STEP_SECONDS = 0.03
SLIP_TEMPLATE = "MAU-01"
FEE_TEMPLATE = "EBL01"
SLIP_NOTATION = "TTPVHCC"
SAVE_NAMES = {ReceiptKind.SLIP: "giay-tiep-nhan", ReceiptKind.FEE: "bien-lai"}


@dataclass(frozen=True, slots=True)
class IssuingRules:
    """What issuing depends on besides the records: the link key, whether keys are test keys, spare series letters."""

    link_key: LinkKey
    test_keys: bool
    api_letters: str = "AX"
    """Series letters of callers that have no counter of their own (API clients)."""


@dataclass(frozen=True, slots=True)
class SlipRequest:
    """What the counter says for a slip; papers left out are those the procedure requires."""

    papers: tuple[HandedIn, ...] = ()
    authority: str = ""


@dataclass(frozen=True, slots=True)
class FeeRequest:
    """What is charged: quantities by fee code, who pays, how. `payer` None is submitter or applicant."""

    quantities: Mapping[str, Quantity] = field(default_factory=dict)
    payment_method: str = "cash"
    payer: Person | None = None


@dataclass(frozen=True, slots=True)
class _Call:
    """Who asks, when, and the identity of the request for its idempotency key."""

    actor: Actor
    at: datetime
    key: str | None
    body: bytes


class Receipts:
    """Use cases; the two issuing ones share one transaction shape in `_number`."""

    def __init__(self, storage: Storage, rules: IssuingRules) -> None:
        self._storage = storage
        self._rules = rules

    def issue_slip(self, actor: Actor, dossier_code: str, request: SlipRequest, *, at: datetime,
                   key: str | None = None) -> Receipt:
        """Number a slip (TT 03/2025/TT-VPCP, Mẫu 01) and queue its signature. Raises StatementInvalid."""
        call = _Call(actor, at, key, f"slip:{dossier_code}:{request}".encode())
        with self._storage.transactions.begin() as tx:
            known = idempotency.known(tx, actor, key, call.body)
            if known is not None:
                return register.find(tx, known)
            dossier = find_dossier(tx, dossier_code, actor.unit)
            year = str(local_day(at).year)
            series = SeriesKey(ReceiptKind.SLIP, dossier.receiving_unit, "", int(year), SLIP_TEMPLATE, year)
            taken = register.take_number(tx, series)
            statement = slip_statement(self._slip_facts(tx, call, dossier, request, taken))
            new = self._new(ReceiptKind.SLIP, dossier, taken, statement, call)
            return self._number(tx, call, dossier, new)

    def issue_fee(self, actor: Actor, dossier_code: str, request: FeeRequest, *, at: datetime,
                  key: str | None = None) -> Receipt:
        """Number a fee receipt (NĐ 254/2026/NĐ-CP art. 23) and queue its signature.

        Raises StatementInvalid (nothing to pay), FeeInvalid, SeriesExhausted.
        """
        call = _Call(actor, at, key, f"fee:{dossier_code}:{request}".encode())
        with self._storage.transactions.begin() as tx:
            known = idempotency.known(tx, actor, key, call.body)
            if known is not None:
                return register.find(tx, known)
            dossier = find_dossier(tx, dossier_code, actor.unit)
            return self._issue_fee(tx, call, dossier, request)

    def replace(self, actor: Actor, receipt_id: str, request: FeeRequest, *, at: datetime,
                key: str | None = None) -> Receipt:
        """A replacement receipt with its own new number (TT 91/2026/TT-BTC art. 20.2); the wrong one stays.

        Raises NotAFeeReceipt, AlreadyReplaced, StatementInvalid, FeeInvalid.
        """
        call = _Call(actor, at, key, f"replace:{receipt_id}:{request}".encode())
        with self._storage.transactions.begin() as tx:
            known = idempotency.known(tx, actor, key, call.body)
            if known is not None:
                return register.find(tx, known)
            wrong = register.find(tx, receipt_id)
            dossier = find_dossier(tx, wrong.dossier_code, actor.unit)
            if wrong.kind != ReceiptKind.FEE:
                raise NotAFeeReceipt
            return self._issue_fee(tx, call, dossier, request, wrong)

    def quote(self, actor: Actor, dossier_code: str, quantities: Mapping[str, Quantity]) -> Bill:
        """What a dossier would cost, without a receipt. Raises FeeInvalid."""
        with self._storage.transactions.read() as tx:
            dossier = find_dossier(tx, dossier_code, actor.unit)
            return bill(_procedure(tx, dossier).fees, quantities, dossier.channel)

    def find(self, actor: Actor, receipt_id: str, *, at: datetime) -> Receipt:
        """One receipt of the actor's unit; the view is audited."""
        with self._storage.transactions.begin() as tx:
            receipt = register.find(tx, receipt_id)
            find_dossier(tx, receipt.dossier_code, actor.unit)
            audit.record(tx, actor, "receipt-viewed", receipt_id, at)
            return receipt

    def of_dossier(self, actor: Actor, dossier_code: str, *, at: datetime | None = None) -> tuple[Receipt, ...]:
        """All receipts of a dossier; with `at` the view is audited (a page that is audited itself gives none)."""
        if at is not None:
            with self._storage.transactions.begin() as tx:
                find_dossier(tx, dossier_code, actor.unit)
                audit.record(tx, actor, "receipts-viewed", dossier_code, at)
        with self._storage.transactions.read() as tx:
            find_dossier(tx, dossier_code, actor.unit)
            return register.of_dossier(tx, dossier_code)

    def wait_issued(self, receipt_id: str, seconds: float = WAIT_SECONDS) -> Receipt:
        """The receipt as soon as it is signed, or as it stands when the wait is over (polls; holds no transaction)."""
        deadline = time.monotonic() + seconds
        while True:
            with self._storage.transactions.read() as tx:
                receipt = register.find(tx, receipt_id)
            if receipt.state == ReceiptState.ISSUED or time.monotonic() > deadline:
                return receipt
            time.sleep(WAIT_STEP_SECONDS)

    def file(self, actor: Actor, receipt_id: str, role: str, *, at: datetime) -> Download:
        """`pdf` or `xml` of a receipt; audited. Raises FileUnknown while it is not signed."""
        with self._storage.transactions.begin() as tx:
            receipt = register.find(tx, receipt_id)
            find_dossier(tx, receipt.dossier_code, actor.unit)
            found = next((file for file in receipt.files if file.role == role), None)
            if found is None:
                raise FileUnknown(role=role)
            audit.record(tx, actor, "file-fetched", receipt_id, at, role=role, sha256=found.sha256)
        return Download(found, f"{SAVE_NAMES[receipt.kind]}-{receipt.series_symbol}-{receipt.number}.{role}",
                        self._storage.objects)

    def enqueue(self, tx: Tx, receipt_id: ReceiptId) -> None:
        """Queue the signature of a numbered receipt; again is no harm (used after a restore as well)."""
        pending.issue(self._storage.workflows, tx, receipt_id)

    def _issue_fee(self, tx: Tx, call: _Call, dossier: Dossier, request: FeeRequest,
                   wrong: Receipt | None = None) -> Receipt:
        procedure = _procedure(tx, dossier)
        charged = bill(procedure.fees, request.quantities, dossier.channel)
        if charged.total <= 0:
            raise StatementInvalid("Hồ sơ không phát sinh phí, lệ phí nên không lập biên lai.")
        year = local_day(call.at).year
        letters = staff_counter(tx, call.actor.id) or self._rules.api_letters
        collector = catalogue.unit(tx, dossier.receiving_unit, local_day(call.at))
        cashier = staff_name(tx, call.actor.id) or call.actor.name
        series = SeriesKey(ReceiptKind.FEE, dossier.receiving_unit, letters, year, FEE_TEMPLATE,
                           series_symbol(year, letters))
        taken = register.take_number(tx, series)
        statement = fee_statement(FeeFacts(
            template_symbol=series.template_symbol, series_symbol=series.series_symbol, number=taken.number,
            made_at=call.at, collector=collector, dossier_code=dossier.code, procedure_name=procedure.name,
            payer=request.payer or dossier.submitter or dossier.applicant, bill=charged,
            payment_method=request.payment_method, cashier_name=cashier, marks=Marks(self._rules.test_keys),
            replaces=_replaced(wrong) if wrong else None))
        new = self._new(ReceiptKind.FEE, dossier, taken, statement, call)
        return self._number(tx, call, dossier, replace(new, amount=charged.total, replaces=wrong.id if wrong else None))

    def _slip_facts(self, tx: Tx, call: _Call, dossier: Dossier, request: SlipRequest,
                    taken: TakenNumber) -> SlipFacts:
        today = local_day(call.at)
        procedure = _procedure(tx, dossier)
        papers = request.papers or tuple(
            HandedIn(name=one.name, code=one.code, digitized="Số hóa" if one.digitize else "Không số hóa")
            for one in procedure.components if one.required)
        return SlipFacts(
            number=taken.number, notation=SLIP_NOTATION, made_at=call.at,
            unit=catalogue.unit(tx, dossier.receiving_unit, today),
            solving_unit=catalogue.unit(tx, dossier.solving_unit, today), dossier=dossier, procedure=procedure,
            components=papers, officer_name=staff_name(tx, call.actor.id) or call.actor.name,
            marks=Marks(self._rules.test_keys), authority=request.authority)

    def _new(self, kind: ReceiptKind, dossier: Dossier, taken: TakenNumber, statement: Mapping[str, object],
             call: _Call) -> NewReceipt:
        receipt_id = ReceiptId(str(uuid4()))
        return NewReceipt(
            id=receipt_id, kind=kind, dossier_code=dossier.code, taken=taken,
            statement=canonical(statement).decode(), amount=None,
            token_sha256=self._rules.link_key.token_hash(receipt_id), created_by=call.actor.id, created_at=call.at)

    def _number(self, tx: Tx, call: _Call, dossier: Dossier, new: NewReceipt) -> Receipt:
        """The common end of every issue: store, queue, audit, tell, remember; all in the caller's transaction."""
        register.insert(tx, new)
        self.enqueue(tx, new.id)
        audit.record(tx, call.actor, "receipt-numbered", new.id, call.at, kind=new.kind.value,
                     number=new.taken.number, replaces=new.replaces)
        changes.emit(tx, "receipt.numbered", new.id, call.at, dossier_code=dossier.code, unit=dossier.receiving_unit,
                     facts={"kind": new.kind.value, "number": new.taken.number, "amount": new.amount})
        idempotency.remember(tx, call.actor, call.key, call.body, subject=new.id, at=call.at)
        return register.find(tx, new.id)


def released_results(tx: Tx, dossier_code: str) -> tuple[tuple[str, str, Rendition], ...]:
    """(document id, title, sealed file) of each result that the applicant may fetch."""
    return tuple((one.id, one.title, documents.rendition(tx, one.id, "sealed"))
                 for one in documents.of_dossier(tx, dossier_code) if one.released_at is not None)


def _procedure(tx: Tx, dossier: Dossier) -> Procedure:
    return catalogue.procedure_version(tx, dossier.procedure_code, dossier.procedure_version)


def _replaced(wrong: Receipt) -> Replaced:
    return Replaced(wrong.template_symbol, wrong.series_symbol, wrong.number, local_day(wrong.created_at))
