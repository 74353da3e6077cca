"""A creating request that comes twice is answered once."""

from __future__ import annotations

from dataclasses import replace

import pytest
import sqlalchemy as sa

from storage import idempotency
from storage.idempotency import KeyBusy, KeyReused
from storage.rows import DossierRow
from tests.storage.conftest import CLERK, NEW, Office
from tests.support.crowds import at_once

OTHER = replace(CLERK, id="client:portal")


def create(office: Office, key: str | None, request: bytes = b"one", *, actor: object = CLERK) -> str:
    """A creating use case as all of them are written."""
    assert isinstance(actor, type(CLERK))
    with office.storage.transactions.begin() as tx:
        known = idempotency.known(tx, actor, key, request)
        if known is not None:
            return known
        code = office.dossiers.open_in(tx, actor, NEW, office.now).code
        idempotency.remember(tx, actor, key, request, subject=code, at=office.now)
        return code


def test_the_same_key_and_request_give_the_same_answer(office: Office) -> None:
    assert create(office, "k") == create(office, "k") == "H99.01-260715-0001"


def test_without_a_key_every_request_creates(office: Office) -> None:
    assert create(office, None) != create(office, None)


def test_the_key_of_another_caller_is_another_key(office: Office) -> None:
    assert create(office, "k") != create(office, "k", actor=OTHER)


def test_the_same_key_with_another_request_is_refused(office: Office) -> None:
    create(office, "k")
    with pytest.raises(KeyReused):
        create(office, "k", b"two")


def test_of_requests_at_once_with_one_key_one_creates_and_the_others_learn_of_it(office: Office) -> None:
    got = at_once(4, lambda _number: create(office, "k"))
    answers = {one for one in got if isinstance(one, str)}
    assert len(answers) == 1
    assert {type(one) for one in got if isinstance(one, Exception)} <= {KeyBusy}
    assert {create(office, "k")} == answers
    with office.storage.transactions.read() as tx:
        assert tx.scalar(sa.select(sa.func.count()).select_from(DossierRow)) == 1
    assert create(office, None) == "H99.01-260715-0002"
