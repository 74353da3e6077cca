"""Rate limits of public calls by address, per process; a proxy in front adds its own for many processes."""

from __future__ import annotations

from collections.abc import Callable

from fastapi import Request
from limits import RateLimitItemPerMinute
from limits.storage import MemoryStorage
from limits.strategies import MovingWindowRateLimiter

from storage.errors import Kind, ServiceError


class TooManyRequests(ServiceError):
    """One address asked too often."""

    code = "too-many-requests"
    kind = Kind.TOO_MANY
    title = "Gửi yêu cầu quá nhanh"
    title_en = "Too many requests"
    advice = "Vui lòng chờ một phút rồi thử lại."


def per_minute(name: str, times: int) -> Callable[[Request], None]:
    """A dependency that lets one address through `times` a minute. Raises TooManyRequests."""
    limiter = MovingWindowRateLimiter(MemoryStorage())
    rate = RateLimitItemPerMinute(times)

    def guard(request: Request) -> None:
        address = request.client.host if request.client else "unknown"
        if not limiter.hit(rate, name, address):
            raise TooManyRequests(retry_after=60)

    return guard
