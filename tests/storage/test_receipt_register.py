"""Numbers without gap or double, statements frozen, one replacement each; on both databases."""

from __future__ import annotations

import contextlib
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import ClassVar
from uuid import uuid4

import pytest
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test

from storage import receipt_register as register
from storage.columns import Row
from storage.database import Transactions, Tx, open_engine
from storage.dossiers import Dossiers
from storage.model import ReceiptId, ReceiptKind, ReceiptState
from storage.objects import hash_bytes
from storage.receipt_register import AlreadyReplaced, NewReceipt, ReceiptUnknown, SeriesExhausted, SeriesKey
from tests.storage.conftest import CLERK, NEW, UNIT, Office, fill_catalogue
from tests.support.crowds import at_once

SERIES = SeriesKey(ReceiptKind.FEE, UNIT.code, "AA", 2026, "01BLP0-001", "AA-26E")


class Refused(Exception):
    """The transaction fails after it took a number."""


def refuse(refused: bool) -> None:
    """A rule of the business after the number was taken."""
    if refused:
        raise Refused


def number(tx: Tx, at: datetime, dossier: str, key: SeriesKey = SERIES,
           replaces: ReceiptId | None = None) -> NewReceipt:
    """Take a number and store a receipt under it."""
    taken = register.take_number(tx, key)
    new = NewReceipt(ReceiptId(str(uuid4())), ReceiptKind.FEE, dossier, taken, '{"amount":2000}', 2000,
                     hash_bytes(uuid4().bytes), CLERK.id, at, replaces)
    register.insert(tx, new)
    return new


def test_eight_writers_of_whom_some_fail_leave_no_gap_and_no_double(office: Office) -> None:
    dossier = office.dossier().code

    def issue(writer: int) -> list[int]:
        kept = []
        for turn in range(20):
            try:
                with office.storage.transactions.begin() as tx:
                    taken = number(tx, office.now, dossier).taken
                    refuse((writer * 20 + turn) % 19 == 0)
            except Refused:
                continue
            kept.append(taken.number)
        return kept

    kept = sorted(taken for one in at_once(8, issue) if isinstance(one, list) for taken in one)
    assert kept == list(range(1, 160 - 9 + 1))
    with office.storage.transactions.read() as tx:
        assert register.gaps(tx) == ()


def test_each_series_counts_from_one(office: Office) -> None:
    dossier = office.dossier().code
    others = (replace(SERIES, series_symbol="AB-26E"), replace(SERIES, unit="H99.02"),
              replace(SERIES, template_symbol="02BLP0-001"))
    with office.storage.transactions.begin() as tx:
        assert [number(tx, office.now, dossier, key).taken.number for key in (SERIES, SERIES, *others)] == [
            1, 2, 1, 1, 1]


def test_a_series_ends_where_it_was_allowed_to(office: Office) -> None:
    dossier, short = office.dossier().code, replace(SERIES, last_allowed=2)
    for _ in range(2):
        with office.storage.transactions.begin() as tx:
            number(tx, office.now, dossier, short)
    with pytest.raises(SeriesExhausted), office.storage.transactions.begin() as tx:
        number(tx, office.now, dossier, short)
    with office.storage.transactions.read() as tx:
        assert register.gaps(tx) == ()


def test_a_receipt_is_found_by_id_and_by_token_with_its_statement(office: Office) -> None:
    dossier = office.dossier().code
    with office.storage.transactions.begin() as tx:
        new = number(tx, office.now, dossier)
    with office.storage.transactions.read() as tx:
        found = register.find(tx, new.id)
        assert found == register.find_by_token(tx, new.token_sha256) == register.of_dossier(tx, dossier)[0]
        assert register.numbered(tx) == (new.id,)
        for ask in (register.find, register.find_by_token):
            with pytest.raises(ReceiptUnknown):
                ask(tx, "unknown")
    assert (found.number, found.series_symbol, found.statement, found.statement_sha256, found.state) == (
        1, "AA-26E", {"amount": 2000}, hash_bytes(b'{"amount":2000}'), ReceiptState.NUMBERED)


def test_of_several_replacements_at_once_one_stands_and_takes_one_number(office: Office) -> None:
    dossier = office.dossier().code
    with office.storage.transactions.begin() as tx:
        wrong = number(tx, office.now, dossier)

    def replace_it(counter: int) -> NewReceipt:
        with office.storage.transactions.begin() as tx:
            return number(tx, office.now, dossier, replace(SERIES, series_symbol=f"A{counter}-26E"), wrong.id)

    got = at_once(4, replace_it)
    new = [one for one in got if isinstance(one, NewReceipt)]
    assert [type(one) for one in got if isinstance(one, Exception)] == [AlreadyReplaced] * 3
    with office.storage.transactions.read() as tx:
        assert (register.find(tx, wrong.id).replaced_by, register.find(tx, new[0].id).replaces) == (new[0].id, wrong.id)
        assert (register.replacement_of(tx, new[0].id), register.gaps(tx)) == (None, ())


def test_of_several_that_issue_a_receipt_at_once_one_does(office: Office) -> None:
    dossier = office.dossier().code
    with office.storage.transactions.begin() as tx:
        new = number(tx, office.now, dossier)

    def issue(_number: int) -> bool:
        with office.storage.transactions.begin() as tx:
            return register.advance(tx, new.id, ReceiptState.NUMBERED, ReceiptState.ISSUED, office.now)

    assert sorted(map(str, at_once(4, issue))) == ["False", "False", "False", "True"]
    with office.storage.transactions.read() as tx:
        assert (register.find(tx, new.id).issued_at, register.numbered(tx)) == (office.now, ())


def test_a_missing_number_is_told(office: Office) -> None:
    with office.storage.transactions.begin() as tx:
        register.take_number(tx, SERIES)
    with office.storage.transactions.read() as tx:
        assert register.gaps(tx) == ("01BLP0-001/AA-26E",)


class Numbering(RuleBasedStateMachine):
    """Any order of receipts, refusals and exhausted series: each series is 1, 2, 3 ... of what was kept."""

    folder: ClassVar[Path]
    now: ClassVar[datetime]
    last_allowed = 5

    def __init__(self) -> None:
        super().__init__()
        self.engine = open_engine(f"sqlite:///{self.folder / uuid4().hex}")
        Row.metadata.create_all(self.engine)
        self.transactions = Transactions(self.engine)
        with self.transactions.begin() as tx:
            fill_catalogue(tx)
            dossiers = Dossiers(self.transactions, lambda _one, at, _days: at)
            self.dossier = dossiers.open_in(tx, CLERK, NEW, self.now).code
        self.kept: dict[str, list[int]] = {"AA": [], "AB": []}

    @rule(series=st.sampled_from(["AA", "AB"]), count=st.integers(1, 3))
    def issue(self, series: str, count: int) -> None:
        """Several receipts in one transaction: all of them, or none where the series ends."""
        try:
            with self.transactions.begin() as tx:
                taken = [number(tx, self.now, self.dossier, self.key(series)).taken.number for _ in range(count)]
        except SeriesExhausted:
            assert len(self.kept[series]) + count > self.last_allowed
        else:
            self.kept[series] += taken

    @rule(series=st.sampled_from(["AA", "AB"]))
    def fail(self, series: str) -> None:
        """A number is taken and given back."""
        with contextlib.suppress(Refused, SeriesExhausted), self.transactions.begin() as tx:
            number(tx, self.now, self.dossier, self.key(series))
            refuse(True)

    @invariant()
    def counted(self) -> None:
        """What was kept is 1, 2, 3 ... and the register agrees."""
        assert all(taken == list(range(1, len(taken) + 1)) for taken in self.kept.values())
        with self.transactions.read() as tx:
            assert register.gaps(tx) == ()

    def teardown(self) -> None:
        """Give the connections back."""
        self.engine.dispose()

    def key(self, series: str) -> SeriesKey:
        """A short series."""
        return replace(SERIES, series_symbol=series, last_allowed=self.last_allowed)


def test_numbers_hold_in_any_order_of_success_failure_and_end(tmp_path: Path, now: datetime) -> None:
    machine = type("NumberingHere", (Numbering,), {"folder": tmp_path, "now": now})
    run_state_machine_as_test(machine,
                              settings=hypothesis_settings(max_examples=10, stateful_step_count=12, deadline=None))
