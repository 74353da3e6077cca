"""Idempotency keys: a creating request that comes twice is answered once (draft-ietf-httpapi-idempotency-key)."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.dialects import postgresql, sqlite

from storage.database import Tx
from storage.errors import Kind, ServiceError
from storage.model import Actor
from storage.objects import hash_bytes
from storage.rows import IdempotencyRow


class KeyReused(ServiceError):
    """The same key came with another request."""

    code = "idempotency-key-reused"
    kind = Kind.INVALID
    title = "Khóa Idempotency-Key đã dùng cho yêu cầu khác"
    title_en = "Idempotency key reused"
    advice = "Dùng khóa mới cho mỗi yêu cầu mới."


class KeyBusy(ServiceError):
    """The same request came twice at once and the other one was first; asked again, its answer is given."""

    code = "idempotency-key-busy"
    kind = Kind.CONFLICT
    title = "Yêu cầu này đang được xử lý"
    title_en = "The same request is being answered"
    advice = "Gửi lại đúng yêu cầu này với cùng khóa để nhận kết quả."


def known(tx: Tx, actor: Actor, key: str | None, request: bytes) -> str | None:
    """The subject that this key created before, or None. Raises KeyReused for another request."""
    if key is None:
        return None
    row = tx.get(IdempotencyRow, (actor.id, key))
    if row is None:
        return None
    if row.request_sha256 != hash_bytes(request):
        raise KeyReused
    return row.subject


def remember(tx: Tx, actor: Actor, key: str | None, request: bytes, *, subject: str, at: datetime) -> None:
    """Bind the key to what was created, in the same transaction; a rival that was first is waited for.

    Raises KeyBusy when the rival succeeded: what this transaction created must not be, and is not.
    """
    if key is None:
        return
    insert = sqlite.insert if tx.get_bind().dialect.name == "sqlite" else postgresql.insert
    mine = tx.execute(insert(IdempotencyRow).on_conflict_do_nothing().returning(IdempotencyRow.key).values(
        actor=actor.id, key=key, request_sha256=hash_bytes(request), subject=subject, created_at=at)).one_or_none()
    if mine is None:
        raise KeyBusy
