"""Fields."""
from __future__ import annotations
from collections.abc import Sequence
from digitize.model import PageResult
from storage.model import Field
def read_fields(pages: Sequence[PageResult]) -> list[Field]:
    return []
