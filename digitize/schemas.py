"""Wire models of documents: snake_case JSON; boxes are shares 0..1 of the upright page."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from pydantic import BaseModel, ConfigDict, StringConstraints

from digitize.service import DocumentView
from storage.model import Document, DocumentKind, DocumentState


class FieldsIn(BaseModel):
    """Corrected values by field name."""

    model_config = ConfigDict(extra="forbid")
    values: dict[Annotated[str, StringConstraints(pattern="^[a-z0-9_]{1,60}$")],
                 Annotated[str, StringConstraints(max_length=2000)]]


class OriginalOut(BaseModel):
    """One file as received."""

    model_config = ConfigDict(from_attributes=True)
    position: int
    sha256: str
    size: int
    media_type: str
    pages: int


class PageOut(BaseModel):
    """One page after reading."""

    model_config = ConfigDict(from_attributes=True)
    number: int
    width_px: int
    height_px: int
    dpi: float
    rotation: int
    skew_degrees: float
    blank: bool
    confidence: float
    problem: str | None


class FieldOut(BaseModel):
    """One field: what stands and what the machine read."""

    model_config = ConfigDict(from_attributes=True)
    name: str
    label: str
    value: str
    machine_value: str
    confidence: float
    page: int | None
    box: tuple[float, float, float, float] | None
    source: str


class FileOut(BaseModel):
    """One derived file; fetch it at `/documents/{id}/files/{role}`."""

    model_config = ConfigDict(from_attributes=True)
    role: str
    sha256: str
    size: int
    media_type: str


class DocumentOut(BaseModel):
    """A document without its parts."""

    model_config = ConfigDict(from_attributes=True)
    id: str
    dossier_code: str
    component_code: str
    kind: DocumentKind
    title: str
    state: DocumentState
    declared_pages: int | None
    pages_total: int
    pages_done: int
    version: int
    born_digital: bool
    problem_code: str | None
    created_at: datetime
    confirmed_at: datetime | None
    released_at: datetime | None
    originals: list[OriginalOut]

    @classmethod
    def of(cls, document: Document) -> DocumentOut:
        """From the domain value."""
        return cls.model_validate(document)


class DocumentDetail(DocumentOut):
    """A document with pages, fields and files."""

    pages: list[PageOut]
    fields: list[FieldOut]
    files: list[FileOut]

    @classmethod
    def view(cls, view: DocumentView) -> DocumentDetail:
        """From the use case's view."""
        return cls(**DocumentOut.of(view.document).model_dump(),
                   pages=[PageOut.model_validate(page) for page in view.pages],
                   fields=[FieldOut.model_validate(field) for field in view.fields],
                   files=[FileOut.model_validate(file) for file in view.files])


class Progress(BaseModel):
    """One step of the live progress."""

    state: DocumentState
    pages_done: int
    pages_total: int
    problem_code: str | None
