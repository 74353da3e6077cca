"""What the desk shows, put together from the use cases: rows of the list, one dossier with its papers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from digitize.service import DocumentView
from receipts.moments import local_day
from storage import catalogue, documents
from storage.database import Tx
from storage.model import (
    DOSSIER_MOVES,
    Actor,
    Component,
    Document,
    DocumentKind,
    DocumentState,
    Dossier,
    DossierStatus,
    Procedure,
    Receipt,
    ReceiptKind,
    Unit,
)
from web import labels
from web.house import House

PAGE_ROWS = 25
MOVING = frozenset({DocumentState.RECEIVED, DocumentState.READING, DocumentState.CONFIRMED})
STUCK = frozenset({DocumentState.REFUSED, DocumentState.QUARANTINED})
DESK_MOVES = frozenset({DossierStatus.IN_PROGRESS, DossierStatus.SUPPLEMENT_ASKED, DossierStatus.WITHDRAWN,
                        DossierStatus.STOPPED, DossierStatus.RETURNED, DossierStatus.RECEIVED})
"""Moves offered at the desk; the others follow from releasing a result or from payment."""


@dataclass(frozen=True, slots=True)
class Row:
    """One dossier in the list: of its `papers`, how many are sealed, wait for a person, are in work, are stuck."""

    dossier: Dossier
    procedure_name: str
    standing: labels.Badge
    papers: int
    sealed: int
    waiting: int
    moving: int
    stuck: int


@dataclass(frozen=True, slots=True)
class Listing:
    """One page of the list; `next` is the cursor of the following page, empty at the end."""

    rows: tuple[Row, ...]
    next: str


@dataclass(frozen=True, slots=True)
class Slot:
    """A component of the procedure and the documents handed in for it."""

    component: Component
    documents: tuple[DocumentView, ...]


@dataclass(frozen=True, slots=True)
class Case:
    """Everything on the page of one dossier."""

    dossier: Dossier
    procedure: Procedure
    receiving_unit: Unit
    solving_unit: Unit
    standing: labels.Badge
    slots: tuple[Slot, ...]
    results: tuple[DocumentView, ...]
    receipts: tuple[Receipt, ...]
    moves: tuple[DossierStatus, ...]

    @property
    def slip(self) -> Receipt | None:
        """The newest slip."""
        return next((one for one in reversed(self.receipts) if one.kind == ReceiptKind.SLIP), None)

    @property
    def fee(self) -> Receipt | None:
        """The fee receipt that stands (not replaced)."""
        return next((one for one in reversed(self.receipts)
                     if one.kind == ReceiptKind.FEE and one.replaced_by is None), None)

    @property
    def waiting(self) -> tuple[DocumentView, ...]:
        """Documents that need a person's eye, in order."""
        views = [view for slot in self.slots for view in slot.documents] + list(self.results)
        return tuple(view for view in views if view.document.state == DocumentState.READ)


def listing(house: House, actor: Actor, *, status: DossierStatus | None, before: tuple[datetime, str] | None,
            at: datetime) -> Listing:
    """One page of the unit's dossiers, newest first."""
    found = house.cases.dossiers.list(actor, before=before, limit=PAGE_ROWS + 1, status=status)
    shown = found[:PAGE_ROWS]
    with house.storage.transactions.read() as tx:
        rows = tuple(_row(tx, dossier, at) for dossier in shown)
    last = shown[-1] if len(found) > PAGE_ROWS else None
    return Listing(rows, f"{last.received_at.isoformat()}~{last.code}" if last else "")


def case(house: House, actor: Actor, code: str, at: datetime) -> Case:
    """One dossier with its papers and receipts; the view is audited. Raises DossierUnknown."""
    dossier = house.cases.dossiers.find(actor, code)
    views = house.cases.documents.of_dossier(actor, code)
    receipts = house.cases.receipts.of_dossier(actor, code)
    with house.storage.transactions.read() as tx:
        procedure = catalogue.procedure_version(tx, dossier.procedure_code, dossier.procedure_version)
        day = local_day(dossier.received_at)
        receiving, solving = (catalogue.unit(tx, unit, day) for unit in (dossier.receiving_unit, dossier.solving_unit))
    return Case(
        dossier=dossier, procedure=procedure, receiving_unit=receiving, solving_unit=solving,
        standing=labels.standing(dossier, at), slots=_slots(procedure, views),
        results=tuple(view for view in views if view.document.kind == DocumentKind.RESULT), receipts=receipts,
        moves=tuple(sorted(DOSSIER_MOVES[dossier.status] & DESK_MOVES)))


def next_waiting(house: House, actor: Actor, document: Document) -> Document | None:
    """Another document of the same dossier that needs a person's eye."""
    views = house.cases.documents.of_dossier(actor, document.dossier_code)
    return next((view.document for view in views
                 if view.document.state == DocumentState.READ and view.document.id != document.id), None)


def _row(tx: Tx, dossier: Dossier, at: datetime) -> Row:
    states = [document.state for document in documents.of_dossier(tx, dossier.code)]
    procedure = catalogue.procedure_version(tx, dossier.procedure_code, dossier.procedure_version)
    return Row(dossier=dossier, procedure_name=procedure.name, standing=labels.standing(dossier, at),
               papers=len(states), sealed=states.count(DocumentState.SEALED), waiting=states.count(DocumentState.READ),
               moving=sum(state in MOVING for state in states), stuck=sum(state in STUCK for state in states))


def _slots(procedure: Procedure, views: Sequence[DocumentView]) -> tuple[Slot, ...]:
    return tuple(
        Slot(component, tuple(view for view in views if view.document.kind == DocumentKind.COMPONENT
                              and view.document.component_code == component.code))
        for component in procedure.components)
