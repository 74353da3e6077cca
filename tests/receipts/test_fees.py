from __future__ import annotations

import dataclasses

import pytest
from hypothesis import given
from hypothesis import strategies as st

from receipts.errors import FeeInvalid
from receipts.fees import Quantity, bill, dong, fee_line
from receipts.samples import COPY_FEE, RESIDENCE_FEE
from storage.model import Channel, FeeRule

UNITS = st.integers(0, 5000)


@given(UNITS, st.integers(0, 50))
def test_certified_copies_cost_what_the_circular_says(pages: int, copies: int) -> None:
    each = min(200_000, 2000 * min(pages, 2) + 1000 * max(pages - 2, 0))
    assert fee_line(COPY_FEE, Quantity(pages, copies), Channel.COUNTER).amount == each * copies


@given(UNITS, UNITS)
def test_more_pages_never_cost_less(pages: int, more: int) -> None:
    costs = [fee_line(COPY_FEE, Quantity(units), Channel.COUNTER).amount for units in (pages, pages + more)]
    assert costs == sorted(costs)


def test_a_channel_may_have_its_own_price() -> None:
    assert fee_line(RESIDENCE_FEE, Quantity(), Channel.ONLINE).amount == 10_000
    assert fee_line(RESIDENCE_FEE, Quantity(), Channel.POST).amount == 20_000


def test_charges_and_duties_are_summed_apart_and_charges_come_first() -> None:
    made = bill((RESIDENCE_FEE, COPY_FEE), {"CT-SAO": Quantity(3, 2), "CT-TT": Quantity()}, Channel.COUNTER)
    assert [line.kind for line in made.lines] == ["phi", "le_phi"]
    assert (made.total_phi, made.total_le_phi, made.total) == (10_000, 20_000, 30_000)


def test_what_costs_nothing_is_no_line_of_the_bill() -> None:
    assert bill((COPY_FEE,), {"CT-SAO": Quantity(0)}, Channel.COUNTER).lines == ()


@pytest.mark.parametrize("quantity", [Quantity(-1), Quantity(1, -1), Quantity(10**7)])
def test_impossible_quantities_are_refused(quantity: Quantity) -> None:
    with pytest.raises(FeeInvalid):
        bill((COPY_FEE,), {"CT-SAO": quantity}, Channel.COUNTER)


def test_an_unknown_fee_is_refused() -> None:
    with pytest.raises(FeeInvalid):
        bill((COPY_FEE,), {"X": Quantity()}, Channel.COUNTER)


@pytest.mark.parametrize("rule", [
    dataclasses.replace(COPY_FEE, tiers=((2, 2000),)),
    dataclasses.replace(COPY_FEE, tiers=((None, -5),)),
    dataclasses.replace(COPY_FEE, kind="thue"),
])
def test_a_rule_that_cannot_price_everything_is_refused(rule: FeeRule) -> None:
    with pytest.raises(FeeInvalid):
        fee_line(rule, Quantity(5), Channel.COUNTER)


def test_thousands_are_set_apart_by_points() -> None:
    assert [dong(0), dong(999), dong(1_234_000)] == ["0", "999", "1.234.000"]
