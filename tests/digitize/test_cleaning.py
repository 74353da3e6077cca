"""The reading buffer: what is taken away and what stays."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from digitize import cleaning
from digitize.cleaning import Grey

LETTERS = ("CONG HOA XA HOI", "chu nghia Viet Nam", "doc lap tu do", "hanh phuc muon nam")


def page(lines: int = 18) -> Grey:
    """Black lines of words on white, 850 x 1100 pixels."""
    sheet = np.full((1100, 850), 255, np.uint8)
    for row in range(lines):
        cv2.putText(sheet, LETTERS[row % 4] * 2, (80, 100 + 50 * row), cv2.FONT_HERSHEY_SIMPLEX, 0.8, 0, 2)
    return sheet


@pytest.mark.parametrize("skew", [-3.2, -0.7, 0.0, 0.45, 2.6])
def test_skew_is_found_to_a_sixth_of_a_degree(skew: float) -> None:
    assert cleaning.skew(cleaning.rotated(page(), -skew)) == pytest.approx(skew, abs=0.16)


def test_an_empty_page_has_no_skew() -> None:
    assert cleaning.skew(page(0)) == 0.0


def test_rows_are_sharper_than_columns_until_the_page_is_turned() -> None:
    assert cleaning.rows_over_columns(page()) > 1.5
    assert cleaning.rows_over_columns(np.rot90(page()).copy()) < 0.7


def test_dot_leaders_go_and_words_stay() -> None:
    plain = page(4)
    dotted = plain.copy()
    for x in range(80, 700, 10):
        cv2.circle(dotted, (x, 400), 2, 0, -1)
    assert (cleaning.without_dot_leaders(dotted)[380:420] == 255).all()
    assert np.array_equal(cleaning.without_dot_leaders(plain), plain)


def test_rules_go_and_words_stay() -> None:
    ruled = page(4)
    words = (ruled < 128).sum()
    cv2.line(ruled, (40, 500), (800, 500), 0, 2)
    cv2.line(ruled, (40, 500), (40, 900), 0, 2)
    cleaned = cleaning.without_rules(ruled)
    assert (cleaned[450:] == 255).all()
    assert (cleaned < 128).sum() > 0.98 * words


def test_a_red_stamp_fades_and_black_ink_stays() -> None:
    sheet = cv2.cvtColor(page(4), cv2.COLOR_GRAY2BGR)
    cv2.circle(sheet, (400, 700), 90, (40, 40, 215), 8)
    grey = cleaning.luma(sheet)  # type: ignore[arg-type]
    assert grey[600:800, 300:500].min() > 200
    assert grey[:300].min() < 60


def test_shadow_and_tint_turn_white() -> None:
    light = np.linspace(0.55, 1.0, 850)[None, :]
    shaded = (page() * light).astype(np.uint8)
    lit = cleaning.even_light(shaded)
    assert lit[:50].min() > 235
    assert (lit < 90).sum() > 0.8 * (page() < 90).sum()


def test_blank_faint_and_written_pages_are_told_apart() -> None:
    faint = cleaning.even_light(np.where(page() < 128, 175, 255).astype(np.uint8))
    assert cleaning.dark_share(page(0)) == 0.0
    assert cleaning.dark_share(page()) > cleaning.BLANK_SHARE
    assert cleaning.dark_share(faint) < cleaning.BLANK_SHARE < cleaning.dark_share(faint, cleaning.FAINT)
    assert cleaning.strengthened(faint).min() < 30
    assert cleaning.looks_written(cleaning.strengthened(faint))


def test_dust_does_not_look_written() -> None:
    dust = page(0)
    for x, y in np.random.default_rng(3).integers(20, 800, (4000, 2)).tolist():
        dust[y:y + 2, x:x + 2] = 90
    assert not cleaning.looks_written(dust)


@given(arrays(np.uint8, st.tuples(st.integers(8, 40), st.integers(8, 40))))
def test_every_step_takes_any_small_picture(grey: Grey) -> None:
    for step in (cleaning.even_light, cleaning.without_rules, cleaning.without_dot_leaders, cleaning.strengthened):
        assert step(grey).shape == grey.shape
    assert 0.0 <= cleaning.dark_share(grey) <= 1.0
    assert abs(cleaning.skew(grey)) <= 5.5
