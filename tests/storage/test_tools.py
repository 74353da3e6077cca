"""Outside tools are limited in time, memory and environment, and die with their children."""

from __future__ import annotations

import contextlib
import os
import select
import socket
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from storage.tools import (
    MEGABYTE,
    Limits,
    Resident,
    ToolFailed,
    ToolMissing,
    ToolTimedOut,
    isolation,
    python,
    run,
    scratch,
)

ECHO = """
import json, sys
for line in sys.stdin:
    asked = json.loads(line)
    if asked.get("die"): sys.exit(3)
    if asked.get("hang"):
        import time; time.sleep(600)
    if asked.get("babble"): print("no json"); continue
    if asked.get("list"): print("[1]"); continue
    if asked.get("fill"): held = bytearray(asked["fill"])
    print(json.dumps({"pid": __import__("os").getpid(), **asked}))
    sys.stdout.flush()
"""


def alive(pid: int) -> bool:
    """Whether a process still runs (a zombie does not)."""
    try:
        state = Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()[0]
    except FileNotFoundError:
        return False
    return state != "Z"


def gone_soon(pid: int) -> bool:
    """Whether a killed process leaves within seconds (the kernel takes a moment)."""
    deadline = time.monotonic() + 5
    while alive(pid) and time.monotonic() < deadline:
        time.sleep(0.01)
    return not alive(pid)


@pytest.fixture
def resident(tmp_path: Path) -> Iterator[Resident]:
    child = Resident([sys.executable, "-u", "-c", ECHO], cwd=tmp_path, memory_bytes=512 * MEGABYTE)
    yield child
    child.close()


def test_a_tool_gives_its_output_and_takes_its_input(tmp_path: Path) -> None:
    done = run(["cat"], cwd=tmp_path, stdin=b"x" * 300_000)
    assert (len(done.stdout), done.stderr) == (300_000, b"")
    assert run(["pwd"], cwd=tmp_path).stdout.decode().strip() == str(tmp_path.resolve())


def test_a_tool_sees_an_empty_environment_but_for_what_it_is_given(
        tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SECRET_OF_THE_SERVICE", "x")
    lines = run(["env"], cwd=tmp_path, env={"GIVEN": "1"}).stdout.decode().split("\n")
    names = {line.partition("=")[0] for line in lines if line}
    assert names == {"PATH", "LANG", "LC_ALL", "OMP_THREAD_LIMIT", "GIVEN"}


@pytest.mark.parametrize("program", ["no-such-tool-anywhere", "/no/such/tool"])
def test_a_tool_that_is_not_installed_is_said(tmp_path: Path, program: str) -> None:
    with pytest.raises(ToolMissing) as told:
        run([program, "--version"], cwd=tmp_path)
    assert told.value.facts == {"tool": Path(program).name}


def test_a_failing_tool_is_told_by_its_last_words_and_exit_code(tmp_path: Path) -> None:
    with pytest.raises(ToolFailed, match="last words") as told:
        run(["sh", "-c", "echo first >&2; echo last words >&2; exit 7"], cwd=tmp_path)
    assert told.value.facts == {"tool": "sh", "exit_code": 7}
    assert run(["sh", "-c", "exit 7"], cwd=tmp_path, accept=frozenset({7})).stdout == b""


def test_a_tool_out_of_time_is_killed_with_its_grandchildren(tmp_path: Path) -> None:
    script = "sleep 600 & echo $! > child; wait"
    with pytest.raises(ToolTimedOut):
        run(["sh", "-c", script], cwd=tmp_path, limits=Limits(wall_seconds=0.5))
    assert gone_soon(int((tmp_path / "child").read_text()))


def test_a_grandchild_that_left_the_group_does_not_hold_up_the_service(tmp_path: Path) -> None:
    began = time.monotonic()
    with pytest.raises(ToolTimedOut):
        run(["sh", "-c", "setsid sleep 20 & wait"], cwd=tmp_path, limits=Limits(wall_seconds=0.5))
    assert time.monotonic() - began < 10


def test_no_grandchild_outlives_a_tool_that_ended(tmp_path: Path) -> None:
    run(["sh", "-c", "sleep 600 >/dev/null 2>&1 & echo $! > child"], cwd=tmp_path)
    assert gone_soon(int((tmp_path / "child").read_text()))


def test_the_memory_limit_holds(tmp_path: Path) -> None:
    limits = Limits(memory_bytes=200 * MEGABYTE)
    argv = [sys.executable, "-c", "print(len(bytearray(int(__import__('sys').argv[1]) * 1024 * 1024)))"]
    assert run([*argv, "20"], cwd=tmp_path, limits=limits).stdout.strip() == str(20 * MEGABYTE).encode()
    with pytest.raises(ToolFailed, match="MemoryError"):
        run([*argv, "400"], cwd=tmp_path, limits=limits)


def test_a_module_in_the_working_folder_is_not_ours(tmp_path: Path) -> None:
    (tmp_path / "json").mkdir()
    (tmp_path / "json" / "tool.py").write_text("print('hostile')", encoding="utf-8")
    assert b"hostile" not in run(python("json.tool"), cwd=tmp_path, stdin=b"{}").stdout


def test_a_resident_answers_many_questions_in_one_process(resident: Resident) -> None:
    first = resident.ask({"text": "chữ"}, wall_seconds=10)
    second = resident.ask({"text": "x" * 200_000}, wall_seconds=10)
    assert (first["text"], len(second["text"]), first["pid"]) == ("chữ", 200_000, second["pid"])


@pytest.mark.parametrize(("question", "error"), [({"hang": 1}, ToolTimedOut), ({"die": 1}, ToolFailed),
                                                 ({"babble": 1}, ToolFailed), ({"list": 1}, ToolFailed),
                                                 ({"fill": 2**30}, ToolFailed)])
def test_after_a_bad_answer_or_none_the_next_question_meets_a_fresh_child(
        resident: Resident, question: dict[str, int], error: type[ToolFailed]) -> None:
    first = resident.ask({}, wall_seconds=10)["pid"]
    with pytest.raises(error):
        resident.ask(question, wall_seconds=1.0)
    assert gone_soon(first)
    assert resident.ask({}, wall_seconds=10)["pid"] != first


def test_a_resident_that_was_killed_from_outside_is_started_again(resident: Resident) -> None:
    first = resident.ask({}, wall_seconds=10)["pid"]
    os.kill(first, 9)
    assert gone_soon(first)
    assert resident.ask({}, wall_seconds=10)["pid"] != first


def test_an_answer_that_nobody_asked_for_is_never_taken_for_the_next_one(tmp_path: Path) -> None:
    twice = "import sys\nfor line in sys.stdin: print(line, end=''); print(line, end='', flush=True)"
    child = Resident([sys.executable, "-c", twice], cwd=tmp_path)
    for number in range(3):
        with contextlib.suppress(ToolFailed):
            assert child.ask({"number": number}, wall_seconds=10) == {"number": number}
            assert child._process is not None
            select.select([child._process.stdout or 0], [], [], 5)
    child.close()


def test_a_resident_that_is_not_installed_is_said(tmp_path: Path) -> None:
    with pytest.raises(ToolMissing):
        Resident(["no-such-tool-anywhere"], cwd=tmp_path).ask({}, wall_seconds=1)


def test_a_scratch_folder_is_private_and_dies_with_its_work(tmp_path: Path) -> None:
    with scratch(tmp_path) as folder:
        (folder / "page").touch()
        mode = folder.stat().st_mode & 0o777
    assert (mode, list(tmp_path.iterdir())) == (0o700, [])


@pytest.mark.skipif(not isolation(), reason="this machine allows no network namespaces")
def test_a_tool_reaches_no_network_not_even_this_machine(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        knock = f"import socket; socket.create_connection(('127.0.0.1', {listening.getsockname()[1]}), 2)"
        with pytest.raises(ToolFailed, match="unreachable"):
            run([sys.executable, "-c", knock], cwd=tmp_path)
