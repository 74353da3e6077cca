"""`check`: the database against the objects, both ways, and the promises of the records themselves."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass, field

from sqlalchemy import select

from storage import audit
from storage import receipt_register as register
from storage.database import Tx
from storage.model import DocumentState, ReceiptState, Sha256
from storage.objects import ObjectMissing, ObjectStore
from storage.opening import Storage
from storage.rows import DocumentRow, OriginalRow, PageRow, ReceiptRow, RenditionRow

NEEDS = {DocumentState.READ: {"archive", "text", "words"}, DocumentState.CONFIRMED: {"archive", "text", "words"},
         DocumentState.SEALED: {"archive", "text", "words", "sealed"}}
RECEIPT_NEEDS = {"pdf", "xml"}


@dataclass(slots=True)
class Findings:
    """What a check found. `clean` when nothing speaks against the system; orphans only take up room."""

    objects: int = 0
    missing: list[str] = field(default_factory=list)
    damaged: list[str] = field(default_factory=list)
    incomplete: list[str] = field(default_factory=list)
    gaps: list[str] = field(default_factory=list)
    audit_broken_at: int | None = None
    orphans: int = 0
    unfinished: int = 0

    @property
    def clean(self) -> bool:
        """Nothing missing, damaged, incomplete, skipped or rewritten."""
        return not (self.missing or self.damaged or self.incomplete or self.gaps or self.audit_broken_at)


def referenced(tx: Tx) -> dict[Sha256, int | None]:
    """Every object that a record names, with the size it says (None where it says none)."""
    found: dict[Sha256, int | None] = {Sha256(name): None for name in tx.scalars(select(PageRow.result_sha256))}
    for row in (OriginalRow, RenditionRow):
        for name, size in tx.execute(select(row.sha256, row.size)):
            found[Sha256(name)] = size
    return found


def check(storage: Storage) -> Findings:
    """Look at everything; reads every object once. Changes nothing."""
    found = Findings()
    with storage.transactions.read() as tx:
        named = referenced(tx)
        found.incomplete = list(_incomplete(tx))
        found.gaps = list(register.gaps(tx))
        found.audit_broken_at = audit.broken_at(tx)
        found.unfinished = len(register.numbered(tx)) + len(
            tx.scalars(select(DocumentRow.id).where(DocumentRow.state.in_(
                [DocumentState.RECEIVED.value, DocumentState.READING.value, DocumentState.CONFIRMED.value]))).all())
    for name, size in named.items():
        _check_object(storage.objects, name, size, found)
    found.objects = len(named)
    found.orphans = sum(name not in named for name in storage.objects.names())
    return found


def _check_object(objects: ObjectStore, name: Sha256, size: int | None, found: Findings) -> None:
    digest, length = hashlib.sha256(), 0
    try:
        for chunk in objects.read(name):
            digest.update(chunk)
            length += len(chunk)
    except ObjectMissing:
        found.missing.append(name)
        return
    if digest.hexdigest() != name or (size is not None and size != length):
        found.damaged.append(name)


def _incomplete(tx: Tx) -> Iterator[str]:
    """Documents and receipts that claim a state without the files of that state."""
    for document_id, state in tx.execute(select(DocumentRow.id, DocumentRow.state)):
        needs = NEEDS.get(DocumentState(state), set())
        if needs - _roles(tx, document_id):
            yield f"document {document_id}"
    for receipt_id, state in tx.execute(select(ReceiptRow.id, ReceiptRow.state)):
        if state == ReceiptState.ISSUED.value and RECEIPT_NEEDS - _roles(tx, receipt_id):
            yield f"receipt {receipt_id}"


def _roles(tx: Tx, subject: str) -> set[str]:
    return set(tx.scalars(select(RenditionRow.role).where(RenditionRow.subject == subject)))
