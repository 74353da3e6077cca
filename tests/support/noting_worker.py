"""A worker for tests: `python -m tests.support.noting_worker LOG ROLE EXECUTOR SILENT_SECONDS QUEUE...`.

Its one workflow notes in LOG that a piece of work began, waits while the file `LOG.hold-<work>` is there, and
notes that it is done; each line ends with the executor.
"""

from __future__ import annotations

import os
import signal
import sys
import time
from pathlib import Path

from storage.opening import open_storage
from storage.settings import StorageSettings, read_section
from storage.workflows import QueueSpec, Worker, attempt

WORKFLOW = "note"
POLL_SECONDS = 0.02


def main(log: str, role: str, executor: str, silent_seconds: str, *queues: str) -> None:
    """Work until SIGTERM."""
    storage = open_storage(read_section("storage", StorageSettings, os.environ))

    def write(line: str) -> None:
        with Path(log).open("a", encoding="utf-8") as stream:
            stream.write(f"{line} {executor}\n")

    def wait(work: str) -> None:
        while Path(f"{log}.hold-{work}").exists():
            time.sleep(POLL_SECONDS)

    def note(work: str) -> None:
        attempt("begin", lambda: write(f"begin {work}"))
        attempt("wait", lambda: wait(work))
        attempt("done", lambda: write(f"done {work}"))

    worker = Worker(storage.settings.url(), storage.transactions, role=role, executor=executor,
                    queues=[QueueSpec(queue, 1, 0.05) for queue in queues], workflows={WORKFLOW: note},
                    silent_seconds=float(silent_seconds))
    signal.signal(signal.SIGTERM, lambda *_: worker.stop())
    worker.start()
    write("started")
    worker.wait()
    worker.close()
    storage.close()


if __name__ == "__main__":
    main(*sys.argv[1:])
