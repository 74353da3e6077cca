"""The digitizing worker's work: split a document into pages, read each page, bind what was read.

Every piece may run twice without harm: results are content-named, pages are merged by number, states move by
compare-and-set. No transaction is open while a tool works.
"""

from __future__ import annotations

import json
import queue
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Self

from digitize.binding import Bound, bind
from digitize.fields import read_fields
from digitize.model import MediaType, PageRef, PageResult, Probe
from digitize.pages import PREVIEW, RESULT, OriginalFile, PageReader
from digitize.probing import plan
from digitize.settings import DigitizeSettings
from storage import audit, changes, documents, pending
from storage.database import Tx
from storage.dossiers import find as find_dossier
from storage.local_copies import LocalCopies
from storage.model import Actor, Document, DocumentState, PageRecord, Sha256
from storage.objects import read_all
from storage.opening import Storage
from storage.tools import own_scratch, scratch

BATCH_PAGES = 50
"""Pages queued in one transaction, so that a file of thousands does not hold the write lock for seconds."""
MEDIA_TYPES = {"archive": "application/pdf", "text": "text/plain; charset=utf-8", "words": "application/json",
               "alto": "application/xml"}
MOVING = frozenset({DocumentState.RECEIVED, DocumentState.READING})


@dataclass(frozen=True, slots=True)
class Reading:
    """A document in work with its originals on local disk."""

    document: Document
    originals: tuple[OriginalFile, ...]


class Digitizing:
    """Collaborators of the worker. Use as a context manager: readers and local copies go with it.

    Originals and pictures in work lie below `state_dir/scratch`, in a folder of this executor alone; what a
    killed worker left there goes when the next one begins.
    """

    def __init__(self, storage: Storage, settings: DigitizeSettings, clock: Callable[[], datetime]) -> None:
        self._storage = storage
        self._settings = settings
        self._clock = clock
        name = f"{storage.settings.executor}-digitize"
        self._actor = Actor(id=f"worker:{name}")
        self._scratch = storage.settings.state_dir.resolve() / "scratch" / name  # tools start elsewhere
        self._stack = ExitStack()
        self._readers: queue.SimpleQueue[PageReader] = queue.SimpleQueue()

    def __enter__(self) -> Self:
        self._stack.enter_context(own_scratch(self._scratch))
        self._copies = LocalCopies(self._storage.objects, self._stack.enter_context(scratch(self._scratch)))
        for _ in range(self._settings.parallel_pages):
            self._readers.put(self._stack.enter_context(PageReader(self._settings, self._scratch)))
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    def split(self, document_id: str) -> None:
        """RECEIVED becomes READING and every page is queued, the first ones first."""
        with self._storage.transactions.begin() as tx:
            document = documents.find(tx, document_id)
            if document.state == DocumentState.RECEIVED:
                documents.advance(tx, document_id, DocumentState.RECEIVED, DocumentState.READING)
        if document.state not in MOVING:
            return
        for first in range(1, document.pages_total + 1, BATCH_PAGES):
            with self._storage.transactions.begin() as tx:
                for number in range(first, min(first + BATCH_PAGES, document.pages_total + 1)):
                    pending.read_page(self._storage.workflows, tx, document, number)

    def read(self, document_id: str, number: int) -> None:
        """Read one page (from 1) and keep its result; who reads the last page queues the binding.

        Raises DamagedFile, ToolMissing, StoreUnavailable, DatabaseUnavailable.
        """
        with self._storage.transactions.read() as tx:
            document = documents.find(tx, document_id)
        if document.state != DocumentState.READING:
            return
        ref = _plan(document)[number - 1]
        with self._local(document) as reading, scratch(self._scratch) as folder, self._reader() as reader:
            result = reader.read(reading.originals[ref.file], ref.index, folder)
            kept = self._storage.objects.put(folder / RESULT)
            preview = self._storage.objects.put(folder / PREVIEW) if (folder / PREVIEW).exists() else None
        at = self._clock()
        with self._storage.transactions.begin() as tx:
            if preview is not None:
                documents.put_rendition(tx, document_id, f"page-{number}", preview, media_type="image/jpeg", at=at)
            done = documents.put_page(tx, document_id, _record(number, result), kept.sha256)
            if done == document.pages_total:
                pending.bind(self._storage.workflows, tx, document)

    def bind(self, document_id: str) -> None:
        """Bind archive, text, words and ALTO, read the fields, and call the document READ.

        Raises BindingFailed, PageResultLost, ObjectMissing, StoreUnavailable, DatabaseUnavailable.
        """
        with self._storage.transactions.read() as tx:
            document = documents.find(tx, document_id)
            results = documents.page_results(tx, document_id)
        if document.state != DocumentState.READING:
            return
        with self._local(document) as reading, scratch(self._scratch) as folder:
            pages = self._results(document, results, folder)
            bound = bind(reading.originals, pages, folder / "out", title=document.title,
                         created=document.created_at, settings=self._settings, scratch=self._scratch)
            fields = read_fields([json_result(path) for _, path in pages])
            kept = {role: self._storage.objects.put(path) for role, path in _files(bound)}
        at = self._clock()
        with self._storage.transactions.begin() as tx:
            if documents.find(tx, document_id).state != DocumentState.READING:
                return
            documents.advance(tx, document_id, DocumentState.READING, DocumentState.READ)
            for role, stored in kept.items():
                documents.put_rendition(tx, document_id, role, stored, media_type=MEDIA_TYPES[role], at=at)
            documents.replace_fields(tx, document_id, fields)
            self._tell(tx, document, "document.read", at, files={
                role: {"sha256": stored.sha256, "size": stored.size} for role, stored in kept.items()})
            audit.record(tx, self._actor, "document-read", document_id, at, sha256=kept["archive"].sha256,
                         findings=len(bound.findings))

    def set_aside(self, document_id: str, code: str, *, refused: bool) -> None:
        """A document that cannot be read: the sender's fault (REFUSED) or ours (QUARANTINED); originals stay."""
        at = self._clock()
        state = DocumentState.REFUSED if refused else DocumentState.QUARANTINED
        with self._storage.transactions.begin() as tx:
            document = documents.find(tx, document_id)
            if document.state not in MOVING:
                return
            documents.advance(tx, document_id, document.state, state, problem_code=code)
            audit.record(tx, self._actor, f"document-{state.value}", document_id, at, code=code)
            self._tell(tx, document, f"document.{state.value}", at, code=code)

    def _tell(self, tx: Tx, document: Document, change: str, at: datetime, **facts: object) -> None:
        changes.emit(tx, change, document.id, at, dossier_code=document.dossier_code,
                     unit=find_dossier(tx, document.dossier_code).receiving_unit, facts=dict(facts))

    @contextmanager
    def _reader(self) -> Iterator[PageReader]:
        """A free reader; there are as many as pages are read at once."""
        reader = self._readers.get()
        try:
            yield reader
        finally:
            self._readers.put(reader)

    @contextmanager
    def _local(self, document: Document) -> Iterator[Reading]:
        """The originals as local files."""
        with ExitStack() as held:
            files = tuple(
                OriginalFile(held.enter_context(self._copies.path(original.sha256)),
                             Probe(MediaType(original.media_type), original.pages, signed=document.born_digital))
                for original in document.originals)
            yield Reading(document, files)

    def _results(self, document: Document, results: tuple[tuple[int, Sha256], ...],
                 folder: Path) -> list[tuple[PageRef, Path]]:
        """Each page's result back in a folder of its own, as the binding wants it."""
        refs = _plan(document)
        placed = []
        for number, sha256 in results:
            page = folder / f"page-{number}"
            page.mkdir()
            (page / RESULT).write_bytes(read_all(self._storage.objects, sha256))
            placed.append((refs[number - 1], page))
        return placed


def json_result(folder: Path) -> PageResult:
    """The page result in a folder."""
    return PageResult.from_json(json.loads((folder / RESULT).read_text("utf-8")))


def _plan(document: Document) -> list[PageRef]:
    return plan([Probe(MediaType(one.media_type), one.pages, signed=document.born_digital)
                 for one in document.originals])


def _record(number: int, result: PageResult) -> PageRecord:
    return PageRecord(number=number, width_px=result.width_px, height_px=result.height_px, dpi=result.dpi,
                      rotation=result.rotation, skew_degrees=result.skew_degrees, blank=result.blank,
                      confidence=result.confidence, problem=result.problem)


def _files(bound: Bound) -> tuple[tuple[str, Path], ...]:
    return ("archive", bound.archive), ("text", bound.text), ("words", bound.words), ("alto", bound.alto)
