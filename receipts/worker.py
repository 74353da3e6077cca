"""`python -m receipts worker`: the one process that holds signing keys; listens to its own two queues."""

from __future__ import annotations

import signal
from datetime import UTC, datetime

from receipts.issuing import Issuing
from receipts.keyroom import KeyRoom
from receipts.links import load_link_key
from receipts.settings import ReceiptsSettings
from storage import catalogue
from storage.dossiers import VIETNAM
from storage.opening import Storage
from storage.pending import ISSUE_RECEIPT, SEAL_DOCUMENT
from storage.workflows import RECEIPTS, SEALS, QueueSpec, Worker, attempt

ROLE = "receipts"
POLL_SECONDS = 0.05
"""A citizen waits at the counter for what is in this queue."""
SEAL_POLL_SECONDS = 0.3


def run(storage: Storage, settings: ReceiptsSettings) -> None:
    """Work until SIGTERM or SIGINT; what is unfinished then is taken up at the next start."""
    state = storage.settings.state_dir
    keys = KeyRoom(settings, state)
    _prepare(storage, keys)
    link_key = load_link_key(settings.link_key_path(state))
    with Issuing(storage, keys, link_key, lambda: datetime.now(UTC)) as issuing:
        worker = build(storage, settings, issuing)
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: worker.stop())
        worker.start()
        worker.wait()
        worker.close()


def build(storage: Storage, settings: ReceiptsSettings, issuing: Issuing) -> Worker:
    """The worker with its workflows registered, not started."""

    def issue_receipt(receipt_id: str, failures: int = 0) -> None:
        """A number was taken, so a signature must come: tried for as long as it takes, whatever the fault.

        Between two tries it waits outside the queue: one officer without a key must not hold up every counter.
        """
        if attempt("issue", lambda: issuing.issue(receipt_id), attempts=1) is not None:
            attempt("put-off", lambda: issuing.put_off(receipt_id, failures + 1), never_give_up=True)

    def seal_document(document_id: str) -> None:
        failed = attempt("seal", lambda: issuing.seal(document_id))
        if failed is not None:
            attempt("quarantine", lambda: issuing.quarantine(document_id, failed))

    return Worker(
        storage.settings.url(), storage.transactions, role=ROLE, executor=storage.settings.executor,
        queues=[QueueSpec(RECEIPTS, settings.parallel, POLL_SECONDS), QueueSpec(SEALS, 1, SEAL_POLL_SECONDS)],
        workflows={ISSUE_RECEIPT: issue_receipt, SEAL_DOCUMENT: seal_document})


def _prepare(storage: Storage, keys: KeyRoom) -> None:
    """Make the demo seals under the name of the first unit, before anybody waits for them."""
    now = datetime.now(UTC)
    with storage.transactions.read() as tx:
        units = catalogue.units(tx, now.astimezone(VIETNAM).date())
    if units:
        keys.prepare(units[0].name, now)
