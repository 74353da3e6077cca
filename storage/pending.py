"""What work each unfinished record needs: the one place that knows workflow names, ids and queues.

Ids are derived from the record, so queueing the same work twice is queueing it once.
"""

from __future__ import annotations

from sqlalchemy import select

from storage.database import Tx
from storage.model import Document, DocumentId, DocumentState, ReceiptId, ReceiptState
from storage.rows import DocumentRow, ReceiptRow
from storage.workflows import DIGITIZE_DOCUMENTS, DIGITIZE_PAGES, RECEIPTS, SEALS, Workflows

DIGITIZE_DOCUMENT = "digitize_document"
READ_PAGE = "read_page"
BIND_DOCUMENT = "bind_document"
ISSUE_RECEIPT = "issue_receipt"
SEAL_DOCUMENT = "seal_document"


def digitize(workflows: Workflows, tx: Tx, document: Document) -> None:
    """Queue the reading of a document that came in."""
    workflows.enqueue(tx, DIGITIZE_DOCUMENTS, DIGITIZE_DOCUMENT, f"digitize-{document.id}", document.id,
                      priority=document.priority)


def read_page(workflows: Workflows, tx: Tx, document: Document, number: int) -> None:
    """Queue one page (from 1); early pages of all documents go before late pages of any: a long file holds up none."""
    workflows.enqueue(tx, DIGITIZE_PAGES, READ_PAGE, f"page-{document.id}-{number}", document.id, number,
                      priority=document.priority + number)


def bind(workflows: Workflows, tx: Tx, document: Document) -> None:
    """Queue the binding of a document whose pages are all read."""
    workflows.enqueue(tx, DIGITIZE_DOCUMENTS, BIND_DOCUMENT, f"bind-{document.id}", document.id,
                      priority=document.priority)


def seal(workflows: Workflows, tx: Tx, document_id: DocumentId) -> None:
    """Queue the sealed copy of a confirmed document."""
    workflows.enqueue(tx, SEALS, SEAL_DOCUMENT, f"seal-{document_id}", document_id)


def issue(workflows: Workflows, tx: Tx, receipt_id: ReceiptId, *, failures: int = 0,
          delay_seconds: float = 0.0) -> None:
    """Queue the signature of a numbered receipt; after `failures` tries it is new work, for later."""
    again = f"-{failures}" if failures else ""
    workflows.enqueue(tx, RECEIPTS, ISSUE_RECEIPT, f"issue-{receipt_id}{again}", receipt_id, failures,
                      delay_seconds=delay_seconds)


def requeue_all(workflows: Workflows, tx: Tx) -> int:
    """Queue everything unfinished (after a restore, which carries no queues); returns how much that was."""
    reading = {DocumentState.RECEIVED.value, DocumentState.READING.value}
    unfinished = tx.execute(
        select(DocumentRow.id, DocumentRow.state, DocumentRow.priority)
        .where(DocumentRow.state.in_([*reading, DocumentState.CONFIRMED.value]))).all()
    for document_id, state, priority in unfinished:
        if state in reading:
            workflows.enqueue(tx, DIGITIZE_DOCUMENTS, DIGITIZE_DOCUMENT, f"digitize-{document_id}", document_id,
                              priority=priority)
        else:
            seal(workflows, tx, DocumentId(document_id))
    waiting = tx.scalars(select(ReceiptRow.id).where(ReceiptRow.state == ReceiptState.NUMBERED.value)).all()
    for receipt_id in waiting:
        issue(workflows, tx, ReceiptId(receipt_id))
    return len(unfinished) + len(waiting)
