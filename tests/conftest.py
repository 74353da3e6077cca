"""What every test stands on: no address but this machine's, no settings from outside, a still clock."""

from __future__ import annotations

import ipaddress
import os
import socket
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import HealthCheck, settings

pytest_plugins = ["tests.support.plugin"]

settings.register_profile("here", deadline=None)
settings.register_profile("build", deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("build" if os.environ.get("CI") else "here")


class OutsideWorldError(BaseException):
    """A test reached for another machine. No `Exception`, so that no `except` of ours can hide it."""


def _stays_here(address: Any) -> bool:
    """Whether a socket address is a path of this machine or a loopback address."""
    if not isinstance(address, tuple):
        return True
    host = str(address[0])
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


@pytest.fixture(scope="session", autouse=True)
def only_this_machine() -> Iterator[None]:
    """Sockets connect to loopback and Unix paths only."""
    connect, connect_ex = socket.socket.connect, socket.socket.connect_ex

    def checked(address: Any) -> Any:
        if not _stays_here(address):
            raise OutsideWorldError(address)
        return address

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(socket.socket, "connect", lambda self, address: connect(self, checked(address)))
        patch.setattr(socket.socket, "connect_ex", lambda self, address: connect_ex(self, checked(address)))
        yield


@pytest.fixture(scope="session", autouse=True)
def no_settings_from_outside() -> Iterator[None]:
    """SOHOA_ variables of the person at the keyboard do not reach the tests."""
    with pytest.MonkeyPatch.context() as patch:
        for name in [name for name in os.environ if name.startswith("SOHOA_")]:
            patch.delenv(name)
        yield


@pytest.fixture(scope="session")
def now() -> datetime:
    """The moment at which tests happen: a working Wednesday, 09:30 in Việt Nam."""
    return datetime(2026, 7, 15, 2, 30, tzinfo=UTC)
