"""The receipts worker's work: sign what is numbered, seal what is confirmed. Every piece may run twice without harm.

No transaction is open while a page is rendered, signed or stored; the state moves by compare-and-set, so
of two runs one wins and the other's bytes are orphans.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import datetime
from threading import Lock
from typing import Self

from receipts.errors import LinkKeyForeign
from receipts.keyroom import KeyRoom
from receipts.links import LinkKey, link
from receipts.model import SealRole
from receipts.moments import local_day
from receipts.paper import role_of, sign_paper
from receipts.rendering import Renderer
from receipts.sealing import DIGITIZED, CopySeal, seal_child, seal_copy
from receipts.xmldata import xml
from storage import audit, catalogue, changes, documents, pending
from storage import receipt_register as register
from storage.access import staff_name
from storage.database import Tx
from storage.dossiers import find as find_dossier
from storage.model import Actor, DocumentState, Receipt, ReceiptKind, ReceiptState
from storage.opening import Storage
from storage.tools import own_scratch, scratch

CLIENT_OFFICER = "Cán bộ tiếp nhận"
LONGEST_PAUSE_SECONDS = 120.0
"""Between two tries to sign one receipt."""


@dataclass(frozen=True, slots=True)
class Signatory:
    """Whose name a signature shows, and the staff id behind it ("" when no officer)."""

    name: str
    officer: str = ""
    unit: str = ""


class Issuing:
    """Collaborators of the worker: records and objects, one warm renderer, the keys, the sealing child.

    Use as a context manager: the child goes with it.
    """

    def __init__(self, storage: Storage, keys: KeyRoom, link_key: LinkKey, clock: Callable[[], datetime]) -> None:
        self._storage = storage
        self._keys = keys
        self._link_key = link_key
        self._clock = clock
        self._renderer = Renderer()
        self._stack = ExitStack()
        self._scratch = storage.settings.state_dir.resolve() / "scratch" / f"{storage.settings.executor}-receipts"
        self._sealing = Lock()
        self._actor = Actor(id=f"worker:{storage.settings.executor}-receipts")

    def __enter__(self) -> Self:
        self._stack.enter_context(own_scratch(self._scratch))
        self._child = self._stack.enter_context(seal_child())
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    def issue(self, receipt_id: str) -> None:
        """Render, sign, check and keep one numbered receipt; a receipt that is issued already is left alone.

        Raises SealKeyUnavailable and LinkKeyForeign (later again), SigningFailed, RenderFailed.
        """
        with self._storage.transactions.read() as tx:
            receipt = register.find(tx, receipt_id)
            signatory = self._signatory(tx, receipt)
        if receipt.state == ReceiptState.ISSUED:
            return
        if self._link_key.token_hash(receipt.id) != receipt.token_sha256:
            raise LinkKeyForeign
        at = self._clock()
        page = self._renderer.render(receipt.statement, link(self._storage.settings.public_base_url,
                                                             self._link_key.token(receipt.id)))
        writer = self._keys.writer(role_of(receipt.statement), at, officer=signatory.officer, name=signatory.name,
                                   unit=signatory.unit)
        signed = sign_paper(receipt.statement, page, signatory.name, writer, at)
        pdf = self._storage.objects.put_bytes(signed)
        data = self._storage.objects.put_bytes(xml(receipt.statement))
        with self._storage.transactions.begin() as tx:
            if not register.advance(tx, receipt_id, ReceiptState.NUMBERED, ReceiptState.ISSUED, at):
                return
            documents.put_rendition(tx, receipt_id, "pdf", pdf, media_type="application/pdf", at=at)
            documents.put_rendition(tx, receipt_id, "xml", data, media_type="application/xml", at=at)
            audit.record(tx, self._actor, "receipt-issued", receipt_id, at, sha256=pdf.sha256)
            changes.emit(tx, "receipt.issued", receipt_id, at, dossier_code=receipt.dossier_code,
                         unit=find_dossier(tx, receipt.dossier_code).receiving_unit,
                         facts={"kind": receipt.kind.value, "number": receipt.number,
                                "files": {"pdf": {"sha256": pdf.sha256, "size": pdf.size},
                                          "xml": {"sha256": data.sha256, "size": data.size}}})

    def put_off(self, receipt_id: str, failures: int) -> None:
        """Queue a receipt that could not be signed for a later try, after a growing pause."""
        with self._storage.transactions.begin() as tx:
            try:
                receipt = register.find(tx, receipt_id)
            except register.ReceiptUnknown:  # of a made-up office that was removed
                return
            if receipt.state == ReceiptState.NUMBERED:
                pending.issue(self._storage.workflows, tx, receipt.id, failures=failures,
                              delay_seconds=min(0.5 * 2.0 ** min(failures, 12), LONGEST_PAUSE_SECONDS))

    def seal(self, document_id: str) -> None:
        """Make the sealed copy of a confirmed document and keep it; a sealed one is left alone.

        Raises SealKeyUnavailable (later again), SealRefused, SigningFailed.
        """
        with self._storage.transactions.read() as tx:
            document = documents.find(tx, document_id)
            if document.state == DocumentState.SEALED:
                return
            archive = documents.rendition(tx, document_id, "archive")
            dossier = find_dossier(tx, document.dossier_code)
            agency = catalogue.unit(tx, dossier.solving_unit, local_day(self._clock()))
        at = self._clock()
        writer = self._keys.writer(SealRole.AGENCY, at, unit=agency.name)
        with scratch(self._scratch) as folder:
            self._storage.objects.fetch(archive.sha256, folder / "archive.pdf")
            seal = CopySeal(None if document.born_digital else DIGITIZED, agency.name, writer.key.test)
            with self._sealing:  # one child, one question at a time
                seal_copy(folder / "archive.pdf", folder / "sealed.pdf", seal, writer, at, child=self._child)
            sealed = self._storage.objects.put(folder / "sealed.pdf")
        with self._storage.transactions.begin() as tx:
            if documents.find(tx, document_id).state == DocumentState.SEALED:
                return
            documents.advance(tx, document_id, DocumentState.CONFIRMED, DocumentState.SEALED)
            documents.put_rendition(tx, document_id, "sealed", sealed, media_type="application/pdf", at=at)
            audit.record(tx, self._actor, "document-sealed", document_id, at, sha256=sealed.sha256)
            changes.emit(tx, "document.sealed", document_id, at, dossier_code=document.dossier_code,
                         unit=dossier.receiving_unit,
                         facts={"kind": document.kind.value,
                                "files": {"sealed": {"sha256": sealed.sha256, "size": sealed.size}}})

    def quarantine(self, document_id: str, code: str) -> None:
        """Set a document aside whose seal cannot be made; an operator decides. Raises nothing when it has moved on."""
        at = self._clock()
        with self._storage.transactions.begin() as tx:
            document = documents.find(tx, document_id)
            if document.state != DocumentState.CONFIRMED:
                return
            documents.advance(tx, document_id, DocumentState.CONFIRMED, DocumentState.QUARANTINED, problem_code=code)
            audit.record(tx, self._actor, "document-quarantined", document_id, at, code=code)
            changes.emit(tx, "document.quarantined", document_id, at, dossier_code=document.dossier_code,
                         unit=find_dossier(tx, document.dossier_code).receiving_unit, facts={"code": code})

    @staticmethod
    def _signatory(tx: Tx, receipt: Receipt) -> Signatory:
        """Who signs: the receiving officer a slip, the collecting organisation a fee receipt (domain facts 4.2)."""
        statement = receipt.statement
        if receipt.kind == ReceiptKind.FEE:
            return Signatory(str(statement["collector"]["name"]), unit=str(statement["collector"]["name"]))
        kind, _, number = receipt.created_by.partition(":")
        name = staff_name(tx, receipt.created_by) or str(statement["officer"]["name"]) or CLIENT_OFFICER
        return Signatory(name, number if kind == "staff" else "", str(statement["unit"]["name"]))
