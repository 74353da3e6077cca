"""Frames and the ways between them."""

from __future__ import annotations

import math

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from digitize.geometry import Matrix, exif_to_shown, frame_from_user, quarter_turn, straighten

lengths = st.floats(1, 20_000)
coordinates = st.floats(-10_000, 10_000)
factors = st.floats(-10, 10)
matrices = st.builds(Matrix, factors, factors, factors, factors, coordinates, coordinates)


@given(matrices, coordinates, coordinates)
def test_the_inverse_leads_back(matrix: Matrix, x: float, y: float) -> None:
    assume(abs(matrix.a * matrix.d - matrix.b * matrix.c) > 0.01)
    back = matrix.inverse().point(*matrix.point(x, y))
    assert back == pytest.approx((x, y), rel=1e-5, abs=1e-2)


@given(matrices, matrices, coordinates, coordinates)
def test_then_applies_the_first_map_first(one: Matrix, two: Matrix, x: float, y: float) -> None:
    assert one.then(two).point(x, y) == pytest.approx(two.point(*one.point(x, y)), rel=1e-6, abs=1e-2)


@given(st.sampled_from([0, 90, 180, 270]), lengths, lengths)
def test_a_quarter_turn_keeps_the_sheet_on_itself(turn: int, width: float, height: float) -> None:
    way, new_width, new_height = quarter_turn(turn, width, height)
    assert way.box((0, 0, width, height)) == pytest.approx((0, 0, new_width, new_height), abs=1e-6)


def test_a_turn_of_90_brings_the_top_to_the_right() -> None:
    way, _, _ = quarter_turn(90, 100, 200)
    assert way.point(50, 0) == (200, 50)


@given(st.floats(-5, 5), lengths, lengths)
def test_straightening_loses_no_corner_and_no_size(skew: float, width: float, height: float) -> None:
    way, new_width, new_height = straighten(skew, width, height)
    left, top, right, bottom = way.box((0, 0, width, height))
    assert (left, top) == pytest.approx((0, 0), abs=1e-6)
    assert (right, bottom) == pytest.approx((new_width, new_height), abs=1e-6)
    assert way.scales() == pytest.approx((1, 1))


def test_straightening_levels_a_line_that_falls_to_the_right() -> None:
    way, _, _ = straighten(2.0, 1000, 1000)
    rise = math.tan(math.radians(2.0)) * 400
    assert way.point(100, 500)[1] == pytest.approx(way.point(500, 500 + rise)[1])


@given(st.integers(1, 8), lengths, lengths)
def test_each_exif_orientation_keeps_the_sheet_on_itself(orientation: int, width: float, height: float) -> None:
    way, new_width, new_height = exif_to_shown(orientation, width, height)
    assert way.box((0, 0, width, height)) == pytest.approx((0, 0, new_width, new_height), abs=1e-6)


@given(st.sampled_from([0, 90, 180, 270]), st.floats(72, 600), st.floats(0.5, 3))
def test_the_crop_box_fills_the_shown_frame(rotate: int, dpi: float, unit: float) -> None:
    crop = (10.0, 20.0, 310.0, 420.0)
    way, width, height = frame_from_user(crop, rotate, dpi, unit)
    assert way.box(crop) == pytest.approx((0, 0, width, height), abs=1e-6)
    assert sorted((width, height)) == pytest.approx([300 * dpi * unit / 72, 400 * dpi * unit / 72])


def test_rotate_90_shows_the_left_edge_on_top() -> None:
    way, _, height = frame_from_user((0, 0, 300, 400), 90, 72)
    assert way.point(0, 0) == (0, 0)
    assert way.point(300, 0) == (0, height)


def test_a_flat_map_has_no_way_back() -> None:
    with pytest.raises(ZeroDivisionError):
        Matrix(1, 1, 1, 1, 0, 0).inverse()
