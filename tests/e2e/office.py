"""A whole service for tests: web and both workers as real processes on a free port; asserted through HTTP only."""

from __future__ import annotations

import contextlib
import os
import re
import secrets
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx2

from tests.support.servers import PostgresServer, S3Server

ROOT = Path(__file__).resolve().parents[2]
ROLES = {"web": ("uvicorn", "api:app", "--no-access-log"), "digitize": ("digitize", "worker"),
         "receipts": ("receipts", "worker")}
PATIENCE_SECONDS = 120.0


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def clean_environment() -> dict[str, str]:
    """Ours without any setting of the service."""
    return {name: value for name, value in os.environ.items() if not name.startswith("SOHOA_")}


def on_s3(s3: S3Server) -> dict[str, str]:
    """The settings of objects in a fresh bucket."""
    return {"SOHOA_STORAGE__S3_ENDPOINT": s3.endpoint, "SOHOA_STORAGE__S3_BUCKET": s3.new_bucket(),
            "SOHOA_STORAGE__S3_ACCESS_KEY": s3.access_key, "SOHOA_STORAGE__S3_SECRET_KEY": s3.secret_key,
            "SOHOA_STORAGE__S3_SECURE": "false"}


def distributed(postgres: PostgresServer, s3: S3Server, shared: Path) -> dict[str, str]:
    """The settings of an office on PostgreSQL and S3 whose roles share but the link key and the trusted roots."""
    trust, link_key = shared / "trust", shared / "link.key"
    trust.mkdir(parents=True)
    link_key.write_bytes(secrets.token_bytes(32))
    return {"SOHOA_STORAGE__DATABASE_URL": postgres.new_database(), **on_s3(s3),
            "SOHOA_RECEIPTS__LINK_KEY_FILE": str(link_key), "SOHOA_RECEIPTS__TRUST_DIR": str(trust)}


@dataclass
class Office:
    """Settings by environment, processes by role."""

    state: Path
    extra: Mapping[str, str] = field(default_factory=dict)
    apart: bool = False
    """Whether each role has a state directory of its own, as on machines of their own."""
    port: int = field(default_factory=free_port)
    processes: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)
    secret: str = ""
    clients: list[httpx2.Client] = field(default_factory=list)

    @property
    def base(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def environment(self, role: str = "web") -> dict[str, str]:
        state, executor = (self.state / role, f"{role}-0") if self.apart else (self.state, "e2e-0")
        return {**clean_environment(), "SOHOA_STORAGE__STATE_DIR": str(state), "SOHOA_STORAGE__EXECUTOR": executor,
                "SOHOA_STORAGE__PUBLIC_BASE_URL": self.base, **self.extra}

    def ended(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """One of our commands, run to its end beside the web process."""
        return subprocess.run([sys.executable, "-m", *arguments], cwd=ROOT, env=self.environment(), check=False,
                              capture_output=True, text=True, timeout=PATIENCE_SECONDS)

    def command(self, *arguments: str) -> str:
        """The standard output of one of our commands, which must succeed."""
        done = self.ended(*arguments)
        assert done.returncode == 0, done.stderr[-2000:]
        return done.stdout

    def start(self, *roles: str) -> None:
        """Start roles (all when none is named) and wait until the web process answers."""
        for role in roles or tuple(ROLES):
            arguments = list(ROLES[role])
            if role == "web":
                arguments += ["--port", str(self.port)]
            log = (self.state / f"{role}.log").open("ab")
            self.processes[role] = subprocess.Popen([sys.executable, "-m", *arguments], cwd=ROOT,
                                                    env=self.environment(role), stdout=log, stderr=log,
                                                    start_new_session=True)
            log.close()
        until(self.healthy, "the web process answers")

    def healthy(self) -> bool:
        with contextlib.suppress(httpx2.HTTPError):
            return httpx2.get(f"{self.base}/readyz", timeout=2).status_code == 200
        return False

    def kill(self, role: str) -> None:
        """kill -9 of a role and everything it started."""
        process = self.processes.pop(role)
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()

    def stop(self) -> None:
        for client in self.clients:
            client.close()
        for process in self.processes.values():
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGTERM)
        for role in list(self.processes):
            with contextlib.suppress(subprocess.TimeoutExpired):
                self.processes[role].wait(10)
            self.kill(role)

    def client(self) -> httpx2.Client:
        """An HTTP client that carries the token of the demo API client."""
        answer = httpx2.post(f"{self.base}/api/v1/token", timeout=30, data={
            "grant_type": "client_credentials", "client_id": "cong-dvc", "client_secret": self.secret})
        assert answer.status_code == 200, answer.text
        client = httpx2.Client(base_url=f"{self.base}/api/v1", timeout=60,
                               headers={"Authorization": f"Bearer {answer.json()['access_token']}"})
        self.clients.append(client)
        return client


@contextlib.contextmanager
def opened(state: Path, extra: Mapping[str, str] | None = None, *roles: str, apart: bool = False) -> Iterator[Office]:
    """A migrated, seeded office with its processes running; everything ends with the block."""
    office = Office(state, extra or {}, apart=apart)
    for folder in (state, *(state / role for role in ROLES if apart)):
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    office.command("storage", "migrate")
    office.command("web.demo", "seed", "--without-scans")
    office.secret = client_secret(office.command("web.demo", "logins"))
    try:
        office.start(*roles)
        yield office
    finally:
        office.stop()


def client_secret(printed: str) -> str:
    """The secret of the demo API client as `web.demo logins` prints it."""
    found = re.search(r"cong-dvc, secret (\S+)", printed)
    assert found, printed
    return found.group(1)


def until(condition: Any, what: str, seconds: float = PATIENCE_SECONDS) -> Any:
    """Wait until `condition()` is true and return it; fails with what was waited for."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        value = condition()
        if value:
            return value
        time.sleep(0.1)
    raise AssertionError(f"not in {seconds:.0f} s: {what}")
