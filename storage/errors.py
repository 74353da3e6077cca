"""The root of all errors of this service and the one table of what each kind of error means (RFC 9457)."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType
from typing import ClassVar


class Kind(StrEnum):
    """Whose fault an error is and whether trying again helps."""

    INVALID = "invalid"
    UNAUTHENTICATED = "unauthenticated"
    FORBIDDEN = "forbidden"
    MISSING = "missing"
    CONFLICT = "conflict"
    TOO_LARGE = "too_large"
    UNSUPPORTED = "unsupported"
    TOO_MANY = "too_many"
    UNAVAILABLE = "unavailable"
    MISCONFIGURED = "misconfigured"
    DEFECT = "defect"


@dataclass(frozen=True, slots=True)
class KindRule:
    """What a kind means at the three edges: HTTP status, workflow retry, exit code of a command."""

    status: int
    retry: bool
    exit_code: int


KINDS = MappingProxyType(
    {
        Kind.INVALID: KindRule(422, retry=False, exit_code=1),
        Kind.UNAUTHENTICATED: KindRule(401, retry=False, exit_code=2),
        Kind.FORBIDDEN: KindRule(403, retry=False, exit_code=2),
        Kind.MISSING: KindRule(404, retry=False, exit_code=1),
        Kind.CONFLICT: KindRule(409, retry=False, exit_code=1),
        Kind.TOO_LARGE: KindRule(413, retry=False, exit_code=1),
        Kind.UNSUPPORTED: KindRule(415, retry=False, exit_code=1),
        Kind.TOO_MANY: KindRule(429, retry=False, exit_code=3),
        Kind.UNAVAILABLE: KindRule(503, retry=True, exit_code=3),
        Kind.MISCONFIGURED: KindRule(500, retry=False, exit_code=2),
        Kind.DEFECT: KindRule(500, retry=False, exit_code=4),
    }
)
"""The only place that knows status codes, retries and exit codes."""


class ServiceError(Exception):
    """Root of every error this service raises on purpose.

    A subclass states `code` (permanent, never re-used), `kind`, a Vietnamese `title`, an English
    `title_en`, and `advice`: one Vietnamese sentence that says what to do. `detail` (Vietnamese)
    replaces the advice where the place of the fault knows more. `facts` are machine-readable extra
    members of the problem document: ids, counts and limits only, never personal data.
    """

    code: ClassVar[str] = "internal-error"
    kind: ClassVar[Kind] = Kind.DEFECT
    title: ClassVar[str] = "Lỗi hệ thống"
    title_en: ClassVar[str] = "Internal error"
    advice: ClassVar[str] = "Vui lòng thử lại; nếu vẫn lỗi, báo cho quản trị viên kèm mã sự cố."

    def __init__(self, detail: str | None = None, **facts: str | int | float | None) -> None:
        self.detail = detail or self.advice
        self.facts = facts
        super().__init__(self.detail)

    @property
    def rule(self) -> KindRule:
        """What the kind of this error means at the edges."""
        return KINDS[self.kind]
