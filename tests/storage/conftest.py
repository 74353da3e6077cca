"""A small fictitious office for the tests of storage."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from uuid import uuid4

import pytest

from storage import catalogue, documents
from storage.database import Tx
from storage.dossiers import Dossiers, NewDossier
from storage.model import (
    Actor,
    Component,
    Document,
    DocumentId,
    DocumentKind,
    DocumentState,
    Dossier,
    FeeRule,
    Original,
    Person,
    Procedure,
    Role,
    Scope,
    Sha256,
    Unit,
)
from storage.opening import Storage
from tests.support.storages import DATABASES, Storages

UNIT = Unit("H99.01", "Ủy ban nhân dân xã Thử Nghiệm", "Ủy ban nhân dân tỉnh Giả Định", "Số 1 đường Không Có", "",
            "Thử Nghiệm", "", date(2025, 7, 1), None)
PROCEDURE = Procedure(
    "9.000001", "Chứng thực bản sao (thử nghiệm)", "Chứng thực", "", 1, "Bản sao chứng thực",
    (Component("GT1", "Giấy tờ gốc"),), (FeeRule("LP1", "Phí chứng thực", "phi", "trang", ((2, 2000), (None, 1000))),),
    UNIT.code, date(2025, 7, 1), None)
CLERK = Actor("staff:1", frozenset(Scope), UNIT.code, Role.CLERK)
NEW = NewDossier(PROCEDURE.code, Person("Nguyễn Văn Thử", "001099000001"))
SOME_HASH = Sha256("ab" * 32)


@dataclass(frozen=True, slots=True)
class Office:
    """A storage with one unit and one procedure in force."""

    storage: Storage
    dossiers: Dossiers
    now: datetime

    def dossier(self) -> Dossier:
        """A dossier that was just received."""
        return self.dossiers.open(CLERK, NEW, self.now)

    def document(self, *, pages: int = 1, state: DocumentState = DocumentState.RECEIVED) -> Document:
        """A document with one original, in `state`."""
        original = Original(1, SOME_HASH, 10, "application/pdf", "giay-to.pdf", pages)
        new = Document(
            DocumentId(str(uuid4())), self.dossier().code, "GT1", DocumentKind.COMPONENT, "Giấy tờ gốc", state, None,
            pages, 0, 1, 100, False, None, CLERK.id, self.now, None, None, None, (original,))
        with self.storage.transactions.begin() as tx:
            documents.insert(tx, new)
        return new


def fill_catalogue(tx: Tx) -> None:
    """Two units and one procedure."""
    catalogue.put_unit(tx, UNIT)
    catalogue.put_unit(tx, replace(UNIT, code="H99.02", name="Ủy ban nhân dân xã Giả Định"))
    catalogue.put_procedure(tx, PROCEDURE)


def open_office(storage: Storage, now: datetime) -> Office:
    """Put units and procedure into an empty storage."""
    with storage.transactions.begin() as tx:
        fill_catalogue(tx)
    return Office(storage, Dossiers(storage.transactions, lambda _procedure, at, _days: at + timedelta(days=1)), now)


@pytest.fixture(params=DATABASES)
def office(request: pytest.FixtureRequest, storages: Storages, now: datetime) -> Office:
    """The office on each database."""
    return open_office(storages.make(request.param), now)


@pytest.fixture
def small_office(storages: Storages, now: datetime) -> Office:
    """The office on SQLite alone."""
    return open_office(storages.make(), now)
