"""Durable work in real worker processes: nothing lost, nothing twice, nobody takes what is not his."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa

from storage.opening import Storage
from storage.rows import ExecutorRow
from storage.workflows import JsonSerializer, is_alive
from tests.support.noting_worker import WORKFLOW
from tests.support.storages import DATABASES, Storages, environment

ROOT = Path(__file__).parents[2]
NEVER = 3600.0
"""Seconds of silence that no test lasts."""


@dataclass
class Works:
    """A storage, its workers, and what they noted."""

    storage: Storage
    log: Path
    running: ExitStack = field(default_factory=ExitStack)

    def enqueue(self, queue: str, work: str, *, priority: int = 1) -> None:
        with self.storage.transactions.begin() as tx:
            self.storage.workflows.enqueue(tx, queue, WORKFLOW, work, work, priority=priority)

    def start(self, role: str, executor: str, *queues: str, silent: float = NEVER) -> subprocess.Popen[bytes]:
        argv = ["setpriv", "--pdeathsig", "KILL", sys.executable, "-m", "tests.support.noting_worker"]
        child = subprocess.Popen([*argv, str(self.log), role, executor, str(silent), *queues], cwd=ROOT,
                                 env=os.environ | environment(self.storage.settings))
        self.running.callback(self.kill, child)
        self.until(lambda: f"started {executor}" in self.noted() or child.poll() is not None)
        assert child.poll() is None
        return child

    @staticmethod
    def kill(child: subprocess.Popen[bytes]) -> None:
        child.send_signal(signal.SIGKILL)
        child.wait()

    def hold(self, work: str) -> Path:
        path = Path(f"{self.log}.hold-{work}")
        path.touch()
        return path

    def noted(self, word: str = "") -> list[str]:
        lines = self.log.read_text(encoding="utf-8").splitlines() if self.log.exists() else []
        return [line for line in lines if line.startswith(word)]

    def until(self, condition: Callable[[], object], seconds: float = 60.0) -> None:
        deadline = time.monotonic() + seconds
        while not condition():
            assert time.monotonic() < deadline, self.noted()
            time.sleep(0.02)


@pytest.fixture(params=DATABASES)
def works(request: pytest.FixtureRequest, storages: Storages, tmp_path: Path) -> Iterator[Works]:
    made = Works(storages.make(request.param), tmp_path / "noted")
    with made.running:
        yield made


def test_work_queued_in_a_transaction_that_fails_is_not_there(works: Works) -> None:
    with works.storage.transactions.begin() as tx:
        works.storage.workflows.enqueue(tx, "queue", WORKFLOW, "never", "never")
        tx.rollback()
    works.enqueue("queue", "once")
    works.enqueue("queue", "once")
    assert works.storage.workflows.pending(["never", "once"]) == {"once"}
    assert works.storage.workflows.pending([]) == frozenset()


def test_work_of_a_killed_worker_is_finished_once_when_it_is_started_again(works: Works) -> None:
    held = works.hold("paper")
    works.enqueue("queue", "paper")
    first = works.start("role", "host-0", "queue")
    works.until(lambda: works.noted("begin paper"))
    works.kill(first)
    held.unlink()
    works.start("role", "host-0", "queue")
    works.until(lambda: not works.storage.workflows.pending(["paper"]))
    assert works.noted("begin") == ["begin paper host-0"]
    assert works.noted("done") == ["done paper host-0"]


@pytest.mark.slow
def test_a_living_worker_takes_over_from_one_that_fell_silent(works: Works) -> None:
    held = works.hold("paper")
    works.enqueue("queue", "paper")
    dead = works.start("role", "host-0", "queue", silent=1.0)
    works.until(lambda: works.noted("begin paper"))
    works.kill(dead)
    works.start("role", "host-1", "queue", silent=1.0)
    held.unlink()
    works.until(lambda: works.noted("done"))
    assert works.noted("done") == ["done paper host-1"]
    works.until(lambda: executors(works) == {"host-1-role"})


@pytest.mark.slow
def test_a_worker_waiting_on_long_work_is_not_taken_for_dead(works: Works) -> None:
    held = works.hold("paper")
    works.enqueue("queue", "paper")
    works.start("role", "host-0", "queue", silent=1.0)
    works.until(lambda: works.noted("begin paper"))
    works.start("role", "host-1", "queue", silent=1.0)
    moment = datetime.now(UTC)
    works.until(lambda: seen(works, "host-0-role") > moment + timedelta(seconds=2))
    held.unlink()
    works.until(lambda: not works.storage.workflows.pending(["paper"]))
    assert works.noted("done") == ["done paper host-0"]


@pytest.mark.slow
def test_the_urgent_goes_before_what_waited_longer(works: Works) -> None:
    for number in range(4):
        works.enqueue("queue", f"backlog{number}", priority=100)
    for number in range(3):
        works.enqueue("queue", f"counter{number}", priority=1)
    works.start("role", "host-0", "queue")
    works.until(lambda: len(works.noted("done")) == 7)
    done = [line.split()[1] for line in works.noted("done")]
    assert done == [f"counter{number}" for number in range(3)] + [f"backlog{number}" for number in range(4)]


@pytest.mark.slow
def test_a_role_never_takes_the_work_of_another_even_when_it_is_dead(works: Works) -> None:
    works.hold("for-b")
    works.enqueue("queue-b", "for-b")
    works.enqueue("queue-a", "for-a")
    other = works.start("b", "host-0", "queue-b", silent=0.5)
    works.until(lambda: works.noted("begin for-b"))
    works.kill(other)
    works.start("a", "host-1", "queue-a", silent=0.5)
    moment = datetime.now(UTC)
    works.until(lambda: works.noted("done for-a") and seen(works, "host-1-a") > moment + timedelta(seconds=2))
    assert works.storage.workflows.pending(["for-a", "for-b"]) == {"for-b"}
    Path(f"{works.log}.hold-for-b").unlink()
    works.start("b", "host-2", "queue-b", silent=0.5)
    works.until(lambda: works.noted("done for-b"))
    assert sorted(works.noted("done")) == ["done for-a host-1", "done for-b host-2"]


@pytest.mark.slow
def test_a_worker_told_to_end_ends_and_what_it_had_begun_waits(works: Works) -> None:
    works.hold("paper")
    works.enqueue("queue", "paper")
    child = works.start("role", "host-0", "queue")
    works.until(lambda: works.noted("begin paper"))
    child.send_signal(signal.SIGTERM)
    Path(f"{works.log}.hold-paper").unlink()
    assert child.wait(30) == 0


def test_a_worker_that_beat_a_moment_ago_is_alive(works: Works) -> None:
    now = datetime.now(UTC)
    with works.storage.transactions.begin() as tx:
        tx.add(ExecutorRow(id="host-0-role", role="role", seen_at=now - timedelta(seconds=10)))
    assert is_alive(works.storage.transactions, "host-0-role", now)
    assert not is_alive(works.storage.transactions, "host-0-role", now + timedelta(minutes=1))
    assert not is_alive(works.storage.transactions, "host-1-role", now)


def test_only_json_goes_through_the_queues() -> None:
    words = JsonSerializer()
    assert words.deserialize(words.serialize({"trang": [1, None, "chữ"]})) == {"trang": [1, None, "chữ"]}
    assert "Nguyễn" not in words.serialize(ValueError("Nguyễn Văn Thử"))
    with pytest.raises(TypeError):
        words.serialize(object())


def executors(works: Works) -> set[str]:
    with works.storage.transactions.read() as tx:
        return set(tx.scalars(sa.select(ExecutorRow.id)))


def seen(works: Works, executor: str) -> datetime:
    with works.storage.transactions.read() as tx:
        return tx.get_one(ExecutorRow, executor).seen_at
