"""Moments as Vietnamese papers write them: the day is that of Asia/Ho_Chi_Minh (UTC+7, no summer time)."""

from __future__ import annotations

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

LOCAL = ZoneInfo("Asia/Ho_Chi_Minh")


def local(moment: datetime) -> datetime:
    """`moment` on the clock of the office; raises ValueError for a naive datetime."""
    if moment.tzinfo is None:
        raise ValueError("a moment needs a time zone")
    return moment.astimezone(LOCAL)


def local_day(moment: datetime) -> date:
    """The day that decides dates, years and symbols."""
    return local(moment).date()


def rfc3339(moment: datetime) -> str:
    """UTC with seconds: "2026-11-23T08:30:12Z"."""
    return local(moment).astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def day_text(day: date) -> str:
    """As "ngày 05 tháng 02 năm 2026": days below 10 and months 1 and 2 take a zero (NĐ 30/2020 annex I)."""
    month = f"{day.month:02d}" if day.month <= 2 else str(day.month)
    return f"ngày {day.day:02d} tháng {month} năm {day.year}"


def moment_text(moment: datetime) -> str:
    """As "08 giờ 30 phút, ngày 23 tháng 11 năm 2026"."""
    at = local(moment)
    return f"{at.hour:02d} giờ {at.minute:02d} phút, {day_text(at.date())}"


def short_day(day: date) -> str:
    """As "23/11/2026", as on receipts (NĐ 254/2026 art. 23.2.e)."""
    return f"{day.day:02d}/{day.month:02d}/{day.year}"


def signing_text(moment: datetime) -> str:
    """As "23-11-2026 15:30:12 +07:00", as in the block of a copy (NĐ 30/2020 annex I; ISO 8601 zone)."""
    return local(moment).strftime("%d-%m-%Y %H:%M:%S +07:00")
