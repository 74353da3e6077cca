"""What every answer carries for the browser's sake, and the limit on small forms; plain ASGI.

Pages load scripts, styles, fonts and pictures from this address alone; nothing inline, nothing framed.
"""

from __future__ import annotations

from collections.abc import Mapping

from starlette.datastructures import MutableHeaders
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

MAX_FORM_BYTES = 1_000_000
"""Forms of pages are small; files come through the two addresses that count for themselves."""
STREAMS_ITSELF = ("/api/", "/kiem-tra")
PAGE_POLICY = ("default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; font-src 'self'; "
               "connect-src 'self'; manifest-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'")
API_POLICY = "default-src 'none'; frame-ancestors 'none'"
TWO_YEARS_SECONDS = 63_072_000


def headers_for(path: str, *, https: bool) -> Mapping[str, str]:
    """The headers of an answer at `path`; an answer that sets one itself keeps its own."""
    headers = {
        "Content-Security-Policy": API_POLICY if path.startswith("/api/") else PAGE_POLICY,
        "X-Content-Type-Options": "nosniff",
        "X-Frame-Options": "DENY",
        "Referrer-Policy": "no-referrer" if path.startswith("/r/") else "same-origin",
        "Permissions-Policy": "camera=(), microphone=(), geolocation=(), payment=(), usb=()",
        "Cross-Origin-Opener-Policy": "same-origin",
        "Cross-Origin-Resource-Policy": "same-origin",
    }
    if https:
        headers["Strict-Transport-Security"] = f"max-age={TWO_YEARS_SECONDS}"
    return headers


class SecurePages:
    """Adds the headers that an answer lacks and cuts off form bodies that grow past the limit."""

    def __init__(self, app: ASGIApp, *, https: bool) -> None:
        self._app = app
        self._https = https

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        path: str = scope["path"]
        counted = receive if path.startswith(STREAMS_ITSELF) else _limited(receive)

        async def completed(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in headers_for(path, https=self._https).items():
                    headers.setdefault(name, value)
            await send(message)

        await self._app(scope, counted, completed)


def _limited(receive: Receive) -> Receive:
    """The same stream; raises 413 past MAX_FORM_BYTES, whatever Content-Length said."""
    taken = 0

    async def counting() -> Message:
        nonlocal taken
        message = await receive()
        taken += len(message.get("body", b""))
        if taken > MAX_FORM_BYTES:
            raise HTTPException(413)
        return message

    return counting
