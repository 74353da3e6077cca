"""When a result is due: working days over a calendar that is data (domain facts 4.6).

Counting starts with the working day after a valid reception. What comes in after the cut-off hour,
or on a day off, counts as received on the next working day. Days are those of Asia/Ho_Chi_Minh.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

from receipts.moments import LOCAL, local

_ONE_DAY = timedelta(days=1)
_SATURDAY, _SUNDAY = 5, 6
MAX_WORKING_DAYS = 3650


@dataclass(frozen=True, slots=True)
class WorkCalendar:
    """Days off and days on of an office. `made_up` are weekend days worked to make up for a bridge day.

    `cut_off`: later receptions count for the next working day. `closing`: the hour at which a result
    is due on its day. Office clock, both.
    """

    holidays: frozenset[date] = frozenset()
    made_up: frozenset[date] = frozenset()
    weekend: frozenset[int] = frozenset({_SATURDAY, _SUNDAY})
    cut_off: time = time(15, 0)
    closing: time = time(17, 0)

    def __post_init__(self) -> None:
        if len(self.weekend) >= 7:
            raise ValueError("a week needs at least one working day")

    def is_working(self, day: date) -> bool:
        """A made-up day is worked even on a weekend; a holiday is off even on a weekday."""
        if day in self.made_up:
            return True
        return day.weekday() not in self.weekend and day not in self.holidays

    def next_working(self, day: date) -> date:
        """The first working day after `day`."""
        day += _ONE_DAY
        while not self.is_working(day):
            day += _ONE_DAY
        return day


def reception_day(received_at: datetime, calendar: WorkCalendar) -> date:
    """The working day on which a reception counts; raises ValueError for a naive moment."""
    at = local(received_at)
    on_time = calendar.is_working(at.date()) and at.time() <= calendar.cut_off
    return at.date() if on_time else calendar.next_working(at.date())


def due_at(received_at: datetime, working_days: int, calendar: WorkCalendar) -> datetime:
    """The moment (UTC) a result is due: closing time, `working_days` working days after the reception day.

    Zero working days mean the same reception day. Raises ValueError for a naive moment or a count
    outside 0..MAX_WORKING_DAYS.
    """
    if not 0 <= working_days <= MAX_WORKING_DAYS:
        raise ValueError("working days out of range")
    day = reception_day(received_at, calendar)
    for _ in range(working_days):
        day = calendar.next_working(day)
    return datetime.combine(day, calendar.closing, LOCAL).astimezone(UTC)


def working_days_between(first: date, last: date, calendar: WorkCalendar) -> int:
    """How many working days lie in (first, last]; negative where `last` is before `first`."""
    if last < first:
        return -working_days_between(last, first, calendar)
    days = range(1, (last - first).days + 1)
    return sum(calendar.is_working(first + timedelta(days=offset)) for offset in days)


def work_calendar(holidays: Iterable[date], made_up: Iterable[date] = ()) -> WorkCalendar:
    """A calendar from the rows of configuration, with the usual hours."""
    return WorkCalendar(frozenset(holidays), frozenset(made_up))
