"""The one module that starts processes: outside tools are hostile and mortal.

Every process gets an argument list (no shell), its own process group, an empty environment but for
what is named, a wall clock, a memory limit, no network, and a working directory that the caller throws away.
"""

from __future__ import annotations

import contextlib
import functools
import json
import os
import select
import selectors
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, ClassVar

from storage.errors import Kind, ServiceError

MEGABYTE = 1024 * 1024
DEFAULT_MEMORY_BYTES = 2048 * MEGABYTE
ANSWER_BYTES = 256 * MEGABYTE  # of one line of a resident child
STOP_SECONDS = 10.0
SYSTEM_PATH = "/usr/local/bin:/usr/bin:/bin"
LAST_WORDS = 400  # characters of a tool's last stderr line kept in a message


class ToolMissing(ServiceError):
    """A program this service needs is not installed."""

    code = "tool-missing"
    kind = Kind.UNAVAILABLE
    title = "Thiếu công cụ xử lý"
    title_en = "A tool is missing"
    advice = "Máy chủ chưa cài đủ công cụ; báo quản trị viên chạy lại ./run setup."


class ToolFailed(ServiceError):
    """A tool ended with an error, or was killed by its memory limit."""

    code = "tool-failed"
    kind: ClassVar[Kind] = Kind.DEFECT
    title = "Công cụ xử lý gặp lỗi"
    title_en = "A tool failed"
    advice = "Không xử lý được tệp này; vui lòng quét lại hoặc báo quản trị viên."


class ToolTimedOut(ToolFailed):
    """A tool ran past its wall clock and was killed with its children."""

    code = "tool-timed-out"
    title = "Xử lý quá thời gian cho phép"
    title_en = "A tool ran out of time"


@dataclass(frozen=True, slots=True)
class Finished:
    """What a tool left: its two streams, exit code 0."""

    stdout: bytes
    stderr: bytes


@dataclass(frozen=True, slots=True)
class Limits:
    """Bounds of one process: wall clock in seconds, address space in bytes."""

    wall_seconds: float = 60.0
    memory_bytes: int = DEFAULT_MEMORY_BYTES


@functools.cache
def isolation() -> tuple[str, ...]:
    """How to start a program in an empty network namespace, so that a taken-over tool can call nobody.

    Empty where the machine does not allow it (some containers): there the network rules around the worker
    have to do it. Asked once a process.
    """
    program = shutil.which("unshare", path=SYSTEM_PATH)
    for options in (("--net", "--"), ("--user", "--net", "--")):
        if program and subprocess.run(  # noqa: S603 - fixed words
            [program, *options, "true"], env={"PATH": SYSTEM_PATH}, check=False, capture_output=True,
        ).returncode == 0:
            return (program, *options)
    return ()


def _argv(argv: Sequence[str], limits: Limits) -> list[str]:
    """The argument list behind the limits; no core files, so that no page content stays on disk."""
    program = shutil.which(argv[0])  # an absolute path is looked at, not searched
    if program is None:
        raise ToolMissing(tool=Path(argv[0]).name)
    return [*isolation(), "prlimit", f"--as={limits.memory_bytes}", "--core=0", "--", program, *argv[1:]]


def _environment(extra: Mapping[str, str] | None) -> dict[str, str]:
    """An empty environment plus what every tool needs: a path, UTF-8, one OpenMP thread."""
    return {
        "PATH": SYSTEM_PATH,
        "LANG": "C.UTF-8",
        "LC_ALL": "C.UTF-8",
        "OMP_THREAD_LIMIT": "1",
        **(extra or {}),
    }


def _kill_group(process: subprocess.Popen[bytes]) -> None:
    """SIGKILL the whole group, so that no grandchild outlives its parent."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)


def _last_words(stderr: bytes) -> str:
    lines = stderr.decode("utf-8", "replace").strip().splitlines()
    return lines[-1][-LAST_WORDS:] if lines else ""


def run(
    argv: Sequence[str],
    *,
    cwd: Path,
    limits: Limits | None = None,
    stdin: bytes | None = None,
    env: Mapping[str, str] | None = None,
    accept: frozenset[int] = frozenset({0}),
) -> Finished:
    """Run one tool to its end inside `cwd` and return its output.

    Raises:
        ToolMissing: the program is not installed.
        ToolTimedOut: the wall clock ran out; the whole process group was killed.
        ToolFailed: the exit code is not in `accept`; fact `exit_code`, message = last stderr line.
    """
    limits = limits or Limits()
    name = Path(argv[0]).name
    with subprocess.Popen(  # noqa: S603 - argument list, no shell, absolute program
        _argv(argv, limits),
        cwd=cwd,
        env=_environment(env),
        stdin=subprocess.PIPE if stdin is not None else subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        start_new_session=True,
    ) as process:
        try:
            out, err = process.communicate(stdin, timeout=limits.wall_seconds)
        except subprocess.TimeoutExpired as late:
            _kill_group(process)  # its pipes are not read to their end: who left the group could hold them open
            raise ToolTimedOut(tool=name, wall_seconds=limits.wall_seconds) from late
        finally:
            _kill_group(process)
    if process.returncode not in accept:
        raise ToolFailed(f"{name}: {_last_words(err)}", tool=name, exit_code=process.returncode)
    return Finished(out, err)


def python(module: str, *arguments: str) -> list[str]:
    """The argument list that runs one of our own modules as a limited child.

    `-P` keeps the (throw-away, possibly hostile) working directory off the import path.
    """
    return [sys.executable, "-P", "-m", module, *arguments]


def python_environment() -> dict[str, str]:
    """What a child needs to find our packages: the folder that holds them, nothing else of ours."""
    return {"PYTHONPATH": str(Path(__file__).resolve().parent.parent), "PYTHONDONTWRITEBYTECODE": "1"}


class Resident:
    """A limited child that stays alive and answers one JSON line for each JSON line asked.

    Python and its image libraries take a third of a second to start; a page takes about one. A
    resident child pays that once. One question at a time: give each thread its own. The child is
    killed with its group when a question runs out of time or breaks the protocol, and the next
    question starts a fresh one. The child says an error with `{"error": {...}}`; that is the
    caller's to read.
    """

    def __init__(self, argv: Sequence[str], *, cwd: Path, memory_bytes: int = DEFAULT_MEMORY_BYTES,
                 env: Mapping[str, str] | None = None) -> None:
        self._argv = list(argv)
        self._cwd = cwd
        self._limits = Limits(memory_bytes=memory_bytes)
        self._env = dict(env or {})
        self._process: subprocess.Popen[bytes] | None = None

    def ask(self, question: Mapping[str, Any], *, wall_seconds: float) -> dict[str, Any]:
        """Send one question, wait for its answer.

        Raises:
            ToolMissing: the program is not installed.
            ToolTimedOut: no answer in `wall_seconds`; the child and its children were killed.
            ToolFailed: the child died or spoke nonsense.
        """
        process = self._alive()
        assert process.stdin is not None  # noqa: S101 - a pipe by construction
        try:
            process.stdin.write(json.dumps(question, ensure_ascii=False).encode() + b"\n")
            process.stdin.flush()
            line = self._read_line(process, time.monotonic() + wall_seconds)
            answer = json.loads(line)
        except (BrokenPipeError, ValueError, EOFError) as cause:
            self.close()
            raise ToolFailed(tool=self._name, exit_code=process.returncode) from cause
        except TimeoutError as late:
            self.close()
            raise ToolTimedOut(tool=self._name, wall_seconds=wall_seconds) from late
        if not isinstance(answer, dict):
            self.close()
            raise ToolFailed(tool=self._name)
        return answer

    def close(self) -> None:
        """Kill the child and its children, if any; the next question starts a fresh one."""
        process, self._process = self._process, None
        if process is None:
            return
        _kill_group(process)
        process.wait()
        for stream in (process.stdin, process.stdout):
            if stream is not None:
                with contextlib.suppress(BrokenPipeError):
                    stream.close()

    @property
    def _name(self) -> str:
        return self._argv[-1]

    def _alive(self) -> subprocess.Popen[bytes]:
        if self._process is not None and self._process.poll() is None and not self._speaks(self._process):
            return self._process
        self.close()
        self._process = subprocess.Popen(  # noqa: S603 - argument list, no shell, absolute program
            _argv(self._argv, self._limits),
            cwd=self._cwd,
            env=_environment(self._env),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        return self._process

    @staticmethod
    def _speaks(process: subprocess.Popen[bytes]) -> bool:
        """Whether the child says something unasked: taken for the next answer, it would mix two people's papers."""
        return bool(process.stdout is not None and select.select([process.stdout], [], [], 0)[0])

    @staticmethod
    def _read_line(process: subprocess.Popen[bytes], deadline: float) -> bytes:
        """One line from the child's output, or TimeoutError / EOFError."""
        assert process.stdout is not None  # noqa: S101 - a pipe by construction
        descriptor = process.stdout.fileno()
        line = bytearray()
        with selectors.DefaultSelector() as ready:
            ready.register(descriptor, selectors.EVENT_READ)
            while not line.endswith(b"\n"):
                left = deadline - time.monotonic()
                if left <= 0 or not ready.select(left):
                    raise TimeoutError
                chunk = os.read(descriptor, 65536)
                if not chunk:
                    raise EOFError
                line += chunk
                if len(line) > ANSWER_BYTES:
                    raise ValueError("an answer without end")
        return bytes(line)


@contextlib.contextmanager
def background(argv: Sequence[str], *, cwd: Path, env: Mapping[str, str], log: Path) -> Iterator[None]:
    """One of our own long-running commands beside the block (a worker of the demo); ended with it.

    Unlike `run` it has no limits of its own: it sets limits for what it starts. Output goes to `log`.
    """
    with log.open("ab") as stream, subprocess.Popen(  # noqa: S603 - argument list, no shell
        list(argv), cwd=cwd, env=dict(env), stdin=subprocess.DEVNULL, stdout=stream, stderr=stream,
        start_new_session=True,
    ) as process:
        try:
            yield
        finally:
            process.terminate()
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(STOP_SECONDS)
            _kill_group(process)


@contextlib.contextmanager
def scratch(parent: Path | None = None) -> Iterator[Path]:
    """A private directory that dies with the work in it, whatever happens."""
    with TemporaryDirectory(prefix="sohoa-", dir=parent, ignore_cleanup_errors=True) as name:
        yield Path(name)


@contextlib.contextmanager
def own_scratch(folder: Path) -> Iterator[Path]:
    """A private directory of a fixed name for one process: what a killed run left in it goes before the work begins.

    For people's papers in work: a process killed with -9 cleans nothing up, and a directory of a random name is
    found by nobody. The caller sees to it that no two processes have the same `folder`.
    """
    folder.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(exist_ok=True, mode=0o700)  # it is there still if a tool of the killed run wrote just now
    folder.chmod(0o700)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)
