from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from receipts.deadlines import WorkCalendar, due_at, reception_day, work_calendar, working_days_between
from receipts.moments import LOCAL, local

MINUTES = 2 * 365 * 24 * 60
MOMENTS = st.integers(0, MINUTES).map(lambda minute: datetime(2026, 1, 1, tzinfo=UTC) + timedelta(minutes=minute))
DAYS = st.dates(date(2026, 1, 1), date(2028, 12, 31))
CALENDARS = st.builds(work_calendar, st.frozensets(DAYS, max_size=30), st.frozensets(DAYS, max_size=10))
COUNTS = st.integers(0, 60)


@given(MOMENTS, COUNTS, CALENDARS)
def test_the_due_day_is_worked_and_exactly_so_many_working_days_after_reception(
        received: datetime, days: int, calendar: WorkCalendar) -> None:
    due = local(due_at(received, days, calendar))
    assert calendar.is_working(due.date())
    assert due.time() == calendar.closing
    assert working_days_between(reception_day(received, calendar), due.date(), calendar) == days


@given(MOMENTS, st.timedeltas(timedelta(0), timedelta(days=20)), COUNTS, CALENDARS)
def test_a_later_reception_is_never_due_earlier(
        received: datetime, wait: timedelta, days: int, calendar: WorkCalendar) -> None:
    assert due_at(received + wait, days, calendar) >= due_at(received, days, calendar)


@given(MOMENTS, COUNTS, CALENDARS)
def test_nothing_is_due_before_it_was_received_and_one_more_day_is_later(
        received: datetime, days: int, calendar: WorkCalendar) -> None:
    assert local(due_at(received, days, calendar)).date() >= local(received).date()
    assert due_at(received, days + 1, calendar) > due_at(received, days, calendar)


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=LOCAL)


@pytest.mark.parametrize(("received", "days", "due"), [
    ("2026-11-23 08:30", 7, "2026-12-02 17:00"),
    ("2026-11-23 15:00", 1, "2026-11-24 17:00"),
    ("2026-11-23 15:01", 1, "2026-11-25 17:00"),
    ("2026-11-28 09:00", 1, "2026-12-01 17:00"),
    ("2026-11-27 09:00", 0, "2026-11-27 17:00"),
])
def test_counting_starts_after_the_reception_day_and_after_hours_count_for_the_next(
        received: str, days: int, due: str) -> None:
    assert due_at(at(received), days, WorkCalendar()) == at(due)


def test_a_holiday_is_skipped_and_a_made_up_saturday_is_counted() -> None:
    calendar = work_calendar([date(2026, 11, 24)], [date(2026, 11, 28)])
    assert due_at(at("2026-11-23 08:00"), 4, calendar) == at("2026-11-28 17:00")


def test_the_office_clock_decides_not_utc() -> None:
    late_evening_utc = datetime(2026, 11, 22, 23, 30, tzinfo=UTC)  # Monday 06:30 at the office
    assert reception_day(late_evening_utc, WorkCalendar()) == date(2026, 11, 23)


def test_a_moment_without_a_zone_is_refused() -> None:
    with pytest.raises(ValueError, match="time zone"):
        due_at(datetime(2026, 11, 23, 8), 1, WorkCalendar(cut_off=time(15)))  # noqa: DTZ001 - that is the fault
