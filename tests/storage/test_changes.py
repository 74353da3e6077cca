"""The change feed and the audit chain: positions without gap, and no edit unseen."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

import pytest
import sqlalchemy as sa

from storage import audit, changes
from storage.database import Transactions, open_engine
from storage.ids import ordered_id
from storage.rows import AuditRow, ChangeRow, SequenceRow
from tests.storage.conftest import CLERK, Office
from tests.support.crowds import at_once


def positions(office: Office, row: type[ChangeRow | AuditRow]) -> list[int | None]:
    with office.storage.transactions.read() as tx:
        return list(tx.scalars(sa.select(row.position).order_by(row.position)))


def write(office: Office, count: int, first: int = 0) -> None:
    for number in range(first, first + count):
        with office.storage.transactions.begin() as tx:
            at = office.now + timedelta(seconds=number)
            changes.emit(tx, "test.event", str(number), at)
            audit.record(tx, CLERK, "test", str(number), at, number=number, text="chữ Việt")


def test_positions_have_no_gap_with_writers_and_two_sequencers_at_work(office: Office) -> None:
    seen: list[list[int]] = [[], []]

    def work(number: int) -> None:
        if number < 4:
            write(office, 10, number * 10)
            return
        cursor = 0
        while cursor < 40:
            changes.sequence(office.storage.transactions)
            with office.storage.transactions.read() as tx:
                found = changes.after(tx, cursor, 7)
            seen[number - 4] += [one.position for one in found]
            cursor = seen[number - 4][-1] if seen[number - 4] else 0

    at_once(6, work)
    assert seen == [list(range(1, 41))] * 2
    changes.sequence(office.storage.transactions)
    assert positions(office, ChangeRow) == positions(office, AuditRow) == list(range(1, 41))


def test_events_of_one_moment_stay_in_the_order_they_were_told(office: Office) -> None:
    with office.storage.transactions.begin() as tx:
        for number in range(30):
            changes.emit(tx, "test.event", str(number), office.now)
    changes.sequence(office.storage.transactions)
    with office.storage.transactions.read() as tx:
        assert [one.subject for one in changes.after(tx, 0, 99)] == list(map(str, range(30)))


def test_what_was_rolled_back_takes_no_position(office: Office) -> None:
    with office.storage.transactions.begin() as tx:
        changes.emit(tx, "test.event", "never", office.now)
        tx.rollback()
    write(office, 2)
    assert changes.sequence(office.storage.transactions) == 4
    assert (positions(office, ChangeRow), changes.sequence(office.storage.transactions)) == ([1, 2], 0)


def test_a_feed_goes_on_behind_its_cursor_and_shows_a_unit_its_own(office: Office) -> None:
    with office.storage.transactions.begin() as tx:
        for number, unit in enumerate(("A", "B", None, "A")):
            changes.emit(tx, "test.event", str(number), office.now + timedelta(seconds=number), unit=unit)
    changes.sequence(office.storage.transactions)
    with office.storage.transactions.read() as tx:
        assert [one.position for one in changes.after(tx, 0, 2)] == [1, 2]
        assert [one.position for one in changes.after(tx, 2, 2)] == [3, 4]
        assert [one.subject for one in changes.after(tx, 0, 9, "A")] == ["0", "2", "3"]


def test_a_chain_that_nobody_touched_holds(office: Office) -> None:
    write(office, 5)
    with office.storage.transactions.read() as tx:
        assert audit.broken_at(tx) is None
    changes.sequence(office.storage.transactions)
    write(office, 2)
    with office.storage.transactions.read() as tx:
        assert audit.broken_at(tx) is None


@pytest.mark.parametrize(("edit", "broken"), [
    (sa.update(AuditRow).where(AuditRow.position == 3).values(actor="staff:9"), 3),
    (sa.update(AuditRow).where(AuditRow.position == 2).values(facts={"number": 7}), 2),
    (sa.update(AuditRow).where(AuditRow.position == 4).values(chain_sha256="0" * 64), 4),
    (sa.delete(AuditRow).where(AuditRow.position == 1), 1),
    (sa.delete(AuditRow).where(AuditRow.position == 5), 5),
    (sa.delete(AuditRow), 1),
])
def test_an_edited_or_removed_entry_breaks_the_chain_where_it_was(
        office: Office, edit: sa.Update | sa.Delete, broken: int) -> None:
    write(office, 5)
    changes.sequence(office.storage.transactions)
    with office.storage.transactions.begin() as tx:
        tx.execute(edit)
    with office.storage.transactions.read() as tx:
        assert audit.broken_at(tx) == broken


def test_the_head_of_a_chain_is_one_row(office: Office) -> None:
    write(office, 3)
    changes.sequence(office.storage.transactions)
    with office.storage.transactions.read() as tx:
        heads = {row.name: row.position for row in tx.scalars(sa.select(SequenceRow))}
    assert heads == {"audit": 3, "changes": 3}


def test_looking_for_work_takes_no_lock(small_office: Office) -> None:
    engine = open_engine(small_office.storage.settings.url(), busy_seconds=0.0)
    with small_office.storage.transactions.begin() as tx:
        tx.execute(sa.select(SequenceRow))
        assert changes.sequence(Transactions(engine)) == 0
    engine.dispose()


def test_ordered_ids_are_uuids_that_sort_by_age() -> None:
    made = [ordered_id() for _ in range(1000)]
    assert made == sorted(made)
    assert {(UUID(one).version, UUID(one).variant) for one in made} == {(7, "specified in RFC 4122")}
