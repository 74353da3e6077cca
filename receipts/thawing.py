"""A frozen statement that comes back from outside: the same fields as ours, of the same kinds, all printable.

The example of the house is the measure, so that a field added to a form is asked for here as well.
"""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

from receipts.errors import StatementInvalid
from receipts.samples import APPLICANT, DOSSIER, sample_fee, sample_slip
from receipts.statements import FEE_SCHEMA, SLIP_SCHEMA, Marks, Replaced, fee_statement, slip_statement
from receipts.text import printable

_MAY_BE_NULL = frozenset({"submitter", "replaces", "sheets"})


def thaw(content: bytes) -> dict[str, Any]:
    """The statement in `content`; raises StatementInvalid that names the first field at fault."""
    try:
        statement = json.loads(content)
    except ValueError as cause:
        raise StatementInvalid("Tệp nội dung không phải JSON.") from cause
    schema = statement.get("schema") if isinstance(statement, dict) else None
    if schema not in {SLIP_SCHEMA, FEE_SCHEMA}:
        raise StatementInvalid("Tệp không phải nội dung đã chốt của giấy tiếp nhận hoặc biên lai.")
    _compare(statement, _example(schema), "")
    if statement["kind"] != schema.split("/")[0]:
        raise StatementInvalid("Nội dung sai ở trường: kind.")
    try:
        datetime.fromisoformat(statement["made_at"])
    except ValueError as cause:
        raise StatementInvalid("Nội dung sai ở trường: made_at.") from cause
    found: dict[str, Any] = statement
    return found


def _example(schema: str) -> dict[str, Any]:
    """A statement with every optional part filled in."""
    marks = Marks(test_keys=True)
    if schema == FEE_SCHEMA:
        wrong = Replaced("EBL01", "26TAA", 1, date(2026, 11, 1))
        return fee_statement(dataclasses.replace(sample_fee(marks), replaces=wrong))
    return slip_statement(dataclasses.replace(
        sample_slip(marks), dossier=dataclasses.replace(DOSSIER, submitter=APPLICANT)))


def _compare(value: object, example: object, path: str) -> None:
    """`value` has the shape of `example`, or StatementInvalid says where not."""
    name = path.rpartition(".")[2]
    if value is None and name in _MAY_BE_NULL:
        return
    if isinstance(example, Mapping) and isinstance(value, dict) and example.keys() == value.keys():
        for key, part in example.items():
            _compare(value[key], part, f"{path}.{key}" if path else key)
    elif isinstance(example, list) and isinstance(value, list):
        for part in value:
            _compare(part, example[0], path)
    elif isinstance(example, str) and isinstance(value, str):
        if printable(value, path) != value:
            raise StatementInvalid(f"Nội dung sai ở trường: {path}.")
    elif type(value) is not type(example) and not (name in _MAY_BE_NULL and isinstance(value, int)):
        raise StatementInvalid(f"Nội dung sai ở trường: {path or 'schema'}.")
