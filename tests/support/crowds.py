"""Several threads that start the same work at the same moment."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from storage.errors import ServiceError

T = TypeVar("T")


def at_once(count: int, work: Callable[[int], T]) -> list[T | ServiceError]:
    """What each of `count` threads got for its number, or the error of ours that it met; others are raised."""
    barrier = threading.Barrier(count)

    def one(number: int) -> T | ServiceError:
        barrier.wait()
        try:
            return work(number)
        except ServiceError as fault:
            return fault

    with ThreadPoolExecutor(count) as threads:
        return list(threads.map(one, range(count)))
