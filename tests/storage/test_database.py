"""Transactions behave the same on both databases."""

from __future__ import annotations

import stat
import threading
import time
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta, timezone
from pathlib import Path

import pytest
import sqlalchemy as sa
from hypothesis import given
from hypothesis import strategies as st
from pydantic import SecretStr
from sqlalchemy.dialects import sqlite
from sqlalchemy.exc import IntegrityError, StatementError

from storage import catalogue, schema
from storage.columns import UtcDateTime
from storage.database import DatabaseUnavailable, Transactions, ValueRefused, open_engine
from storage.model import Person
from storage.opening import open_storage
from storage.rows import HolidayRow, PageRow, UnitRow
from storage.settings import StorageSettings
from tests.storage.conftest import CLERK, NEW, SOME_HASH, Office
from tests.support.servers import free_ports

DAY = date(2026, 9, 2)


def holidays(office: Office) -> set[date]:
    with office.storage.transactions.read() as tx:
        return set(catalogue.holidays(tx))


def test_what_was_written_before_an_error_is_not_there(office: Office) -> None:
    def fail() -> None:
        with office.storage.transactions.begin() as tx:
            catalogue.put_holiday(tx, DAY, "Quốc khánh", working=False)
            tx.flush()
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    assert holidays(office) == set()


def test_an_open_reader_never_blocks_a_writer_and_keeps_its_snapshot(office: Office) -> None:
    with office.storage.transactions.read() as before:
        assert catalogue.holidays(before) == {}
        with office.storage.transactions.begin() as tx:
            catalogue.put_holiday(tx, DAY, "Quốc khánh", working=False)
        before.expire_all()
        assert catalogue.holidays(before) == {}
    assert holidays(office) == {DAY}


def test_an_open_writer_never_blocks_a_reader(office: Office) -> None:
    with office.storage.transactions.begin() as tx:
        catalogue.put_holiday(tx, DAY, "Quốc khánh", working=False)
        tx.flush()
        assert holidays(office) == set()


def test_writers_at_once_wait_for_each_other_and_none_is_lost(office: Office) -> None:
    def add(first: int) -> None:
        for number in range(first, first + 5):
            with office.storage.transactions.begin() as tx:
                catalogue.put_holiday(tx, DAY + timedelta(days=number), "thử", working=True)

    threads = [threading.Thread(target=add, args=(start,)) for start in range(0, 40, 5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert holidays(office) == {DAY + timedelta(days=number) for number in range(40)}


def test_a_foreign_key_is_kept(office: Office) -> None:
    with pytest.raises(IntegrityError), office.storage.transactions.begin() as tx:
        tx.add(PageRow(document_id="nobody", number=1, width_px=1, height_px=1, dpi=1, rotation=0, skew_degrees=0,
                       blank=False, confidence=0, problem=None, result_sha256=SOME_HASH))


@pytest.mark.parametrize("text", ["tên\0ẩn", "nửa \ud800 cặp", "\udfff"])
def test_a_text_that_cannot_be_kept_everywhere_is_refused(office: Office, text: str) -> None:
    with pytest.raises(ValueRefused), office.storage.transactions.begin() as tx:
        catalogue.put_holiday(tx, DAY, text, working=False)
    with pytest.raises(ValueRefused), office.storage.transactions.read() as tx:
        tx.scalars(sa.select(HolidayRow).where(HolidayRow.name.in_(["thường", text]))).all()
    with pytest.raises(ValueRefused):
        office.dossiers.open(CLERK, replace(NEW, applicant=Person(text)), office.now)


@pytest.mark.parametrize("text", ["Nguyễn Văn Thử 𠀀", 'a\\b"c\n\x01b', "a\u2028b"])
def test_any_other_text_is_kept_as_it_is(office: Office, text: str) -> None:
    opened = office.dossiers.open(CLERK, replace(NEW, applicant=Person("x", address=f"{text}."), note=f"{text}."),
                                  office.now)
    assert (opened.applicant.address, opened.note) == (f"{text}.", f"{text}.")
    assert office.dossiers.find(CLERK, opened.code) == opened


def test_an_error_of_the_database_tells_no_parameters(office: Office) -> None:
    with pytest.raises(StatementError) as told, office.storage.transactions.begin() as tx:
        tx.execute(sa.text("INSERT INTO no_such_table VALUES (:name)"), {"name": "Nguyễn Văn Thử"})
    assert "Nguyễn" not in str(told.value)


def test_times_come_back_as_the_same_moment_in_utc(office: Office) -> None:
    at = datetime(2026, 7, 15, 9, 30, 0, 123456, tzinfo=timezone(timedelta(hours=7)))
    opened = Office(office.storage, office.dossiers, at).dossier()
    with office.storage.transactions.read() as tx:
        stored = tx.scalar(sa.text("SELECT count(*) FROM dossiers WHERE received_at < '2026-07-15 02:30:01'"))
    assert (opened.received_at, opened.received_at.tzinfo, stored) == (at, UTC, 1)


@given(st.datetimes(min_value=datetime(1900, 1, 1), max_value=datetime(2200, 1, 1),  # noqa: DTZ001 - zone follows
                    timezones=st.sampled_from([UTC, timezone(timedelta(hours=7)), timezone(timedelta(hours=-9))])))
def test_any_aware_time_keeps_its_moment(at: datetime) -> None:
    kind, dialect = UtcDateTime(), sqlite.dialect()
    stored = kind.process_bind_param(at, dialect)
    assert stored is not None
    assert stored.tzinfo is None
    assert kind.process_result_value(stored, dialect) == at


def test_a_time_without_a_zone_is_a_defect(office: Office) -> None:
    naive = datetime(2026, 7, 15)  # noqa: DTZ001 - this is the fault
    with pytest.raises(StatementError, match="naive datetime"), office.storage.transactions.begin() as tx:
        tx.execute(sa.select(sa.literal(naive, UtcDateTime())))


def test_an_sqlite_file_is_for_its_owner_alone(tmp_path: Path) -> None:
    path = tmp_path / "state" / "records.sqlite3"
    engine = open_engine(f"sqlite:///{path}")
    with Transactions(engine).begin() as tx:
        tx.execute(sa.text("CREATE TABLE anything (id INTEGER)"))
        modes = {stat.S_IMODE(one.stat().st_mode) for one in path.parent.iterdir()}
    engine.dispose()
    assert (modes, stat.S_IMODE(path.parent.stat().st_mode)) == ({0o600}, 0o700)


def test_a_lock_that_is_not_had_in_time_is_said(office: Office) -> None:
    engine = open_engine(office.storage.settings.url(), busy_seconds=0.05)
    impatient = Transactions(engine)
    with office.storage.transactions.begin() as first:
        first.execute(sa.update(UnitRow).values(phone="1"))
        with pytest.raises(DatabaseUnavailable), impatient.begin() as second:
            second.execute(sa.update(UnitRow).values(phone="2"))
    engine.dispose()


def test_a_postgresql_that_is_away_is_said_in_seconds(tmp_path: Path) -> None:
    url = f"postgresql+psycopg://nobody@127.0.0.1:{free_ports(1)[0]}/nothing"
    began = time.monotonic()
    with pytest.raises(DatabaseUnavailable):
        open_storage(StorageSettings(state_dir=tmp_path, database_url=SecretStr(url)))
    with pytest.raises(DatabaseUnavailable):
        schema.migrate(url)
    assert time.monotonic() - began < 10
