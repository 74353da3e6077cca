"""Durable background work on DBOS: enqueue inside a business transaction, run in a worker, survive its death.

Nothing else imports `dbos`. Arguments and results are JSON (DBOS's own default is pickle, which would let
whoever writes to the database run code in the worker that holds the keys).
Steps of a released workflow never change; a new shape gets a new name (`issue_v2`) beside the old one.
"""

from __future__ import annotations

import json
import logging
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

from dbos import DBOS, DBOSClient, DBOSConfig, EnqueueOptions
from dbos._error import DBOSException
from dbos._serialization import Serializer
from sqlalchemy import delete, select
from sqlalchemy.engine import Engine, make_url
from sqlalchemy.exc import SQLAlchemyError

from storage import changes
from storage.database import Transactions, Tx, open_engine
from storage.errors import ServiceError
from storage.rows import ExecutorRow

APPLICATION = "sohoa"
APPLICATION_VERSION = "1"
"""Constant: work pending across an upgrade is picked up by the new version."""
SCHEMA = "dbos"
HEARTBEAT_SECONDS = 5.0
SILENT_SECONDS = 60.0
"""An executor silent for this long is taken for dead; a false alarm is safe (steps are idempotent)."""
ALIVE_SECONDS = 30.0
SEQUENCER_SECONDS = 0.5

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class QueueSpec:
    """A queue of one role. `parallel` bounds work in progress on one worker."""

    name: str
    parallel: int
    poll_seconds: float = 0.1


DIGITIZE_DOCUMENTS = "digitize-documents"
DIGITIZE_PAGES = "digitize-pages"
RECEIPTS = "receipts"
SEALS = "seals"
PENDING = ("PENDING", "ENQUEUED", "DELAYED")


class JsonSerializer(Serializer):
    """JSON only; an exception becomes its class and message."""

    def serialize(self, data: Any) -> str:  # noqa: ANN401 - DBOS's signature
        """Encode what a workflow takes and gives."""
        return json.dumps(data, ensure_ascii=False, default=self._plain)

    def deserialize(self, serialized_data: str) -> Any:  # noqa: ANN401 - DBOS's signature
        """Decode; an encoded exception comes back as a RuntimeError with its words."""
        decoded = json.loads(serialized_data)
        if isinstance(decoded, dict) and "__error__" in decoded:
            return RuntimeError(decoded["__error__"])
        return decoded

    def name(self) -> str:
        """The name DBOS stores beside each value."""
        return "sohoa_json"

    @staticmethod
    def _plain(value: object) -> object:
        if isinstance(value, ServiceError):
            return {"__error__": value.code}
        if isinstance(value, BaseException):
            return {"__error__": type(value).__name__}
        raise TypeError(type(value).__name__)


def migrate(url: str) -> None:
    """Create or migrate DBOS's own tables (SQLite: same file; PostgreSQL: schema `dbos`)."""
    DBOS.migrate(_dbos_url(url), schema=SCHEMA)


def _dbos_url(url: str) -> str:
    """DBOS wants a plain `postgresql://` or `sqlite:///` URL."""
    parsed = make_url(url)
    if parsed.get_backend_name() == "postgresql":
        parsed = parsed.set(drivername="postgresql+psycopg")
    return parsed.render_as_string(hide_password=False)


class Workflows:
    """Enqueues work from any process; never runs it."""

    def __init__(self, engine: Engine) -> None:
        self._client = DBOSClient(system_database_engine=engine, dbos_system_schema=SCHEMA,
                                  serializer=JsonSerializer(), application_name=APPLICATION, lazy=True)

    def enqueue(self, tx: Tx, queue: str, workflow: str, workflow_id: str, *arguments: str | int,
                priority: int = 1, delay_seconds: float = 0.0) -> None:
        """Add work to `queue` in the caller's transaction; the same id again is the same work.

        Lower `priority` runs first (1 is the first). With `delay_seconds` it waits outside, holding no place.
        """
        options: EnqueueOptions = {
            "queue_name": queue, "workflow_name": workflow, "workflow_id": workflow_id,
            "app_version": APPLICATION_VERSION, "priority": priority}
        if delay_seconds > 0:
            options["delay_seconds"] = delay_seconds
        self._client.enqueue_in_transaction(tx, options, *arguments)

    def pending(self, workflow_ids: Sequence[str]) -> frozenset[str]:
        """Which of these ids still have work to do."""
        if not workflow_ids:
            return frozenset()  # for DBOS no ids means all
        found = self._client.list_workflows(workflow_ids=list(workflow_ids), status=list(PENDING),
                                            load_input=False, load_output=False)
        return frozenset(status.workflow_id for status in found)

    def close(self) -> None:
        """Give the connections back."""
        self._client.destroy()


class Worker:
    """One executor of one role: registers workflows, listens to its own queues, beats, takes over from the dead.

    `executor` is stable across restarts (host-role-slot): at start DBOS resumes what this executor
    left unfinished.
    """

    def __init__(self, url: str, transactions: Transactions, *, role: str, executor: str,
                 queues: Sequence[QueueSpec], workflows: Mapping[str, Callable[..., None]],
                 silent_seconds: float = SILENT_SECONDS) -> None:
        self._transactions = transactions
        self._silent = timedelta(seconds=silent_seconds)
        self._beat_seconds = min(HEARTBEAT_SECONDS, silent_seconds / 5)
        self._role = role
        self._executor = f"{executor}-{role}"
        self._queues = queues
        self._stop = threading.Event()
        self._threads: list[threading.Thread] = []
        config: DBOSConfig = {
            "name": APPLICATION,
            "system_database_url": _dbos_url(url),
            "system_database_engine": open_engine(url),
            "dbos_system_schema": SCHEMA,
            "application_version": APPLICATION_VERSION,
            "executor_id": self._executor,
            "serializer": JsonSerializer(),
            "run_migrations": False,
            "log_level": "ERROR",
            "max_executor_threads": max(8, 2 * sum(queue.parallel for queue in queues)),
        }
        self._dbos = DBOS(config=config)
        for name, work in workflows.items():
            DBOS.workflow(name=name, max_recovery_attempts=None)(work)  # a hundred restarts must not bury a paper
        DBOS.listen_queues([queue.name for queue in queues])

    def start(self) -> None:
        """Launch: recover own work, then poll the queues; returns at once."""
        self._beat()
        DBOS.launch()
        for queue in self._queues:
            DBOS.register_queue(queue.name, worker_concurrency=queue.parallel,
                                polling_interval_sec=queue.poll_seconds, on_conflict="always_update")
        for name, loop, seconds in (("heartbeat", self._beat_and_reap, self._beat_seconds),
                                    ("sequencer", self._sequence, SEQUENCER_SECONDS)):
            thread = threading.Thread(target=self._repeat, args=(loop, seconds), name=name, daemon=True)
            thread.start()
            self._threads.append(thread)

    def wait(self) -> None:
        """Block until `stop` is called (by a signal handler)."""
        while not self._stop.wait(1.0):
            pass

    def stop(self) -> None:
        """Ask the worker to end; work in progress is resumed at the next start."""
        self._stop.set()

    def close(self, completion_seconds: int = 0) -> None:
        """End DBOS and the loops."""
        self._stop.set()
        for thread in self._threads:
            thread.join(timeout=5)
        DBOS.destroy(workflow_completion_timeout_sec=completion_seconds)

    def _repeat(self, loop: Callable[[], None], seconds: float) -> None:
        """Run one of the loops until stop; a database that is away for a while must not end it."""
        while not self._stop.wait(seconds):
            try:
                loop()
            except (ServiceError, SQLAlchemyError, DBOSException) as fault:
                log.warning("worker loop failed", extra={"action": "worker-loop", "fault": type(fault).__name__})
                time.sleep(min(seconds, 1.0))
            except Exception:  # a worker whose heart stops while it works is taken for dead by the others
                log.exception("defect in a worker loop", extra={"action": "worker-loop"})
                time.sleep(min(seconds, 1.0))

    def _sequence(self) -> None:
        while changes.sequence(self._transactions):
            pass

    def _beat(self) -> None:
        with self._transactions.begin() as tx:
            tx.merge(ExecutorRow(id=self._executor, role=self._role, seen_at=datetime.now(UTC)))

    def _beat_and_reap(self) -> None:
        """Say "alive", then resume what executors of the same role left when they fell silent."""
        self._beat()
        limit = datetime.now(UTC) - self._silent
        with self._transactions.read() as tx:
            silent = tx.scalars(select(ExecutorRow.id).where(ExecutorRow.role == self._role,
                                                             ExecutorRow.seen_at < limit)).all()
        for executor in silent:
            left = DBOS.list_workflows(status="PENDING", executor_id=executor, load_input=False, load_output=False)
            by_queue: dict[str, list[str]] = {}
            for status in left:
                by_queue.setdefault(status.queue_name or self._queues[0].name, []).append(status.workflow_id)
            for queue, ids in by_queue.items():
                log.warning("resuming the work of a silent executor",
                            extra={"action": "reap", "executor": executor, "count": len(ids)})
                DBOS.resume_workflows(ids, queue_name=queue)
            with self._transactions.begin() as tx:
                tx.execute(delete(ExecutorRow).where(ExecutorRow.id == executor, ExecutorRow.seen_at < limit))


def is_alive(transactions: Transactions, executor_id: str, at: datetime) -> bool:
    """Whether this executor (host-slot-role) beat a short while before `at`; the health check of workers."""
    with transactions.read() as tx:
        row = tx.get(ExecutorRow, executor_id)
    return row is not None and row.seen_at > at - timedelta(seconds=ALIVE_SECONDS)


LONGEST_PAUSE_SECONDS = 30.0
DEFECT_PAUSE_SECONDS = 600.0


def attempt(name: str, work: Callable[[], None], *, attempts: int | None = None,
            never_give_up: bool = False) -> str | None:
    """Do `work` as durable steps inside a workflow until it succeeds; None, or the code of the error that ended it.

    Only errors whose kind says so are tried again, with growing pauses; `attempts` None means for as long as it
    takes. `never_give_up` tries everything again, at long last every ten minutes: for what must come to its end (a
    receipt with a number), whatever an operator has to repair first. The outcome of each try is kept as a plain
    word, so that a resumed workflow takes the same way again.
    """
    number = 0
    while True:
        outcome = str(DBOS.run_step({"name": f"{name}-{number}"}, partial(_outcome, name, work)))
        if outcome == "done":
            return None
        again, _, code = outcome.partition(":")
        number += 1
        if (again != "again" and not never_give_up) or number == attempts:
            return code
        longest = LONGEST_PAUSE_SECONDS if again == "again" else DEFECT_PAUSE_SECONDS
        DBOS.sleep(min(0.5 * 2.0 ** min(number, 12), longest))


def _outcome(name: str, work: Callable[[], None]) -> str:
    try:
        work()
    except ServiceError as fault:
        log.warning("step failed", extra={"action": name, "code": fault.code})
        return f"{'again' if fault.rule.retry else 'over'}:{fault.code}"
    except Exception:  # a defect must not leave the record hanging: it is named, logged and quarantined
        log.exception("defect in a step", extra={"action": name})
        return "over:internal-error"
    return "done"


def step(name: str, work: Callable[[], str | int | None]) -> str | int | None:
    """Run one durable step inside a workflow: its result is kept, so a resumed workflow does not run it again."""
    return DBOS.run_step({"name": name}, work)
