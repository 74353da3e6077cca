"""Use cases on documents: take in, look at, correct, confirm, release. Effects in order, crash-safe between any two.

The order that loses nothing: the original is durable under its hash, then ONE transaction writes document,
workflow, audit and event. A crash in between leaves an object nobody names; `check` counts those.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from uuid import uuid4

from digitize.model import Probe
from digitize.probing import probe
from digitize.refusals import NotAResult, PageCountMismatch, SecretOrShownOnly, UnknownComponent
from digitize.settings import DigitizeSettings
from storage import audit, catalogue, changes, documents, idempotency, pending
from storage.database import Tx
from storage.dossiers import find as find_dossier
from storage.dossiers import mark
from storage.model import (
    Actor,
    Channel,
    Document,
    DocumentId,
    DocumentKind,
    DocumentState,
    Dossier,
    DossierStatus,
    Field,
    Original,
    PageRecord,
    Rendition,
)
from storage.objects import Download, StoredObject
from storage.opening import Storage
from storage.uploads import IncomingFile

COUNTER_PRIORITY = 1
BACKLOG_PRIORITY = 100_000
"""Behind every page of every counter document (page numbers are added to the priority)."""
MAX_FIELD_CHARACTERS = 2_000


@dataclass(frozen=True, slots=True)
class NewDocument:
    """What is said about files that come in together as one paper."""

    component: str
    kind: DocumentKind = DocumentKind.COMPONENT
    declared_pages: int | None = None
    backlog: bool = False


@dataclass(frozen=True, slots=True)
class DocumentView:
    """A document with all that a desk shows of it."""

    document: Document
    pages: tuple[PageRecord, ...]
    fields: tuple[Field, ...]
    files: tuple[Rendition, ...]


class Documents:
    """Use cases; each opens its own transactions and holds none while files are probed or copied."""

    def __init__(self, storage: Storage, settings: DigitizeSettings) -> None:
        self._storage = storage
        self._settings = settings

    def accept(self, actor: Actor, dossier_code: str, files: Sequence[IncomingFile], new: NewDocument, *,
               at: datetime, key: str | None = None) -> Document:
        """Take in one paper: probe every file, keep the originals, record and enqueue in one transaction.

        Raises:
            InputRefused: a file is at fault; nothing is kept.
            DossierUnknown, UnknownComponent, PageCountMismatch, SecretOrShownOnly.
        """
        with self._storage.transactions.read() as tx:  # before anything is kept: what must not be scanned is not kept
            self._title(tx, find_dossier(tx, dossier_code, actor.unit), new)
        probes = [probe(file.path, self._settings) for file in files]
        self._check_pages(new, probes)
        kept = [self._storage.objects.put(file.path) for file in files]
        request = ":".join([dossier_code, new.component, new.kind, *(stored.sha256 for stored in kept)]).encode()
        with self._storage.transactions.begin() as tx:
            before = idempotency.known(tx, actor, key, request)
            if before is not None:
                return documents.find(tx, before, actor.unit)
            dossier = find_dossier(tx, dossier_code, actor.unit)
            title = self._title(tx, dossier, new)
            originals = tuple(map(_original, range(1, len(files) + 1), files, probes, kept))
            document = replace(_document(actor, dossier, new, title, originals=originals, at=at),
                               born_digital=any(one.signed for one in probes))
            documents.insert(tx, document)
            self.enqueue(tx, document)
            audit.record(tx, actor, "document-received", document.id, at, dossier=dossier.code,
                         sha256=originals[0].sha256, pages=document.pages_total)
            changes.emit(tx, "document.received", document.id, at, dossier_code=dossier.code,
                         unit=dossier.receiving_unit, facts={"component": new.component, "kind": new.kind.value,
                                                             "pages": document.pages_total})
            idempotency.remember(tx, actor, key, request, subject=document.id, at=at)
        return document

    def enqueue(self, tx: Tx, document: Document) -> None:
        """Queue the reading of a document; doing it again is no harm (used after a restore as well)."""
        pending.digitize(self._storage.workflows, tx, document)

    def find(self, actor: Actor, document_id: str, *, at: datetime | None = None) -> DocumentView:
        """A document as the desk shows it; with `at` the view is audited (progress polls are not views)."""
        if at is not None:
            with self._storage.transactions.begin() as tx:
                documents.find(tx, document_id, actor.unit)
                audit.record(tx, actor, "document-viewed", document_id, at)
        with self._storage.transactions.read() as tx:
            return self._view(tx, documents.find(tx, document_id, actor.unit))

    def glance(self, actor: Actor, document_id: str) -> Document:
        """How far a document is, cheaply; for polls, which are no views. Raises DocumentUnknown."""
        with self._storage.transactions.read() as tx:
            return documents.find(tx, document_id, actor.unit)

    def of_dossier(self, actor: Actor, dossier_code: str, *, at: datetime | None = None) -> tuple[DocumentView, ...]:
        """All documents of a dossier; with `at` the view is audited (a page that is audited itself gives none)."""
        if at is not None:
            with self._storage.transactions.begin() as tx:
                find_dossier(tx, dossier_code, actor.unit)
                audit.record(tx, actor, "documents-viewed", dossier_code, at)
        with self._storage.transactions.read() as tx:
            find_dossier(tx, dossier_code, actor.unit)
            return tuple(self._view(tx, document) for document in documents.of_dossier(tx, dossier_code))

    def correct(self, actor: Actor, document_id: str, values: Mapping[str, str], *, at: datetime,
                labels: Mapping[str, str] | None = None) -> DocumentView:
        """Set fields of a document that was read and not yet confirmed; raises StaleState.

        The machine's reading stays beside each correction. Again with the old value is undo.
        """
        with self._storage.transactions.begin() as tx:
            document = documents.find(tx, document_id, actor.unit)
            documents.advance(tx, document_id, DocumentState.READ, DocumentState.READ, version=document.version + 1)
            known = {field.name: field.label for field in documents.fields(tx, document_id)}
            for name, value in values.items():
                label = known.get(name) or (labels or {}).get(name) or name
                documents.correct_field(tx, document_id, name, label,
                                        unicodedata.normalize("NFC", value.strip())[:MAX_FIELD_CHARACTERS])
            audit.record(tx, actor, "fields-corrected", document_id, at, count=len(values))
            tx.flush()
            return self._view(tx, documents.find(tx, document_id, actor.unit))

    def confirm(self, actor: Actor, document_id: str, *, at: datetime) -> Document:
        """A person stands for what was read: READ becomes CONFIRMED and the sealed copy is queued.

        Confirming a document that is confirmed or sealed already changes nothing. Raises StaleState.
        """
        with self._storage.transactions.begin() as tx:
            document = documents.find(tx, document_id, actor.unit)
            if document.state in {DocumentState.CONFIRMED, DocumentState.SEALED}:
                return document
            documents.advance(tx, document_id, DocumentState.READ, DocumentState.CONFIRMED,
                              confirmed_by=actor.id, confirmed_at=at)
            pending.seal(self._storage.workflows, tx, document)
            audit.record(tx, actor, "document-confirmed", document_id, at)
            changes.emit(tx, "document.confirmed", document_id, at, dossier_code=document.dossier_code,
                         unit=find_dossier(tx, document.dossier_code).receiving_unit, facts={})
            return documents.find(tx, document_id)

    def release(self, actor: Actor, document_id: str, *, at: datetime) -> Document:
        """Let the applicant fetch a sealed result; the dossier is decided. Again changes nothing.

        Raises NotAResult, StaleState (not sealed yet).
        """
        with self._storage.transactions.begin() as tx:
            document = documents.find(tx, document_id, actor.unit)
            if document.kind != DocumentKind.RESULT:
                raise NotAResult
            if documents.release(tx, document_id, at):
                dossier = find_dossier(tx, document.dossier_code)
                _decide(tx, dossier, at)
                audit.record(tx, actor, "result-released", document_id, at)
                sealed = documents.rendition(tx, document_id, "sealed")
                changes.emit(tx, "result.released", document_id, at, dossier_code=dossier.code,
                             unit=dossier.receiving_unit,
                             facts={"files": {"sealed": {"sha256": sealed.sha256, "size": sealed.size}}})
            return documents.find(tx, document_id)

    def file(self, actor: Actor, document_id: str, role: str, *, at: datetime) -> Download:
        """A file of a document under its role; the download is audited. Raises FileUnknown."""
        with self._storage.transactions.begin() as tx:
            document = documents.find(tx, document_id, actor.unit)
            found, save_as = documents.file(tx, document, role)
            audit.record(tx, actor, "file-fetched", document_id, at, role=role, sha256=found.sha256)
        return Download(found, save_as, self._storage.objects)

    @staticmethod
    def _check_pages(new: NewDocument, probes: Sequence[Probe]) -> None:
        """Image count = page count of the paper (TT 01/2023/TT-VPCP art. 8.2c); checked where it was counted."""
        found = sum(one.pages for one in probes)
        if new.declared_pages is not None and new.declared_pages != found:
            raise PageCountMismatch(found=found, declared=new.declared_pages)

    @staticmethod
    def _title(tx: Tx, dossier: Dossier, new: NewDocument) -> str:
        """The name of the paper by the procedure; refuses what must not be scanned (TT 03/2025 art. 5.2)."""
        procedure = catalogue.procedure_version(tx, dossier.procedure_code, dossier.procedure_version)
        if new.kind == DocumentKind.RESULT:
            return procedure.result_name
        for component in procedure.components:
            if component.code == new.component:
                if not component.digitize:
                    raise SecretOrShownOnly
                return component.name
        raise UnknownComponent

    @staticmethod
    def _view(tx: Tx, document: Document) -> DocumentView:
        return DocumentView(document, documents.pages(tx, document.id), documents.fields(tx, document.id),
                            documents.renditions(tx, document.id))


def _decide(tx: Tx, dossier: Dossier, at: datetime) -> None:
    """The first result that is released ends the processing of its dossier (status 9, by way of 4)."""
    if dossier.status == DossierStatus.RECEIVED:
        mark(tx, dossier.code, DossierStatus.IN_PROGRESS, at)
    if dossier.status in {DossierStatus.RECEIVED, DossierStatus.IN_PROGRESS}:
        mark(tx, dossier.code, DossierStatus.DECIDED, at)


def _original(position: int, file: IncomingFile, found: Probe, stored: StoredObject) -> Original:
    name = "".join(filter(str.isprintable, unicodedata.normalize("NFC", Path(file.name).name)))[:200]
    return Original(position=position, sha256=stored.sha256, size=stored.size, media_type=found.media_type.value,
                    file_name=name, pages=found.pages)


def _document(actor: Actor, dossier: Dossier, new: NewDocument, title: str, *, originals: tuple[Original, ...],
              at: datetime) -> Document:
    return Document(
        id=DocumentId(str(uuid4())), dossier_code=dossier.code, component_code=new.component, kind=new.kind,
        title=title, state=DocumentState.RECEIVED, declared_pages=new.declared_pages,
        pages_total=sum(original.pages for original in originals), pages_done=0, version=1,
        priority=BACKLOG_PRIORITY if new.backlog or dossier.channel != Channel.COUNTER else COUNTER_PRIORITY,
        born_digital=False, problem_code=None, created_by=actor.id, created_at=at, confirmed_by=None,
        confirmed_at=None, released_at=None, originals=originals,
    )
