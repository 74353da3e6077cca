"""Uploads streamed to disk: bytes are counted as they come, never by Content-Length; one folder an upload.

Multipart by `streaming-form-data` (FastAPI's own form spools the whole body before any limit), or the
raw body as one file.
"""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO
from urllib.parse import unquote

from fastapi import Request
from starlette.concurrency import run_in_threadpool
from starlette.requests import ClientDisconnect
from streaming_form_data import ParseFailedException, StreamingFormDataParser
from streaming_form_data.targets import BaseTarget, ValueTarget

from storage import tools
from storage.errors import Kind, ServiceError
from storage.problems import BadRequest

MAX_FILES = 500
MAX_VALUE_BYTES = 4_096
RAW_TYPES = ("application/pdf", "image/", "application/octet-stream")


class NoFiles(ServiceError):
    """The request carries no file."""

    code = "no-files"
    kind = Kind.INVALID
    title = "Chưa có tệp nào"
    title_en = "No files"
    advice = "Chọn ít nhất một tệp rồi gửi lại."


@dataclass(frozen=True, slots=True)
class IncomingFile:
    """One uploaded file, whole on local disk; `name` as the sender called it (kept, never used as a path)."""

    path: Path
    name: str


@dataclass(frozen=True, slots=True)
class Bounds:
    """Most bytes of one file, and the error to raise beyond (it is given the fact `max_bytes`)."""

    max_bytes: int
    too_large: Callable[..., ServiceError]
    files: int = 4
    """All files of one request together may be so many times as large."""


@dataclass(slots=True)
class Upload:
    """What came in: files whole on disk, and the small form values beside them."""

    files: list[IncomingFile] = field(default_factory=list)
    values: dict[str, str] = field(default_factory=dict)


class _FileTarget(BaseTarget):  # type: ignore[misc]
    """Writes each part called `file` to its own numbered path; the sender's name is only remembered."""

    def __init__(self, folder: Path, upload: Upload, bounds: Bounds) -> None:
        super().__init__()
        self._folder, self._upload, self._bounds = folder, upload, bounds
        self._written = self._together = 0
        self._stream: BinaryIO | None = None

    def on_start(self) -> None:
        if len(self._upload.files) >= MAX_FILES:
            raise BadRequest(f"Mỗi lần chỉ nhận tối đa {MAX_FILES} tệp.")
        path = self._folder / f"file-{len(self._upload.files) + 1}"
        self._upload.files.append(IncomingFile(path, unquote(self.multipart_filename or "")))
        self._stream = path.open("wb")
        self._written = 0

    def on_data_received(self, chunk: bytes) -> None:
        self._written += len(chunk)
        self._together += len(chunk)
        if self._written > self._bounds.max_bytes or self._together > self._bounds.files * self._bounds.max_bytes:
            raise self._bounds.too_large(max_bytes=self._bounds.max_bytes)
        if self._stream is not None:
            self._stream.write(chunk)

    def on_finish(self) -> None:
        self.close()

    def close(self) -> None:
        """Close the file in work, if any; a part that was cut off never reaches `on_finish`."""
        if self._stream is not None:
            self._stream.close()
            self._stream = None


class _ShortValue(ValueTarget):  # type: ignore[misc]
    """A small form value; a long one is refused before it fills memory."""

    def on_data_received(self, chunk: bytes) -> None:
        if sum(map(len, self._values)) + len(chunk) > MAX_VALUE_BYTES:
            raise BadRequest("Giá trị trong biểu mẫu quá dài.")
        super().on_data_received(chunk)


@asynccontextmanager
async def received(request: Request, bounds: Bounds, names: tuple[str, ...] = ()) -> AsyncIterator[Upload]:
    """The upload of a request in a folder that dies with the block; `names` are the form values allowed.

    Raises:
        bounds.too_large: as soon as one file passes its bytes.
        NoFiles, BadRequest: nothing came, or it is no form.
    """
    with tools.scratch() as folder:
        upload = Upload()
        content_type = request.headers.get("content-type", "")
        if content_type.startswith("multipart/form-data"):
            await _multipart(request, folder, upload, bounds, names)
        elif content_type.startswith(RAW_TYPES):
            await _raw(request, folder, upload, bounds)
        else:
            raise BadRequest("Gửi tệp bằng multipart/form-data (trường `file`) hoặc gửi thẳng nội dung tệp.")
        if not upload.files:
            raise NoFiles
        yield upload


async def _multipart(request: Request, folder: Path, upload: Upload, bounds: Bounds, names: tuple[str, ...]) -> None:
    try:
        parser = StreamingFormDataParser(headers=request.headers)
    except ParseFailedException as cause:
        raise BadRequest from cause
    values = {name: _ShortValue() for name in names}
    for name, value in values.items():
        parser.register(name, value)
    target = _FileTarget(folder, upload, bounds)
    parser.register("file", target)
    try:
        async for chunk in request.stream():
            await run_in_threadpool(parser.data_received, chunk)
    except (ParseFailedException, ClientDisconnect) as cause:
        raise BadRequest from cause
    finally:
        target.close()
    upload.values = {name: value.value.decode("utf-8", "replace") for name, value in values.items() if value.value}


async def _raw(request: Request, folder: Path, upload: Upload, bounds: Bounds) -> None:
    path = folder / "file-1"
    written = 0
    with path.open("wb") as stream:
        try:
            async for chunk in request.stream():
                written += len(chunk)
                if written > bounds.max_bytes:
                    raise bounds.too_large(max_bytes=bounds.max_bytes)
                await run_in_threadpool(stream.write, chunk)
        except ClientDisconnect as cause:
            raise BadRequest from cause
    upload.files.append(IncomingFile(path, ""))
