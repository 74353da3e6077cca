"""Wire models of storage's routes: snake_case JSON, UTC RFC 3339 times; never used as rows."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from storage.dossiers import NewDossier
from storage.model import Change, Channel, Component, Dossier, FeeRule, Person, Procedure, Unit

Line = Annotated[str, StringConstraints(strip_whitespace=True, max_length=500)]
IdNumber = Annotated[str, StringConstraints(strip_whitespace=True, pattern=r"^(\d{9}|\d{10}|\d{12}|\d{10}-\d{3})?$")]
"""Old CMND (9), tax code (10 or 10-3), personal ID (12), or empty."""
Code = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=50)]


class Wire(BaseModel):
    """Base of what comes in: unknown members are refused."""

    model_config = ConfigDict(extra="forbid", from_attributes=True)


class PersonIn(Wire):
    """Applicant or submitter."""

    name: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200)]
    id_number: IdNumber = ""
    address: Line = ""
    phone: Annotated[str, StringConstraints(strip_whitespace=True, pattern=r"^[0-9+ .()-]{0,20}$")] = ""
    email: Annotated[str, StringConstraints(strip_whitespace=True, max_length=200)] = ""
    kind: Annotated[str, StringConstraints(pattern="^(citizen|organisation)$")] = "citizen"

    def value(self) -> Person:
        """As the domain value."""
        return Person(**self.model_dump())


class DossierIn(Wire):
    """A new dossier."""

    procedure_code: Code
    applicant: PersonIn
    submitter: PersonIn | None = None
    channel: Channel = Channel.COUNTER
    receiving_unit: Code | None = None
    solving_unit: Code | None = None
    note: Line = ""
    copies: Annotated[int, Field(ge=1, le=50)] = 1
    return_method: Annotated[str, StringConstraints(pattern="^(counter|post|online)$")] = "counter"

    def value(self) -> NewDossier:
        """As the domain value."""
        return NewDossier(
            procedure_code=self.procedure_code, applicant=self.applicant.value(),
            submitter=self.submitter.value() if self.submitter else None, channel=self.channel,
            receiving_unit=self.receiving_unit, solving_unit=self.solving_unit, note=self.note, copies=self.copies,
            return_method=self.return_method)


class StatusIn(Wire):
    """A move of the status (TrangThaiHoSo 1..10)."""

    status: Annotated[int, Field(ge=1, le=10)]


class PersonOut(BaseModel):
    """Applicant or submitter."""

    model_config = ConfigDict(from_attributes=True)
    name: str
    id_number: str
    address: str
    phone: str
    email: str
    kind: str


class DossierOut(BaseModel):
    """A dossier."""

    model_config = ConfigDict(from_attributes=True)
    code: str
    procedure_code: str
    procedure_version: date
    channel: Channel
    receiving_unit: str
    solving_unit: str
    applicant: PersonOut
    submitter: PersonOut | None
    note: str
    copies: int
    return_method: str
    status: int
    received_at: datetime
    due_at: datetime
    finished_at: datetime | None
    returned_at: datetime | None

    @classmethod
    def of(cls, dossier: Dossier) -> DossierOut:
        """From the domain value."""
        return cls.model_validate(dossier)


class DossierPage(BaseModel):
    """One page of a list; `next` is the cursor of the following page, null at the end."""

    dossiers: list[DossierOut]
    next: str | None


class ComponentOut(BaseModel):
    """One paper that a procedure asks for."""

    code: str
    name: str
    required: bool
    digitize: bool
    reason: str

    @classmethod
    def of(cls, component: Component) -> ComponentOut:
        """From the domain value."""
        return cls.model_validate(component, from_attributes=True)


class FeeOut(BaseModel):
    """One fee: đồng by tiers."""

    code: str
    name: str
    kind: str
    unit_name: str
    tiers: list[tuple[int | None, int]]
    cap: int | None
    channels: list[tuple[str, int]]
    basis: str
    illustrative: bool

    @classmethod
    def of(cls, fee: FeeRule) -> FeeOut:
        """From the domain value."""
        return cls.model_validate(fee, from_attributes=True)


class ProcedureOut(BaseModel):
    """A procedure in force."""

    code: str
    name: str
    field: str
    decision: str
    working_days: int
    result_name: str
    solving_unit: str
    valid_from: date
    valid_to: date | None
    components: list[ComponentOut]
    fees: list[FeeOut]

    @classmethod
    def of(cls, procedure: Procedure) -> ProcedureOut:
        """From the domain value."""
        return cls.model_validate(procedure, from_attributes=True)


class UnitOut(BaseModel):
    """A unit in force."""

    code: str
    name: str
    parent_name: str
    address: str
    phone: str
    place: str
    valid_from: date
    valid_to: date | None

    @classmethod
    def of(cls, unit: Unit) -> UnitOut:
        """From the domain value."""
        return cls.model_validate(unit, from_attributes=True)


class ChangeOut(BaseModel):
    """One row of the change feed."""

    position: int
    id: str
    at: datetime
    type: str
    dossier_code: str | None
    subject: str
    facts: dict[str, Any]

    @classmethod
    def of(cls, change: Change) -> ChangeOut:
        """From the domain value."""
        return cls.model_validate(change, from_attributes=True)


class ChangePage(BaseModel):
    """Rows behind the cursor; ask again with `after=next`."""

    changes: list[ChangeOut]
    next: int


class FaultOut(BaseModel):
    """One value that does not fit; never the value itself."""

    at: Annotated[str, Field(description="where, for example body/applicant/name")]
    fault: Annotated[str, Field(description="kind of fault, for example missing")]


class Problem(BaseModel):
    """A refusal (RFC 9457); further members are numbers and codes of the case at hand."""

    model_config = ConfigDict(extra="allow")
    type: Annotated[str, Field(description="urn:sohoa:problem: and the code")]
    code: Annotated[str, Field(description="permanent; docs/problems.md lists all")]
    title: Annotated[str, Field(description="in Vietnamese, for people")]
    title_en: str
    status: Annotated[int, Field(ge=400, le=599)]
    detail: Annotated[str, Field(description="in Vietnamese: what to do")]
    errors: Annotated[list[FaultOut] | None, Field(description="with status 422: what does not fit")] = None


class TokenOut(BaseModel):
    """RFC 6749 5.1."""

    access_token: str
    token_type: str = "bearer"  # noqa: S105 - the name of a scheme, no secret
    expires_in: int
    scope: str
