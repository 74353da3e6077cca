"""The audit trail: append-only entries, written unchained in the business transaction, hash-chained after it.

Facts hold ids, counts, digests and codes only: never a name, a number of a person, text or a token.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import select

from storage.database import Tx
from storage.ids import ordered_id
from storage.model import Actor
from storage.rows import AuditRow, SequenceRow


def record(tx: Tx, actor: Actor, action: str, subject: str, at: datetime, **facts: str | int | bool | None) -> None:
    """Write one entry into the caller's transaction; it stands or falls with the work it tells of."""
    tx.add(AuditRow(id=ordered_id(), at=at, actor=actor.id, action=action, subject=subject, facts=dict(facts)))


def entry_bytes(position: int, row: AuditRow) -> bytes:
    """The bytes of an entry that the chain covers: canonical JSON, sorted keys, UTF-8."""
    content: Mapping[str, Any] = {
        "position": position, "id": row.id, "at": row.at.isoformat(timespec="microseconds"), "actor": row.actor,
        "action": row.action, "subject": row.subject, "facts": row.facts,
    }
    return json.dumps(content, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()


def link(previous: str, entry: bytes) -> str:
    """Hash of an entry chained to the one before: SHA-256(previous hash bytes || entry bytes)."""
    return hashlib.sha256(bytes.fromhex(previous) + entry).hexdigest()


def broken_at(tx: Tx) -> int | None:
    """The first position where the chain does not hold, or None; recomputes every hash.

    The head kept in `sequences` tells of entries cut off at the end.
    """
    previous = "0" * 64
    expected = 1
    with tx.scalars(select(AuditRow).where(AuditRow.position.is_not(None)).order_by(AuditRow.position)
                    .execution_options(yield_per=1000)) as rows:
        for row in rows:
            if row.position != expected or row.chain_sha256 != link(previous, entry_bytes(expected, row)):
                return expected
            previous = row.chain_sha256
            expected += 1
    head = tx.get_one(SequenceRow, "audit")
    return None if (head.position, head.chain_sha256) == (expected - 1, previous) else expected
