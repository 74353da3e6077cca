"""What work each unfinished record needs: the one place that knows workflow names, ids and queues.

Ids are derived from the record, so queueing the same work twice is queueing it once.
"""

from __future__ import annotations

from sqlalchemy import select

from storage import documents
from storage.database import Tx
from storage.model import Document, DocumentState, ReceiptId, ReceiptState
from storage.rows import ReceiptRow
from storage.workflows import DIGITIZE_DOCUMENTS, DIGITIZE_PAGES, RECEIPTS, SEALS, Workflows

READING = frozenset({DocumentState.RECEIVED, DocumentState.READING})
DIGITIZE_DOCUMENT = "digitize_document"
READ_PAGE = "read_page"
BIND_DOCUMENT = "bind_document"
ISSUE_RECEIPT = "issue_receipt"
SEAL_DOCUMENT = "seal_document"


def digitize(workflows: Workflows, tx: Tx, document: Document) -> None:
    """Queue the reading of a document that came in."""
    workflows.enqueue(tx, DIGITIZE_DOCUMENTS, DIGITIZE_DOCUMENT, f"digitize-{document.id}-{document.attempt}",
                      document.id, priority=document.priority)


def read_page(workflows: Workflows, tx: Tx, document: Document, number: int) -> None:
    """Queue one page (from 1); early pages of all documents go before late pages of any: a long file holds up none."""
    workflows.enqueue(tx, DIGITIZE_PAGES, READ_PAGE, f"page-{document.id}-{document.attempt}-{number}",
                      document.id, number,
                      priority=document.priority + number)


def bind(workflows: Workflows, tx: Tx, document: Document) -> None:
    """Queue the binding of a document whose pages are all read."""
    workflows.enqueue(tx, DIGITIZE_DOCUMENTS, BIND_DOCUMENT, f"bind-{document.id}-{document.attempt}",
                      document.id, priority=document.priority)


def seal(workflows: Workflows, tx: Tx, document: Document) -> None:
    """Queue the sealed copy of a confirmed document."""
    workflows.enqueue(tx, SEALS, SEAL_DOCUMENT, f"seal-{document.id}-{document.attempt}", document.id)


def issue(workflows: Workflows, tx: Tx, receipt_id: ReceiptId, *, failures: int = 0,
          delay_seconds: float = 0.0) -> None:
    """Queue the signature of a numbered receipt; after `failures` tries it is new work, for later."""
    again = f"-{failures}" if failures else ""
    workflows.enqueue(tx, RECEIPTS, ISSUE_RECEIPT, f"issue-{receipt_id}{again}", receipt_id, failures,
                      delay_seconds=delay_seconds)


def retry(workflows: Workflows, tx: Tx, document_id: str) -> Document:
    """Send a quarantined document on its way again, from where it fell out; raises StaleState, DocumentUnknown.

    With an archive it fell out at the seal and is CONFIRMED again, else its reading starts anew.
    """
    document = documents.find(tx, document_id)
    bound = any(file.role == "archive" for file in documents.renditions(tx, document_id))
    state = DocumentState.CONFIRMED if bound else DocumentState.RECEIVED
    documents.advance(tx, document_id, DocumentState.QUARANTINED, state, attempt=document.attempt + 1,
                      problem_code=None)
    document = documents.find(tx, document_id)
    (seal if bound else digitize)(workflows, tx, document)
    return document


def requeue_all(workflows: Workflows, tx: Tx) -> int:
    """Queue everything unfinished (after a restore, which carries no queues); returns how much that was."""
    unfinished = documents.in_state(tx, *READING, DocumentState.CONFIRMED)
    for document_id in unfinished:
        document = documents.find(tx, document_id)
        (digitize if document.state in READING else seal)(workflows, tx, document)
    waiting = tx.scalars(select(ReceiptRow.id).where(ReceiptRow.state == ReceiptState.NUMBERED.value)).all()
    for receipt_id in waiting:
        issue(workflows, tx, ReceiptId(receipt_id))
    return len(unfinished) + len(waiting)
