"""Fees from rules: tiers, cap for one copy, channel; phí and lệ phí apart; whole đồng.

The rule is data with dates (domain facts 8.2); this module only counts. Example: certified copies cost
2.000 đ a page for pages 1-2, 1.000 đ from page 3, at most 200.000 đ a copy (TT 226/2016/TT-BTC art. 4).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from receipts.errors import FeeInvalid
from storage.model import Channel, FeeRule

PHI, LE_PHI = "phi", "le_phi"
MAX_UNITS = 1_000_000
"""Beyond this a quantity is a slip of the finger."""


@dataclass(frozen=True, slots=True)
class Quantity:
    """How much of a fee: `units` counted (pages, cases) in each of `copies` copies."""

    units: int = 1
    copies: int = 1


@dataclass(frozen=True, slots=True)
class FeeLine:
    """One computed fee in đồng."""

    code: str
    name: str
    kind: str
    unit_name: str
    quantity: Quantity
    amount: int
    basis: str
    illustrative: bool

    @property
    def quantity_text(self) -> str:
        """As printed: "3 trang × 2 bản", or "1 trường hợp"."""
        units = f"{self.quantity.units} {self.unit_name}".strip()
        return units if self.quantity.copies == 1 else f"{units} × {self.quantity.copies} bản"


@dataclass(frozen=True, slots=True)
class Bill:
    """The fees of one dossier that cost something; a bill of nothing gets no receipt (domain facts 8.2)."""

    lines: tuple[FeeLine, ...]

    @property
    def total_phi(self) -> int:
        return sum(line.amount for line in self.lines if line.kind == PHI)

    @property
    def total_le_phi(self) -> int:
        return sum(line.amount for line in self.lines if line.kind == LE_PHI)

    @property
    def total(self) -> int:
        return self.total_phi + self.total_le_phi

    @property
    def illustrative(self) -> bool:
        return any(line.illustrative for line in self.lines)


def fee_line(rule: FeeRule, quantity: Quantity, channel: Channel) -> FeeLine:
    """What `quantity` costs under `rule` for a dossier that came by `channel`; raises FeeInvalid."""
    if rule.kind not in {PHI, LE_PHI}:
        raise FeeInvalid(f"Loại khoản thu của mã {rule.code} phải là phí hoặc lệ phí.")
    if not (0 <= quantity.units <= MAX_UNITS and 0 <= quantity.copies <= MAX_UNITS):
        raise FeeInvalid(f"Số lượng của khoản thu {rule.code} phải là số nguyên từ 0 đến {MAX_UNITS}.")
    flat = dict(rule.channels).get(channel.value)
    each = _tiered(rule, quantity.units) if flat is None else flat * quantity.units
    if rule.cap is not None:
        each = min(each, rule.cap)
    return FeeLine(rule.code, rule.name, rule.kind, rule.unit_name, quantity, each * quantity.copies, rule.basis,
                   rule.illustrative)


def bill(rules: Iterable[FeeRule], quantities: Mapping[str, Quantity], channel: Channel) -> Bill:
    """The bill over `quantities` by fee code, phí first; lines of zero đồng are left out. Raises FeeInvalid."""
    known = {rule.code: rule for rule in rules}
    unknown = quantities.keys() - known.keys()
    if unknown:
        raise FeeInvalid("Thủ tục không có khoản thu này.", fee=min(unknown))
    lines = [fee_line(rule, quantities[code], channel) for code, rule in known.items() if code in quantities]
    charged = [line for line in lines if line.amount > 0]
    return Bill(tuple(sorted(charged, key=lambda line: line.kind != PHI)))


def dong(amount: int) -> str:
    """As "1.234.000": thousands by points, as Vietnamese accounts write them."""
    return f"{amount:,}".replace(",", ".")


def _tiered(rule: FeeRule, units: int) -> int:
    """Sum over tiers of (up to this many units, đồng a unit); the last tier is open."""
    total, done = 0, 0
    for up_to, price in rule.tiers:
        if price < 0 or (up_to is not None and up_to < done):
            raise FeeInvalid(f"Biểu phí {rule.code} có bậc không hợp lệ.")
        here = units - done if up_to is None else min(units, up_to) - done
        total += max(here, 0) * price
        done += max(here, 0)
    if done < units:
        raise FeeInvalid(f"Biểu phí {rule.code} không có bậc cho số lượng này.")
    return total
