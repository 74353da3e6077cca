"""Content-named objects: the protocol that the filesystem and S3 stores keep, and its errors.

An object's name is the SHA-256 of its bytes, so putting twice keeps one, nothing is overwritten, and
no name says anything about a person. Objects are never changed.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from storage.errors import Kind, ServiceError
from storage.model import Rendition, Sha256

CHUNK_BYTES = 1024 * 1024


class ObjectMissing(ServiceError):
    """No object of this name in the store."""

    code = "object-missing"
    kind = Kind.MISSING
    title = "Không tìm thấy tệp trong kho lưu trữ"
    title_en = "Object missing"
    advice = "Tệp không có trong kho; báo quản trị viên chạy python -m storage check."


class ObjectDamaged(ServiceError):
    """The bytes in the store do not hash to their name."""

    code = "object-damaged"
    kind = Kind.DEFECT
    title = "Tệp trong kho lưu trữ bị hỏng"
    title_en = "Object damaged"
    advice = "Nội dung tệp không khớp mã băm; báo quản trị viên khôi phục từ bản sao lưu."


class StoreUnavailable(ServiceError):
    """The object store does not answer; the same request may succeed later."""

    code = "store-unavailable"
    kind = Kind.UNAVAILABLE
    title = "Kho tệp tạm thời không phản hồi"
    title_en = "Object store unavailable"
    advice = "Vui lòng thử lại sau ít phút."


@dataclass(frozen=True, slots=True)
class StoredObject:
    """Name and size of an object, in bytes."""

    sha256: Sha256
    size: int


class ObjectStore(Protocol):
    """What a store promises. When `put` returns, the object is durable and whole, or not there at all."""

    def put(self, source: Path) -> StoredObject:
        """Keep the bytes of `source` (left as it is) under their hash; the same bytes are kept once."""
        ...

    def put_bytes(self, content: bytes) -> StoredObject:
        """Keep `content` under its hash."""
        ...

    def size(self, sha256: Sha256) -> int:
        """Bytes of an object; raises ObjectMissing."""
        ...

    def read(self, sha256: Sha256, start: int = 0, length: int | None = None) -> Iterator[bytes]:
        """Chunks of an object from byte `start`; raises ObjectMissing before the first chunk."""
        ...

    def fetch(self, sha256: Sha256, target: Path) -> None:
        """Copy an object to the file `target`, checking its hash; raises ObjectMissing, ObjectDamaged."""
        ...

    def names(self) -> Iterator[Sha256]:
        """The names of all objects."""
        ...

    def delete(self, sha256: Sha256) -> None:
        """Remove an object that no record names any more (sweep); a missing one is no error."""
        ...

    def ready(self) -> None:
        """Raise StoreUnavailable when the store cannot be used."""
        ...


@dataclass(frozen=True, slots=True)
class Download:
    """A file on its way out: what it is, a name to save it by, and where its bytes are."""

    file: Rendition
    save_as: str
    objects: ObjectStore

    def chunks(self, start: int = 0, length: int | None = None) -> Iterator[bytes]:
        """The bytes from `start`."""
        return self.objects.read(self.file.sha256, start, length)


def hash_file(path: Path) -> StoredObject:
    """SHA-256 and size of a file."""
    digest = hashlib.sha256()
    size = 0
    with path.open("rb") as stream:
        while chunk := stream.read(CHUNK_BYTES):
            digest.update(chunk)
            size += len(chunk)
    return StoredObject(Sha256(digest.hexdigest()), size)


def copy_out(chunks: Iterator[bytes], sha256: Sha256, target: Path) -> None:
    """Write an object's chunks to `target` and check them against its name; raises ObjectDamaged, leaving nothing."""
    digest = hashlib.sha256()
    with target.open("wb") as stream:
        for chunk in chunks:
            digest.update(chunk)
            stream.write(chunk)
    if digest.hexdigest() != sha256:
        target.unlink()
        raise ObjectDamaged(sha256=sha256)


def hash_bytes(content: bytes) -> Sha256:
    """SHA-256 of bytes, in hexadecimal."""
    return Sha256(hashlib.sha256(content).hexdigest())


def read_all(store: ObjectStore, sha256: Sha256) -> bytes:
    """A small object whole (never an original of unknown size); raises ObjectMissing, ObjectDamaged."""
    content = b"".join(store.read(sha256))
    if hash_bytes(content) != sha256:
        raise ObjectDamaged(sha256=sha256)
    return content
