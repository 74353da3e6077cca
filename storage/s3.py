"""Object store in an S3 bucket through `minio`: MinIO, SeaweedFS, Ceph."""

from __future__ import annotations

import io
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import urllib3
from minio import Minio
from minio.error import MinioException, S3Error

from storage.model import Sha256
from storage.objects import (
    CHUNK_BYTES,
    ObjectMissing,
    StoredObject,
    StoreUnavailable,
    copy_out,
    hash_bytes,
    hash_file,
)

CONNECT_SECONDS = 5.0
READ_SECONDS = 60.0
MISSING_CODES = frozenset({"NoSuchKey", "NoSuchObject", "NotFound"})


def connect(endpoint: str, access_key: str | None, secret_key: str | None, *, secure: bool) -> Minio:
    """A client that fails in seconds, not minutes, when the store is gone (its default is five minutes)."""
    http = urllib3.PoolManager(
        timeout=urllib3.Timeout(connect=CONNECT_SECONDS, read=READ_SECONDS),
        retries=urllib3.Retry(total=2, backoff_factor=0.2, status_forcelist=[500, 502, 503, 504]),
        maxsize=16,
    )
    return Minio(endpoint=endpoint, access_key=access_key, secret_key=secret_key, secure=secure, http_client=http)


class S3Store:
    """`ab/cd/<sha256>` in one bucket; names are content hashes, so an overwrite changes nothing (ObjectStore)."""

    def __init__(self, client: Minio, bucket: str) -> None:
        self._client = client
        self._bucket = bucket

    def prepare(self) -> None:
        """Create the bucket when it is not there."""
        with _translated():
            if not self._client.bucket_exists(bucket_name=self._bucket):
                self._client.make_bucket(bucket_name=self._bucket)

    def put(self, source: Path) -> StoredObject:
        """Upload `source`; not again when an object of this name and size is there."""
        stored = hash_file(source)
        if not self._has(stored):
            with _translated(), source.open("rb") as stream:
                self._client.put_object(bucket_name=self._bucket, object_name=_key(stored.sha256),
                                        data=stream, length=stored.size)
        return stored

    def put_bytes(self, content: bytes) -> StoredObject:
        """Upload `content`."""
        stored = StoredObject(hash_bytes(content), len(content))
        if not self._has(stored):
            with _translated():
                self._client.put_object(bucket_name=self._bucket, object_name=_key(stored.sha256),
                                        data=io.BytesIO(content), length=stored.size)
        return stored

    def size(self, sha256: Sha256) -> int:
        """Bytes of an object."""
        with _translated(sha256):
            size = self._client.stat_object(bucket_name=self._bucket, object_name=_key(sha256)).size
        return size or 0

    def read(self, sha256: Sha256, start: int = 0, length: int | None = None) -> Iterator[bytes]:
        """Chunks from `start`; the request is made now, so that a missing object is said now."""
        if length == 0:
            self.size(sha256)
            return iter(())
        with _translated(sha256):
            try:
                response = self._client.get_object(bucket_name=self._bucket, object_name=_key(sha256),
                                                   offset=start, length=length or 0)
            except S3Error as beyond:
                if beyond.code != "InvalidRange":
                    raise
                return iter(())

        def chunks() -> Iterator[bytes]:
            try:
                with _translated(sha256):
                    yield from response.stream(CHUNK_BYTES)
            finally:
                response.close()
                response.release_conn()

        return chunks()

    def fetch(self, sha256: Sha256, target: Path) -> None:
        """Download and check."""
        copy_out(self.read(sha256), sha256, target)

    def names(self) -> Iterator[Sha256]:
        """All objects of the bucket."""
        with _translated():
            for found in self._client.list_objects(bucket_name=self._bucket, recursive=True):
                yield Sha256(str(found.object_name).rsplit("/", 1)[-1])

    def delete(self, sha256: Sha256) -> None:
        """Remove; a missing one is no error in S3."""
        with _translated():
            self._client.remove_object(bucket_name=self._bucket, object_name=_key(sha256))

    def ready(self) -> None:
        """The bucket answers."""
        with _translated():
            if not self._client.bucket_exists(bucket_name=self._bucket):
                raise StoreUnavailable

    def _has(self, stored: StoredObject) -> bool:
        try:
            return self.size(stored.sha256) == stored.size
        except ObjectMissing:
            return False


def _key(sha256: Sha256) -> str:
    return f"{sha256[:2]}/{sha256[2:4]}/{sha256}"


@contextmanager
def _translated(sha256: Sha256 | None = None) -> Iterator[None]:
    """Everything the client raises, in our words, cause kept."""
    try:
        yield
    except S3Error as cause:
        if cause.code in MISSING_CODES:
            raise ObjectMissing(sha256=sha256) from cause
        raise StoreUnavailable from cause
    except (MinioException, urllib3.exceptions.HTTPError, OSError) as cause:
        raise StoreUnavailable from cause
