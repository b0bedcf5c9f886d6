"""Distances to labelled items that the caller has already: the picks are the same."""

import numpy as np
import pytest

from querist.core.errors import BadInput
from querist.core.types import Labelled, Signals
from querist.selection.neighbours import nearest_neighbours
from querist.strategies import LCMD, ContrastiveAL, GSx, KCenter, Margin, Mix


def parts(n=500, m=40, seed=0):
    rng = np.random.default_rng(seed)
    proba = rng.dirichlet(np.ones(3), size=n + m)
    vectors = rng.normal(size=(n + m, 6))
    known = Labelled(vectors[n:], np.arange(m) % 3, ("a", "b", "c"), proba=proba[n:])
    distances, neighbours = nearest_neighbours(vectors[:n], vectors[n:], 10)
    given = {"proba": proba[:n], "vectors": vectors[:n], "labelled": known}
    return given, {"distances": distances, "neighbours": neighbours}


@pytest.mark.parametrize("strategy", [KCenter(), GSx(), LCMD(), ContrastiveAL()])
@pytest.mark.parametrize("seed", range(5))
def test_same_picks(strategy, seed):
    given, near = parts(seed=seed)
    alone, helped = Signals(**given), Signals(**given, **near)
    found = strategy.pick(helped, 25, 0)
    wanted = strategy.pick(alone, 25, 0)
    np.testing.assert_array_equal(found.positions, wanted.positions)
    np.testing.assert_allclose(found.scores, wanted.scores)


@pytest.mark.parametrize("strategy", [KCenter(), LCMD(), ContrastiveAL(1)])
def test_the_distances_given_are_the_ones_used(strategy):
    given, near = parts()
    other = {name: table[::-1] for name, table in near.items()}
    believed = strategy.select(Signals(**given, **other), 25, 0)
    assert believed.tolist() != strategy.select(Signals(**given), 25, 0).tolist()


def test_a_mixture_asks_for_neighbours_only_where_its_parts_agree():
    assert "neighbours" in Mix({ContrastiveAL(3): 0.5, Margin(): 0.5}).wants
    assert Mix({ContrastiveAL(3): 0.5, Margin(): 0.5}).nearest == 3
    assert "neighbours" not in Mix({ContrastiveAL(3): 0.5, KCenter(): 0.5}).wants


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"distances": -np.ones((500, 1))}, "distances must not be negative"),
        ({"distances": np.full((500, 1), np.nan)}, "NaN"),
        ({"distances": np.ones((499, 1))}, "one row per candidate"),
        ({"neighbours": np.full((500, 1), 40)}, "positions 0..39"),
        ({"neighbours": np.ones((500, 1))}, "whole numbers"),
    ],
    ids=["negative", "nan", "short", "outside", "fractions"],
)
def test_bad_distances(change, said):
    with pytest.raises(BadInput, match=said):
        Signals(**parts()[0], **change)
