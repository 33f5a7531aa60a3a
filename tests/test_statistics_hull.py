"""The mixture hull: concave, above every single agent, and what a policy gains over it."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sale.bench.statistics import hull

axis = st.integers(0, 1000).map(lambda whole: whole / 100)
clouds = st.lists(st.tuples(axis, axis), min_size=1, max_size=12).map(np.array)


def at(points, costs):
    """The height of one hull at several costs."""
    costs = np.atleast_1d(np.asarray(costs, dtype=float))
    rows = [np.tile(row, (len(costs), 1)) for row in points.T]
    return hull.heights(*rows, costs)


def test_the_hull_is_that_worked_by_hand():
    """From (1, 0.2) to (3, 0.8); (2, 0.4) lies under the line, (4, 0.7) solves less for more."""
    points = np.array([[2, 0.4], [3, 0.8], [1, 0.2], [4, 0.7]])
    assert hull.corners(*points.T) == [2, 1]
    assert at(points, [0.5, 1, 2, 3, 9]) == pytest.approx([0.2, 0.2, 0.5, 0.8, 0.8])


@given(clouds)
def test_the_hull_is_concave_rising_and_above_every_single(points):
    corner = points[hull.corners(*points.T)]
    steps = np.diff(corner, axis=0)
    slopes = steps[:, 1] / steps[:, 0]
    assert (slopes > 0).all()
    assert (np.diff(slopes) < 1e-9).all()
    assert (at(points, points[:, 0]) >= points[:, 1] - 1e-9).all()


@given(clouds, st.lists(axis, min_size=1, max_size=5))
def test_walking_along_the_hull_and_its_corners_say_the_same(points, costs):
    corner = points[hull.corners(*points.T)]
    assert at(points, costs) == pytest.approx(np.interp(costs, *corner.T), abs=1e-9)


@given(clouds, st.lists(axis, min_size=1, max_size=5), st.randoms())
def test_the_order_of_the_singles_changes_nothing(points, costs, random):
    order = list(range(len(points)))
    random.shuffle(order)
    assert at(points[order], costs) == pytest.approx(at(points, costs), abs=1e-9)


@given(clouds, st.floats(0, 1))
def test_a_mixture_of_two_neighbours_gains_nothing(points, part):
    corner = points[hull.corners(*points.T)]
    for left, right in pairwise(corner):
        usd, quality = (1 - part) * left + part * right
        sums = np.array([[1.0, quality, usd, *points[:, 1], *points[:, 0]]])
        assert hull.gain(sums)[0] == pytest.approx(0.0, abs=1e-9)


@given(clouds, st.lists(st.floats(0.01, 1), min_size=12, max_size=12))
def test_no_mixture_of_singles_gains_anything(points, parts):
    weights = np.array(parts[: len(points)]) / sum(parts[: len(points)])
    usd, quality = weights @ points
    assert quality <= at(points, usd)[0] + 1e-9


def test_many_hulls_at_once_are_each_its_own():
    rng = np.random.default_rng(0)
    usd, quality, costs = rng.random((50, 6)), rng.random((50, 6)), rng.random(50)
    together = hull.heights(usd, quality, costs)
    for row in range(50):
        points = np.stack([usd[row], quality[row]], axis=1)
        assert together[row] == pytest.approx(at(points, costs[row])[0])


def test_aiq_is_that_worked_by_hand():
    """Corners (1, 0.2) and (3, 0.8), level to 4: area 1.0 + 0.8, by the largest cost 4."""
    assert hull.aiq(np.array([1.0, 3.0]), np.array([0.2, 0.8]), 4.0) == pytest.approx(0.45)


@given(clouds, st.integers(10, 20))
def test_aiq_is_that_of_routerbench_by_brute_force(points, largest):
    """The highest of all lines between two points, and of all cheaper points, at each cost."""
    grid = np.linspace(points[:, 0].min(), largest, 2001)
    best = np.full_like(grid, -np.inf)
    for x, y in points:
        best = np.maximum(best, np.where(grid >= x - 1e-12, y, -np.inf))
        for end, top in points:
            if end > x:
                line = y + (top - y) * (grid - x) / (end - x)
                best = np.maximum(best, np.where((grid >= x) & (grid <= end), line, -np.inf))
    area = np.trapezoid(best, grid) / largest
    assert hull.aiq(*points.T, float(largest)) == pytest.approx(area, abs=0.01)


def test_aiq_is_undefined_where_nothing_costs_anything():
    assert hull.aiq(np.array([]), np.array([]), 1.0) is None
    assert hull.aiq(np.array([0.0]), np.array([0.5]), 0.0) is None
