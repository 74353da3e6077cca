"""Database rows: typed tables that carry the invariants; never leave `storage` (values of `model` do).

No lazy relationships: rows are read and written with explicit statements. Column names are the API's.
"""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import (
    JSON,
    CheckConstraint,
    ForeignKey,
    Index,
    String,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column

from storage.columns import Row, digest


class UnitRow(Row):
    """A public authority under its name of a period."""

    __tablename__ = "units"
    code: Mapped[str] = mapped_column(String(35), primary_key=True)
    valid_from: Mapped[date] = mapped_column(primary_key=True)
    valid_to: Mapped[date | None]
    name: Mapped[str] = mapped_column(Text)
    parent_name: Mapped[str] = mapped_column(Text)
    address: Mapped[str] = mapped_column(Text)
    phone: Mapped[str] = mapped_column(Text)
    place: Mapped[str] = mapped_column(Text)
    tax_code: Mapped[str] = mapped_column(String(14))


class ProcedureRow(Row):
    """A version of an administrative procedure with its papers, deadline and fees."""

    __tablename__ = "procedures"
    code: Mapped[str] = mapped_column(String(50), primary_key=True)
    valid_from: Mapped[date] = mapped_column(primary_key=True)
    valid_to: Mapped[date | None]
    name: Mapped[str] = mapped_column(Text)
    field: Mapped[str] = mapped_column(Text)
    decision: Mapped[str] = mapped_column(Text)
    working_days: Mapped[int]
    result_name: Mapped[str] = mapped_column(Text)
    components: Mapped[list[Any]]
    fees: Mapped[list[Any]]
    solving_unit: Mapped[str] = mapped_column(String(35))


class HolidayRow(Row):
    """A day that differs from its weekday: "off" or "work" (compensating day)."""

    __tablename__ = "holidays"
    day: Mapped[date] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(String(4))
    name: Mapped[str] = mapped_column(Text)
    __table_args__ = (CheckConstraint("kind IN ('off', 'work')", name="kind"),)


class CounterRow(Row):
    """A gapless counter (dossier codes of a unit and day); taken inside the transaction that uses it."""

    __tablename__ = "counters"
    name: Mapped[str] = mapped_column(String(100), primary_key=True)
    value: Mapped[int]


class DossierRow(Row):
    """A case file."""

    __tablename__ = "dossiers"
    code: Mapped[str] = mapped_column(String(50), primary_key=True)
    procedure_code: Mapped[str] = mapped_column(String(50))
    procedure_version: Mapped[date]
    channel: Mapped[str] = mapped_column(String(10))
    receiving_unit: Mapped[str] = mapped_column(String(35))
    solving_unit: Mapped[str] = mapped_column(String(35))
    applicant: Mapped[dict[str, Any]]
    submitter: Mapped[dict[str, Any] | None] = mapped_column(JSON(none_as_null=True))
    note: Mapped[str] = mapped_column(Text)
    copies: Mapped[int]
    return_method: Mapped[str] = mapped_column(String(20))
    status: Mapped[int] = mapped_column(index=True)
    received_at: Mapped[datetime] = mapped_column(index=True)
    due_at: Mapped[datetime]
    finished_at: Mapped[datetime | None]
    returned_at: Mapped[datetime | None]
    created_by: Mapped[str] = mapped_column(String(100))
    __table_args__ = (CheckConstraint("status BETWEEN 1 AND 10", name="status"),)


class DocumentRow(Row):
    """One paper of a dossier."""

    __tablename__ = "documents"
    id: Mapped[str] = mapped_column(String(36), primary_key=True)
    dossier_code: Mapped[str] = mapped_column(ForeignKey("dossiers.code"), index=True)
    component_code: Mapped[str] = mapped_column(String(50))
    kind: Mapped[str] = mapped_column(String(10))
    title: Mapped[str] = mapped_column(Text)
    state: Mapped[str] = mapped_column(String(12), index=True)
    declared_pages: Mapped[int | None]
    pages_total: Mapped[int]
    pages_done: Mapped[int]
    version: Mapped[int]
    priority: Mapped[int]
    born_digital: Mapped[bool]
    attempt: Mapped[int]
    problem_code: Mapped[str | None] = mapped_column(String(60))
    created_by: Mapped[str] = mapped_column(String(100))
    created_at: Mapped[datetime]
    confirmed_by: Mapped[str | None] = mapped_column(String(100))
    confirmed_at: Mapped[datetime | None]
    released_at: Mapped[datetime | None]
    __table_args__ = (
        CheckConstraint("pages_done BETWEEN 0 AND pages_total", name="pages"),
        CheckConstraint("kind IN ('component', 'result')", name="kind"),
    )


class OriginalRow(Row):
    """One file of a document as received."""

    __tablename__ = "originals"
    document_id: Mapped[str] = mapped_column(ForeignKey("documents.id"), primary_key=True)
    position: Mapped[int] = mapped_column(primary_key=True)
    sha256: Mapped[str] = mapped_column(String(64), index=True)
    size: Mapped[int]
    media_type: Mapped[str] = mapped_column(String(100))
    file_name: Mapped[str] = mapped_column(Text)
    pages: Mapped[int]
    __table_args__ = (digest("sha256"),)


class PageRow(Row):
    """One page after reading; `result_sha256` is the page's reading result among the objects."""

    __tablename__ = "pages"
    document_id: Mapped[str] = mapped_column(ForeignKey("documents.id"), primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True)
    width_px: Mapped[int]
    height_px: Mapped[int]
    dpi: Mapped[float]
    rotation: Mapped[int]
    skew_degrees: Mapped[float]
    blank: Mapped[bool]
    confidence: Mapped[float]
    problem: Mapped[str | None] = mapped_column(String(60))
    result_sha256: Mapped[str] = mapped_column(String(64))
    __table_args__ = (digest("result_sha256"),)


class RenditionRow(Row):
    """A derived file of a document or a receipt (`subject` is the id of either) under its role."""

    __tablename__ = "renditions"
    subject: Mapped[str] = mapped_column(String(36), primary_key=True)
    role: Mapped[str] = mapped_column(String(20), primary_key=True)
    sha256: Mapped[str] = mapped_column(String(64), index=True)
    size: Mapped[int]
    media_type: Mapped[str] = mapped_column(String(100))
    created_at: Mapped[datetime]
    __table_args__ = (digest("sha256"),)


class FieldRow(Row):
    """One field of a document: what the machine read and what stands."""

    __tablename__ = "fields"
    document_id: Mapped[str] = mapped_column(ForeignKey("documents.id"), primary_key=True)
    name: Mapped[str] = mapped_column(String(60), primary_key=True)
    position: Mapped[int]
    label: Mapped[str] = mapped_column(Text)
    value: Mapped[str] = mapped_column(Text)
    machine_value: Mapped[str] = mapped_column(Text)
    confidence: Mapped[float]
    page: Mapped[int | None]
    box: Mapped[list[Any] | None] = mapped_column(JSON(none_as_null=True))
    source: Mapped[str] = mapped_column(String(10))
    sensitive: Mapped[bool]


class SeriesRow(Row):
    """A receipt series of one counter and year; the next number is taken by UPDATE ... RETURNING."""

    __tablename__ = "receipt_series"
    id: Mapped[str] = mapped_column(String(36), primary_key=True)
    kind: Mapped[str] = mapped_column(String(10))
    unit: Mapped[str] = mapped_column(String(35))
    counter: Mapped[str] = mapped_column(String(40))
    year: Mapped[int]
    template_symbol: Mapped[str] = mapped_column(String(20))
    series_symbol: Mapped[str] = mapped_column(String(40))
    last_taken: Mapped[int]
    last_allowed: Mapped[int]
    __table_args__ = (
        UniqueConstraint("unit", "template_symbol", "series_symbol"),
        CheckConstraint("last_taken BETWEEN 0 AND last_allowed", name="range"),
    )


class ReceiptRow(Row):
    """A numbered paper with its frozen statement; never deleted, its number never re-used."""

    __tablename__ = "receipts"
    id: Mapped[str] = mapped_column(String(36), primary_key=True)
    kind: Mapped[str] = mapped_column(String(10))
    dossier_code: Mapped[str] = mapped_column(ForeignKey("dossiers.code"), index=True)
    series_id: Mapped[str] = mapped_column(ForeignKey("receipt_series.id"))
    number: Mapped[int]
    state: Mapped[str] = mapped_column(String(20), index=True)
    statement: Mapped[str] = mapped_column(Text)
    statement_sha256: Mapped[str] = mapped_column(String(64))
    amount: Mapped[int | None]
    token_sha256: Mapped[str] = mapped_column(String(64), unique=True)
    created_by: Mapped[str] = mapped_column(String(100))
    created_at: Mapped[datetime]
    issued_at: Mapped[datetime | None]
    replaces: Mapped[str | None] = mapped_column(ForeignKey("receipts.id"), unique=True)
    __table_args__ = (
        UniqueConstraint("series_id", "number"),
        CheckConstraint("number >= 1", name="number"),
        digest("statement_sha256"),
        digest("token_sha256"),
    )


class StaffRow(Row):
    """A member of staff with an account."""

    __tablename__ = "staff"
    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=True)
    login: Mapped[str] = mapped_column(String(60), unique=True)
    name: Mapped[str] = mapped_column(Text)
    role: Mapped[str] = mapped_column(String(20))
    unit: Mapped[str] = mapped_column(String(35))
    counter: Mapped[str] = mapped_column(String(40))
    password_hash: Mapped[str] = mapped_column(Text)
    active: Mapped[bool]


class SessionRow(Row):
    """A signed-in browser; only the hash of its cookie is kept."""

    __tablename__ = "sessions"
    token_sha256: Mapped[str] = mapped_column(String(64), primary_key=True)
    staff_id: Mapped[int] = mapped_column(ForeignKey("staff.id"))
    csrf: Mapped[str] = mapped_column(String(64))
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime]


class ClientRow(Row):
    """Another system that calls the API (OAuth 2 client credentials)."""

    __tablename__ = "api_clients"
    id: Mapped[str] = mapped_column(String(60), primary_key=True)
    name: Mapped[str] = mapped_column(Text)
    secret_sha256: Mapped[str] = mapped_column(String(64))
    scopes: Mapped[list[Any]]
    unit: Mapped[str] = mapped_column(String(35))
    active: Mapped[bool]


class AccessTokenRow(Row):
    """A short-lived bearer token of an API client, hashed."""

    __tablename__ = "access_tokens"
    token_sha256: Mapped[str] = mapped_column(String(64), primary_key=True)
    client_id: Mapped[str] = mapped_column(ForeignKey("api_clients.id"))
    scopes: Mapped[list[Any]]
    expires_at: Mapped[datetime]


class AttemptRow(Row):
    """Failed second factors and sign-ins of one subject, to slow down guessing across processes."""

    __tablename__ = "attempts"
    subject: Mapped[str] = mapped_column(String(100), primary_key=True)
    failures: Mapped[int]
    last_at: Mapped[datetime]


class IdempotencyRow(Row):
    """The answer already given to a creating request, by caller and key."""

    __tablename__ = "idempotency_keys"
    actor: Mapped[str] = mapped_column(String(100), primary_key=True)
    key: Mapped[str] = mapped_column(String(255), primary_key=True)
    request_sha256: Mapped[str] = mapped_column(String(64))
    subject: Mapped[str] = mapped_column(String(100))
    created_at: Mapped[datetime]


class AuditRow(Row):
    """One append-only entry; written unchained, chained by the sequencer after the commit."""

    __tablename__ = "audit"
    id: Mapped[str] = mapped_column(String(36), primary_key=True)
    at: Mapped[datetime]
    actor: Mapped[str] = mapped_column(String(100))
    action: Mapped[str] = mapped_column(String(60))
    subject: Mapped[str] = mapped_column(String(100), index=True)
    facts: Mapped[dict[str, Any]]
    position: Mapped[int | None] = mapped_column(unique=True)
    chain_sha256: Mapped[str | None] = mapped_column(String(64))


class ChangeRow(Row):
    """One event of the change feed; its gapless position comes from the sequencer after the commit."""

    __tablename__ = "changes"
    id: Mapped[str] = mapped_column(String(36), primary_key=True)
    at: Mapped[datetime]
    type: Mapped[str] = mapped_column(String(60))
    dossier_code: Mapped[str | None] = mapped_column(String(50))
    unit: Mapped[str | None] = mapped_column(String(35))
    subject: Mapped[str] = mapped_column(String(100))
    facts: Mapped[dict[str, Any]]
    position: Mapped[int | None] = mapped_column(unique=True)


Index("ix_changes_unplaced", ChangeRow.at, sqlite_where=text("position IS NULL"),
      postgresql_where=text("position IS NULL"))
Index("ix_audit_unplaced", AuditRow.at, sqlite_where=text("position IS NULL"),
      postgresql_where=text("position IS NULL"))


class SequenceRow(Row):
    """Head of a chain: last position given, last hash. One row per chain: "audit", "changes"."""

    __tablename__ = "sequences"
    name: Mapped[str] = mapped_column(String(20), primary_key=True)
    position: Mapped[int]
    chain_sha256: Mapped[str] = mapped_column(String(64))


class ExecutorRow(Row):
    """Heartbeat of a worker process, so that the work of a dead one is resumed by a live one."""

    __tablename__ = "executors"
    id: Mapped[str] = mapped_column(String(100), primary_key=True)
    role: Mapped[str] = mapped_column(String(20))
    seen_at: Mapped[datetime]
