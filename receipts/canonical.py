"""One byte form for one statement: canonical JSON after RFC 8785, and its SHA-256.

Statements hold text, whole numbers, booleans, null, lists and objects with ASCII names; for these,
sorted names, no white space and UTF-8 are all that RFC 8785 asks. Floats are refused.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Any

from receipts.errors import StatementInvalid
from storage.model import Sha256

_MAX_INTEGER = 2**53 - 1
"""RFC 8785 numbers are IEEE 754 doubles; beyond this two readers may disagree."""


def canonical(statement: Mapping[str, Any]) -> bytes:
    """The bytes that stand for `statement`; raises StatementInvalid for what has no single form."""
    _check(statement)
    return json.dumps(statement, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()


def statement_sha256(statement: Mapping[str, Any]) -> Sha256:
    """SHA-256 of the canonical bytes."""
    return Sha256(hashlib.sha256(canonical(statement)).hexdigest())


def _check(value: object) -> None:
    match value:
        case None | bool() | str():
            return
        case int() if abs(value) <= _MAX_INTEGER:
            return
        case list() | tuple():
            for element in value:
                _check(element)
        case Mapping():
            for name, element in value.items():
                if not (isinstance(name, str) and name.isascii()):
                    raise StatementInvalid("Tên trường phải là chữ ASCII.")
                _check(element)
        case _:
            raise StatementInvalid("Nội dung có giá trị không ghi được thành JSON chuẩn tắc.")
