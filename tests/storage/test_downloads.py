"""Stored files over HTTP: ranges, conditions, safe headers (RFC 9110)."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.testclient import TestClient

from storage.downloads import parse_range, respond
from storage.model import Rendition
from storage.objects import hash_bytes

CONTENT = bytes(range(256)) * 4
FILE = Rendition("archive", hash_bytes(CONTENT), len(CONTENT), "application/pdf",
                 datetime(2026, 7, 15, 2, 30, 59, tzinfo=UTC))
ETAG = f'"{FILE.sha256}"'


def chunks(start: int, length: int | None) -> Iterator[bytes]:
    yield CONTENT[start:None if length is None else start + length]


@pytest.fixture
def client() -> Iterator[TestClient]:
    def download(request: Request) -> Response:
        return respond(request, FILE, "id-archive.pdf", chunks)

    with TestClient(Starlette(routes=[Route("/", download, methods=["GET", "HEAD"])])) as opened:
        yield opened


@given(size=st.integers(0, 50), first=st.none() | st.integers(0, 60), last=st.none() | st.integers(0, 60))
def test_any_range_is_what_the_standard_says(size: int, first: int | None, last: int | None) -> None:
    header = f"bytes={'' if first is None else first}-{'' if last is None else last}"
    wanted = list(range(size))
    if first is None:
        wanted = wanted[max(0, size - last):] if last is not None else wanted
    else:
        wanted = wanted[first:None if last is None else last + 1]
    ignored = (first is None and last is None) or (first is not None and last is not None and last < first)
    try:
        part = parse_range(header, size)
    except ValueError:
        assert wanted == []
    else:
        assert part is None if ignored or part is None else wanted == list(range(part[0], part[1] + 1))


@given(st.text(st.characters(min_codepoint=32, max_codepoint=255), max_size=40), st.integers(0, 2**40))
def test_no_header_is_more_than_ignored_or_not_satisfiable(header: str, size: int) -> None:
    try:
        part = parse_range(header, size)
    except ValueError:
        return
    assert part is None or 0 <= part[0] <= part[1] < size


def test_a_whole_file_comes_with_its_hash_and_safe_headers(client: TestClient) -> None:
    got = client.get("/")
    assert (got.status_code, got.content) == (200, CONTENT)
    assert (got.headers["etag"], got.headers["content-length"], got.headers["accept-ranges"]) == (
        ETAG, str(len(CONTENT)), "bytes")
    assert got.headers["last-modified"] == "Wed, 15 Jul 2026 02:30:59 GMT"
    assert got.headers["content-disposition"] == 'inline; filename="id-archive.pdf"'
    assert got.headers["x-content-type-options"] == "nosniff"
    assert "sandbox" in got.headers["content-security-policy"]
    assert got.headers["cache-control"] == "private, no-cache"


@pytest.mark.parametrize(("wanted", "first", "last"), [("bytes=0-9", 0, 9), ("bytes=1000-", 1000, 1023),
                                                       ("bytes=-4", 1020, 1023), ("bytes=1020-9999", 1020, 1023)])
def test_a_range_comes_as_partial_content(client: TestClient, wanted: str, first: int, last: int) -> None:
    got = client.get("/", headers={"Range": wanted})
    assert (got.status_code, got.content) == (206, CONTENT[first:last + 1])
    assert got.headers["content-range"] == f"bytes {first}-{last}/1024"


@pytest.mark.parametrize("wanted", ["bytes=1024-", "bytes=-0", "bytes=9999-10000", f"bytes={'9' * 5000}-"])
def test_a_range_beyond_the_end_is_said_with_the_size(client: TestClient, wanted: str) -> None:
    got = client.get("/", headers={"Range": wanted})
    assert (got.status_code, got.headers["content-range"], got.content) == (416, "bytes */1024", b"")


@pytest.mark.parametrize("wanted", ["bytes=0-1,5-6", "pages=1-2", "bytes=5-2", "bytes", "bytes=a-b", ""])
def test_a_range_that_is_not_understood_is_ignored(client: TestClient, wanted: str) -> None:
    got = client.get("/", headers={"Range": wanted})
    assert (got.status_code, len(got.content)) == (200, 1024)


@pytest.mark.parametrize("known", [ETAG, f'"other", {ETAG}', f"W/{ETAG}", "*"])
def test_what_the_caller_has_is_not_sent_again(client: TestClient, known: str) -> None:
    got = client.get("/", headers={"If-None-Match": known})
    assert (got.status_code, got.content, got.headers["etag"]) == (304, b"", ETAG)


def test_another_version_is_sent_whole(client: TestClient) -> None:
    assert client.get("/", headers={"If-None-Match": '"other"'}).status_code == 200
    part = {"Range": "bytes=0-9"}
    assert client.get("/", headers={**part, "If-Range": ETAG}).status_code == 206
    assert client.get("/", headers={**part, "If-Range": '"other"'}).status_code == 200
    assert client.get("/", headers={**part, "If-Range": f"W/{ETAG}"}).status_code == 200


def test_head_tells_the_same_without_the_bytes_and_knows_no_range(client: TestClient) -> None:
    told, sent = client.head("/", headers={"Range": "bytes=0-9"}), client.get("/")
    assert (told.status_code, told.content, dict(told.headers)) == (200, b"", dict(sent.headers))
