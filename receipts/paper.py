"""One paper from frozen statement to signed bytes: render, sign, check (ARCHITECTURE section 4, b). No I/O."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from receipts.cms import CmsWriter
from receipts.errors import SigningFailed, StatementInvalid
from receipts.forms import ROLES, seal_spec
from receipts.model import SealRole
from receipts.signing import sign


def role_of(statement: Mapping[str, Any]) -> SealRole:
    """Who signs a paper of this kind; raises StatementInvalid for a kind nobody signs."""
    role = ROLES.get(str(statement.get("kind")))
    if role is None:
        raise StatementInvalid("Không có quy định người ký cho loại giấy này.")
    return role


def sign_paper(statement: Mapping[str, Any], page: bytes, signer: str, writer: CmsWriter, at: datetime) -> bytes:
    """Sign the rendered `page` of `statement`, showing `signer` in its frame.

    Raises:
        SigningFailed: the own check found a fault, or a test key met a page that does not say so.
        SealKeyUnavailable: the same call may succeed later.
    """
    role_of(statement)
    if writer.key.test and not statement["test_keys"]:
        raise SigningFailed("Khóa thử nghiệm chỉ ký được giấy có ghi rõ là thử nghiệm.")
    return sign(page, seal_spec(str(statement["kind"]), signer, at), writer, at)
