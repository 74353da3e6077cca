"""`python -m digitize worker`: reads documents; no signing key, no network but database and object store."""

from __future__ import annotations

import signal
from datetime import UTC, datetime

from digitize.digitizing import Digitizing
from digitize.errors import InputRefused
from digitize.settings import DigitizeSettings
from storage.opening import Storage
from storage.pending import BIND_DOCUMENT, DIGITIZE_DOCUMENT, READ_PAGE
from storage.workflows import DIGITIZE_DOCUMENTS, DIGITIZE_PAGES, QueueSpec, Worker, attempt

ROLE = "digitize"
PARALLEL_DOCUMENTS = 2


def run(storage: Storage, settings: DigitizeSettings) -> None:
    """Work until SIGTERM or SIGINT; what is unfinished then is taken up at the next start."""
    with Digitizing(storage, settings, lambda: datetime.now(UTC)) as digitizing:
        worker = build(storage, settings, digitizing)
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: worker.stop())
        worker.start()
        worker.wait()
        worker.close()


def build(storage: Storage, settings: DigitizeSettings, digitizing: Digitizing) -> Worker:
    """The worker with its workflows registered, not started.

    While a store, the database or a tool is away, work is tried again for as long as it takes: whatever came next
    would meet the same. Only what is wrong with a document itself takes it out.
    """
    refused = {error.code for error in _all(InputRefused)}

    def give_up(document_id: str, code: str | None) -> None:
        if code is not None:
            attempt("set-aside", lambda: digitizing.set_aside(document_id, code, refused=code in refused))

    def digitize_document(document_id: str) -> None:
        give_up(document_id, attempt("split", lambda: digitizing.split(document_id)))

    def read_page(document_id: str, number: int) -> None:
        give_up(document_id, attempt("read", lambda: digitizing.read(document_id, number)))

    def bind_document(document_id: str) -> None:
        give_up(document_id, attempt("bind", lambda: digitizing.bind(document_id)))

    return Worker(
        storage.settings.url(), storage.transactions, role=ROLE, executor=storage.settings.executor,
        queues=[QueueSpec(DIGITIZE_PAGES, settings.parallel_pages, 0.1),
                QueueSpec(DIGITIZE_DOCUMENTS, PARALLEL_DOCUMENTS, 0.2)],
        workflows={DIGITIZE_DOCUMENT: digitize_document, READ_PAGE: read_page, BIND_DOCUMENT: bind_document})


def _all(error: type[InputRefused]) -> set[type[InputRefused]]:
    """An error class and everything below it."""
    return {error}.union(*(_all(sub) for sub in error.__subclasses__()))
