"""The words of the house as values: ids, states, and the frozen records that leave the database.

Standard library only. Times are aware UTC; money is integer đồng; text is NFC.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import IntEnum, StrEnum
from typing import Any, NewType

DossierCode = NewType("DossierCode", str)
"""Mã hồ sơ: opaque text of at most 50 characters (TT 03/2025/TT-VPCP art. 13)."""
DocumentId = NewType("DocumentId", str)
ReceiptId = NewType("ReceiptId", str)
Sha256 = NewType("Sha256", str)
"""64 lower-case hexadecimal digits."""


class Channel(StrEnum):
    """How a dossier came in (Cổng DVCQG KenhThucHien 1, 2, 3)."""

    COUNTER = "counter"
    ONLINE = "online"
    POST = "post"


class DossierStatus(IntEnum):
    """TrangThaiHoSo of the national portal (domain facts 4.5)."""

    REGISTERED = 1
    RECEIVED = 2
    NOT_ACCEPTED = 3
    IN_PROGRESS = 4
    SUPPLEMENT_ASKED = 5
    PAYMENT_ASKED = 6
    WITHDRAWN = 7
    STOPPED = 8
    DECIDED = 9
    RETURNED = 10


DOSSIER_MOVES: Mapping[DossierStatus, frozenset[DossierStatus]] = {
    DossierStatus.REGISTERED: frozenset(map(DossierStatus, (2, 3, 5, 7))),
    DossierStatus.RECEIVED: frozenset(map(DossierStatus, (4, 5, 6, 7))),
    DossierStatus.IN_PROGRESS: frozenset(map(DossierStatus, (5, 6, 7, 8, 9))),
    DossierStatus.SUPPLEMENT_ASKED: frozenset(map(DossierStatus, (2, 4, 7, 8))),
    DossierStatus.PAYMENT_ASKED: frozenset(map(DossierStatus, (4, 8))),
    DossierStatus.DECIDED: frozenset({DossierStatus.RETURNED}),
    DossierStatus.NOT_ACCEPTED: frozenset(),
    DossierStatus.WITHDRAWN: frozenset(),
    DossierStatus.STOPPED: frozenset(),
    DossierStatus.RETURNED: frozenset(),
}
"""Allowed moves between statuses; final ones lead nowhere."""


class DocumentKind(StrEnum):
    """A paper handed in, or the result of the procedure."""

    COMPONENT = "component"
    RESULT = "result"


class DocumentState(StrEnum):
    """Where a document stands on its way (ARCHITECTURE section 4)."""

    RECEIVED = "received"
    READING = "reading"
    READ = "read"
    CONFIRMED = "confirmed"
    SEALED = "sealed"
    REFUSED = "refused"
    QUARANTINED = "quarantined"


class ReceiptKind(StrEnum):
    """Kinds of signed paper the centre hands out."""

    SLIP = "slip"
    FEE = "fee"


class ReceiptState(StrEnum):
    """NUMBERED: number taken and statement frozen; ISSUED: signed, checked, kept."""

    NUMBERED = "numbered"
    AWAITING_OFFICER = "awaiting_officer"
    ISSUED = "issued"


class Role(StrEnum):
    """What a member of staff may do."""

    CLERK = "clerk"
    SUPERVISOR = "supervisor"
    ADMINISTRATOR = "administrator"


class Scope(StrEnum):
    """What an API client may do (ARCHITECTURE section 5)."""

    DOSSIERS_READ = "dossiers:read"
    DOSSIERS_WRITE = "dossiers:write"
    DOCUMENTS_READ = "documents:read"
    DOCUMENTS_WRITE = "documents:write"
    FILES_READ = "files:read"
    RECEIPTS_READ = "receipts:read"
    RECEIPTS_ISSUE = "receipts:issue"
    CHANGES_READ = "changes:read"
    REPORTS_READ = "reports:read"


@dataclass(frozen=True, slots=True)
class Actor:
    """Who does something: a member of staff, an API client, a worker or the public.

    `id` goes into the audit trail (never a name): "staff:3", "client:portal", "worker:digitize-0", "public".
    """

    id: str
    scopes: frozenset[Scope] = frozenset()
    unit: str | None = None
    role: Role | None = None
    name: str = field(default="", compare=False)


@dataclass(frozen=True, slots=True)
class Unit:
    """A public authority under its name of a period; dated, never a constant."""

    code: str
    name: str
    parent_name: str
    address: str
    phone: str
    place: str
    tax_code: str
    valid_from: date
    valid_to: date | None


@dataclass(frozen=True, slots=True)
class Component:
    """One paper that a procedure asks for. `digitize` False needs a `reason` (TT 03/2025 art. 5.2)."""

    code: str
    name: str
    required: bool = True
    digitize: bool = True
    reason: str = ""


@dataclass(frozen=True, slots=True)
class FeeRule:
    """One fee of a procedure: đồng by tiers of units, capped, reduced by channel.

    `kind` is "phi" or "le_phi". `tiers` are (up to this many units, đồng a unit), the last open
    (None). `cap` bounds one copy. `channels` replaces the tiers by a flat đồng a unit for a channel.
    `unit_name` is what is counted: "trang", "bản", "trường hợp".
    """

    code: str
    name: str
    kind: str
    unit_name: str
    tiers: tuple[tuple[int | None, int], ...]
    cap: int | None = None
    channels: tuple[tuple[str, int], ...] = ()
    basis: str = ""
    illustrative: bool = False


@dataclass(frozen=True, slots=True)
class Procedure:
    """A version of an administrative procedure (TTHC): papers, deadline, fees; dated."""

    code: str
    name: str
    field: str
    decision: str
    working_days: int
    result_name: str
    components: tuple[Component, ...]
    fees: tuple[FeeRule, ...]
    solving_unit: str
    valid_from: date
    valid_to: date | None


@dataclass(frozen=True, slots=True)
class Person:
    """Applicant (chủ hồ sơ) or submitter (người nộp hồ sơ); `kind` is "citizen" or "organisation"."""

    name: str
    id_number: str = ""
    address: str = ""
    phone: str = ""
    email: str = ""
    kind: str = "citizen"


@dataclass(frozen=True, slots=True)
class Dossier:
    """A case file; `submitter` only where it is somebody else than the applicant."""

    code: DossierCode
    procedure_code: str
    procedure_version: date
    channel: Channel
    receiving_unit: str
    solving_unit: str
    applicant: Person
    submitter: Person | None
    note: str
    copies: int
    return_method: str
    status: DossierStatus
    received_at: datetime
    due_at: datetime
    finished_at: datetime | None
    returned_at: datetime | None
    created_by: str


@dataclass(frozen=True, slots=True)
class Original:
    """One file as received, never changed. `position` from 1 within its document."""

    position: int
    sha256: Sha256
    size: int
    media_type: str
    file_name: str
    pages: int


@dataclass(frozen=True, slots=True)
class Document:
    """One paper of a dossier as handed in: a component or a result, one or more files."""

    id: DocumentId
    dossier_code: DossierCode
    component_code: str
    kind: DocumentKind
    title: str
    state: DocumentState
    declared_pages: int | None
    pages_total: int
    pages_done: int
    version: int
    priority: int
    born_digital: bool
    problem_code: str | None
    created_by: str
    created_at: datetime
    confirmed_by: str | None
    confirmed_at: datetime | None
    released_at: datetime | None
    originals: tuple[Original, ...]
    attempt: int = 1
    """Counts up when an operator sends a quarantined document on its way again: new work, new workflow ids."""


@dataclass(frozen=True, slots=True)
class Rendition:
    """A file derived from a document or receipt, under its role: archive, sealed, text, alto, words, page-1..."""

    role: str
    sha256: Sha256
    size: int
    media_type: str
    created_at: datetime


@dataclass(frozen=True, slots=True)
class PageRecord:
    """One page after reading. Pixels are those of the page image as shown upright."""

    number: int
    width_px: int
    height_px: int
    dpi: float
    rotation: int
    skew_degrees: float
    blank: bool
    confidence: float
    problem: str | None


@dataclass(frozen=True, slots=True)
class Field:
    """One field read from a document. Box: left, top, right, bottom as shares 0..1 of the upright page.

    `confidence` 0..1; `machine_value` is what was read, `value` what stands after correction.
    """

    name: str
    label: str
    value: str
    machine_value: str
    confidence: float
    page: int | None
    box: tuple[float, float, float, float] | None
    source: str
    sensitive: bool = False


@dataclass(frozen=True, slots=True)
class Receipt:
    """A numbered, signed paper: slip or fee receipt. `statement` is what is attested, frozen as JSON."""

    id: ReceiptId
    kind: ReceiptKind
    dossier_code: DossierCode
    template_symbol: str
    series_symbol: str
    number: int
    state: ReceiptState
    statement: Mapping[str, Any]
    statement_sha256: Sha256
    token_sha256: Sha256
    amount: int | None
    created_by: str
    created_at: datetime
    issued_at: datetime | None
    replaces: ReceiptId | None
    replaced_by: ReceiptId | None
    files: tuple[Rendition, ...] = ()


@dataclass(frozen=True, slots=True)
class Change:
    """One row of the change feed; `position` is gapless and only ever grows."""

    position: int
    id: str
    at: datetime
    type: str
    dossier_code: str | None
    subject: str
    facts: Mapping[str, Any]
