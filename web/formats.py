"""How pages write moments, money and sizes: the clock of Việt Nam, points for thousands, a comma for decimals."""

from __future__ import annotations

import unicodedata
from datetime import date, datetime

from receipts.fees import dong
from receipts.moments import local, short_day

NO_BREAK = "\u00a0"
KILO = 1000


def day(value: date | datetime) -> str:
    """A day as 23/11/2026."""
    return short_day(local(value).date() if isinstance(value, datetime) else value)


def moment(value: datetime) -> str:
    """A moment as 23/11/2026 15:30."""
    return f"{day(value)}{NO_BREAK}{local(value):%H:%M}"


def exact_moment(value: datetime) -> str:
    """A moment as 23/11/2026 15:30:12, where seconds tell two signatures apart."""
    return f"{day(value)}{NO_BREAK}{local(value):%H:%M:%S}"


def money(amount: int) -> str:
    """Đồng as 12.000 đ."""
    return f"{dong(amount)}{NO_BREAK}đ"


def size(count: int) -> str:
    """Bytes for people: "950 B", "1,2 MB" (decimal units)."""
    if count < KILO:
        return f"{count}{NO_BREAK}B"
    value, unit = float(count), "B"
    for name in ("KB", "MB", "GB"):
        value, unit = value / KILO, name
        if value < KILO:
            break
    digits = f"{value:.1f}" if value < 100 else f"{value:.0f}"
    return f"{digits.replace('.', ',').removesuffix(',0')}{NO_BREAK}{unit}"


def percent(share: float) -> str:
    """A share 0..1 as whole percent, never rounded up to 100."""
    return f"{99 if 0.99 < share < 1 else round(share * 100)}%"


def folded(text: str) -> str:
    """Lower case without marks, for finding: "Chứng thực" -> "chung thuc"."""
    apart = unicodedata.normalize("NFD", text.lower().replace("đ", "d"))
    return "".join(letter for letter in apart if not unicodedata.combining(letter))
