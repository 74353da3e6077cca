"""The centre of tests/web/house.py, fresh for each test."""

from __future__ import annotations

from datetime import datetime

import pytest

from storage.opening import Storage
from tests.web.house import Clock, House, build
from web.settings import WebSettings


@pytest.fixture
def house(storage: Storage, now: datetime) -> House:
    """Nothing waits for a worker that is not there."""
    return build(storage, Clock(now), WebSettings(wait_seconds=0, look_ups_a_minute=100))
