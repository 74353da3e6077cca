"""Files out over HTTP: Range, ETag = SHA-256, conditional requests, safe names (RFC 9110 sections 13-14)."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from email.utils import format_datetime
from http import HTTPStatus

from fastapi import Request
from starlette.responses import Response, StreamingResponse

from storage.model import Rendition

RANGE = re.compile(r"bytes=(\d*)-(\d*)$")
Chunks = Callable[[int, int | None], Iterator[bytes]]
"""(start, length) -> the bytes."""


def parse_range(header: str | None, size: int) -> tuple[int, int] | None:
    """(first, last) of a single satisfiable byte range; None: send all. Raises ValueError: not satisfiable.

    Several ranges and other units are ignored, as RFC 9110 14.2 allows.
    """
    found = RANGE.match(header.replace(" ", "")) if header else None
    if found is None or found.groups() == ("", ""):
        return None
    first, last = found.groups()
    if first == "":
        if int(last) == 0 or size == 0:
            raise ValueError("empty suffix")
        return max(0, size - int(last)), size - 1
    start, end = int(first), min(int(last) if last else size - 1, size - 1)
    if last and int(last) < int(first):
        return None
    if start >= size:
        raise ValueError("beyond the end")
    return start, end


def respond(request: Request, file: Rendition, save_as: str, chunks: Chunks, *, inline: bool = True) -> Response:
    """The answer for one stored file; bytes never change under a SHA-256, so the ETag is strong for ever."""
    etag = f'"{file.sha256}"'
    kind = "inline" if inline else "attachment"
    headers = {
        "ETag": etag, "Accept-Ranges": "bytes", "Content-Disposition": f'{kind}; filename="{save_as}"',
        "Cache-Control": "private, no-cache", "X-Content-Type-Options": "nosniff",
        "Content-Security-Policy": "sandbox; default-src 'none'; style-src 'unsafe-inline'; img-src 'self' data:",
        "Last-Modified": format_datetime(file.created_at, usegmt=True),
    }
    known = {tag.strip().removeprefix("W/") for tag in request.headers.get("if-none-match", "").split(",")}
    if known & {etag, "*"}:
        return Response(status_code=HTTPStatus.NOT_MODIFIED, headers=headers)
    wanted = request.headers.get("range") if request.method == "GET" else None  # RFC 9110 14.2: GET alone
    if request.headers.get("if-range", etag) != etag:
        wanted = None
    try:
        part = parse_range(wanted, file.size)
    except ValueError:
        return Response(status_code=HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE,
                        headers={**headers, "Content-Range": f"bytes */{file.size}"})
    status, start, length = HTTPStatus.OK, 0, file.size
    if part is not None:
        status, start, length = HTTPStatus.PARTIAL_CONTENT, part[0], part[1] - part[0] + 1
        headers["Content-Range"] = f"bytes {part[0]}-{part[1]}/{file.size}"
    headers["Content-Length"] = str(length)
    if request.method == "HEAD":
        return Response(status_code=status, headers=headers, media_type=file.media_type)
    return StreamingResponse(chunks(start, length), status_code=status, headers=headers, media_type=file.media_type)
