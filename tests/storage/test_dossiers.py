"""Dossiers on both databases: codes, moves, lists, who sees what."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
import sqlalchemy as sa
from hypothesis import given
from hypothesis import strategies as st

from storage import audit, changes, dossiers
from storage.access import NotAllowed
from storage.catalogue import ProcedureUnknown, UnitUnknown
from storage.dossiers import DossierUnknown, MoveRefused
from storage.model import DOSSIER_MOVES, Dossier, DossierStatus, Person
from storage.rows import AuditRow, DossierRow
from tests.storage.conftest import CLERK, NEW, Office
from tests.support.crowds import at_once

STRANGER = replace(CLERK, id="staff:2", unit="H99.02")


def test_codes_of_a_unit_and_day_have_no_gap_though_some_fail(office: Office) -> None:
    def open_five(number: int) -> int:
        opened = 0
        for turn in range(5):
            with office.storage.transactions.begin() as tx:
                office.dossiers.open_in(tx, CLERK, NEW, office.now)
                if (number + turn) % 4 == 0:
                    tx.rollback()
                else:
                    opened += 1
        return opened

    opened = sum(one for one in at_once(4, open_five) if isinstance(one, int))
    with office.storage.transactions.read() as tx:
        codes = tx.scalars(sa.select(DossierRow.code).order_by(DossierRow.code)).all()
    assert codes == [f"H99.01-260715-{number:04d}" for number in range(1, opened + 1)]


def test_each_day_and_each_unit_count_from_one(office: Office) -> None:
    tomorrow = office.dossiers.open(CLERK, NEW, office.now + timedelta(days=1))
    elsewhere = office.dossiers.open(CLERK, replace(NEW, solving_unit="H99.02"), office.now)
    assert (office.dossier().code, tomorrow.code, elsewhere.code) == (
        "H99.01-260715-0001", "H99.01-260716-0001", "H99.02-260715-0001")


def test_the_day_of_a_code_is_that_of_viet_nam(office: Office) -> None:
    assert office.dossiers.open(CLERK, NEW, office.now.replace(hour=17)).code == "H99.01-260716-0001"


def test_names_are_kept_in_one_spelling(office: Office) -> None:
    new = replace(NEW, applicant=Person("  Nguye\u0302\u0303n Thi\u0323 Thu\u031b\u0309 "), note=" a\u0301 ")
    opened = office.dossiers.open(CLERK, new, office.now)
    found = office.dossiers.find(CLERK, opened.code)
    assert (found.applicant.name, found.note) == ("Nguyễn Thị Thử", "á")
    assert found == opened


def test_a_dossier_needs_a_procedure_and_a_unit_in_force(office: Office) -> None:
    with pytest.raises(ProcedureUnknown):
        office.dossiers.open(CLERK, replace(NEW, procedure_code="0"), office.now)
    with pytest.raises(ProcedureUnknown):
        office.dossiers.open(CLERK, NEW, office.now.replace(year=2024))
    with pytest.raises(UnitUnknown):
        office.dossiers.open(CLERK, replace(NEW, receiving_unit="H00"), office.now)


def test_a_dossier_is_seen_by_the_units_that_receive_or_solve_it_alone(office: Office) -> None:
    code = office.dossier().code
    for actor, asked in ((STRANGER, code), (CLERK, "no-such-code")):
        with pytest.raises(DossierUnknown):
            office.dossiers.find(actor, asked)
    with pytest.raises(DossierUnknown):
        office.dossiers.move(STRANGER, code, DossierStatus.IN_PROGRESS, office.now)
    assert office.dossiers.list(STRANGER) == ()
    shared = office.dossiers.open(STRANGER, NEW, office.now)
    assert office.dossiers.find(CLERK, shared.code) == office.dossiers.find(STRANGER, shared.code)


def test_the_list_goes_on_behind_its_cursor_without_loss_or_double(office: Office) -> None:
    at = [office.now + timedelta(minutes=minute) for minute in (0, 0, 0, 1, 1)]
    codes = {office.dossiers.open(CLERK, NEW, moment).code for moment in at}
    seen: list[Dossier] = []
    cursor = None
    while page := office.dossiers.list(CLERK, before=cursor, limit=2):
        seen += page
        cursor = (page[-1].received_at, page[-1].code)
    assert [one.code for one in seen] == sorted(codes, reverse=True)


@given(st.sampled_from(DossierStatus), st.sampled_from(DossierStatus))
def test_final_states_lead_nowhere_and_no_state_leads_to_itself(old: DossierStatus, new: DossierStatus) -> None:
    final = {DossierStatus.NOT_ACCEPTED, DossierStatus.WITHDRAWN, DossierStatus.STOPPED, DossierStatus.RETURNED}
    if new in DOSSIER_MOVES[old]:
        assert old not in final
        assert new not in {old, DossierStatus.REGISTERED}


def test_every_move_is_allowed_or_refused_as_the_table_says(small_office: Office) -> None:
    code = small_office.dossier().code
    for old in DossierStatus:
        for new in DossierStatus:
            with small_office.storage.transactions.begin() as tx:
                tx.get_one(DossierRow, code).status = int(old)
                tx.flush()
                try:
                    moved = dossiers.mark(tx, code, new, small_office.now).status
                except MoveRefused:
                    moved = None
                assert moved == (new if new == old or new in DOSSIER_MOVES[old] else None)


def test_of_two_moves_at_once_to_where_only_one_can_go_one_is_refused(office: Office) -> None:
    code = office.dossier().code
    wanted = (DossierStatus.WITHDRAWN, DossierStatus.PAYMENT_ASKED)
    got = at_once(2, lambda number: office.dossiers.move(CLERK, code, wanted[number], office.now).status)
    stands = office.dossiers.find(CLERK, code).status
    assert {stands} == {one for one in got if isinstance(one, DossierStatus)}
    assert [type(one) for one in got if isinstance(one, Exception)] == [MoveRefused]


def test_a_move_tells_the_trail_and_the_feed_and_a_refused_one_tells_nobody(office: Office) -> None:
    code = office.dossier().code
    office.dossiers.move(CLERK, code, DossierStatus.IN_PROGRESS, office.now)
    with pytest.raises(MoveRefused):
        office.dossiers.move(CLERK, code, DossierStatus.RETURNED, office.now)
    changes.sequence(office.storage.transactions)
    with office.storage.transactions.read() as tx:
        told = [(one.type, one.facts["status"]) for one in changes.after(tx, 0, 10)]
        trail = tx.scalars(sa.select(AuditRow.action).order_by(AuditRow.position)).all()
        assert audit.broken_at(tx) is None
    assert told == [("dossier.opened", 2), ("dossier.status", 4)]
    assert sorted(trail) == ["dossier-moved", "dossier-opened"]


def test_the_days_of_decision_and_return_are_kept(office: Office) -> None:
    code = office.dossier().code
    later = office.now + timedelta(hours=3)
    for status in (DossierStatus.IN_PROGRESS, DossierStatus.DECIDED, DossierStatus.RETURNED):
        moved = office.dossiers.move(CLERK, code, status, later)
    assert (moved.finished_at, moved.returned_at) == (later, later)


def test_a_unit_receives_dossiers_in_its_own_name_alone(office: Office) -> None:
    with pytest.raises(NotAllowed):
        office.dossiers.open(CLERK, replace(NEW, receiving_unit="H99.02"), office.now)
    anywhere = office.dossiers.open(replace(CLERK, unit=None), replace(NEW, receiving_unit="H99.02"), office.now)
    assert anywhere.receiving_unit == "H99.02"
