import numpy as np
import pytest

from querist.selection import d2
from querist.selection.d2 import Outer, d2_sample


def materialised(factors):
    rows = factors[0]
    for factor in factors[1:]:
        rows = (rows[:, :, None] * factor[:, None, :]).reshape(len(rows), -1)
    return rows


def law_of_three(rows, first):
    """Probability of every ordered pair drawn after `first`, straight from the definition."""
    apart = ((rows[:, None] - rows[None]) ** 2).sum(axis=2)
    second = apart[first] / apart[first].sum()
    third = np.minimum(apart[first], apart)
    return second[:, None] * third / third.sum(axis=1, keepdims=True)


@pytest.mark.parametrize("shapes", [(3,), (3, 2), (2, 2, 2)])
def test_features_are_those_materialised(shapes):
    rng = np.random.default_rng(0)
    factors = [rng.normal(size=(50, d)) for d in shapes]
    rows, features = materialised(factors), Outer(factors)
    np.testing.assert_allclose(features.norms, (rows**2).sum(axis=1))
    apart = ((rows[[4, 7], None] - rows[None]) ** 2).sum(axis=2)
    np.testing.assert_allclose(features.apart(slice(None), np.array([4, 7])), apart, atol=1e-12)
    left = np.full(50, np.inf)
    features.lower(left, np.array([4, 7]))
    np.testing.assert_allclose(left, apart.min(axis=0), atol=1e-12)


@pytest.mark.parametrize("pending", [1, 2, 32])
@pytest.mark.parametrize("shapes", [(2,), (3, 2)])
def test_law_is_that_of_plain_kmeans_plus_plus(monkeypatch, pending, shapes):
    monkeypatch.setattr(d2, "PENDING", pending)
    rng = np.random.default_rng(1)
    factors = [rng.normal(size=(8, d)) for d in shapes]
    rows, features = materialised(factors), Outer(factors)
    first = int(np.argmax((rows**2).sum(axis=1)))
    law, draws = law_of_three(rows, first), 6000
    seen = np.zeros((8, 8))
    for _ in range(draws):
        positions, _ = d2_sample(features, 3, np.negative, rng)
        assert positions[0] == first
        seen[positions[1], positions[2]] += 1
    assert seen[law == 0].sum() == 0
    expected = law[law > 0] * draws
    chi2 = ((seen[law > 0] - expected) ** 2 / expected).sum()
    freedom = len(expected) - 1
    assert chi2 < freedom + 4.5 * np.sqrt(2 * freedom)


@pytest.mark.parametrize("pending", [1, 5, 32])
def test_distances_reported_are_those_when_drawn(monkeypatch, pending):
    monkeypatch.setattr(d2, "PENDING", pending)
    rng = np.random.default_rng(2)
    rows = rng.normal(size=(5000, 3))
    picks, worth = d2_sample(Outer([rows]), 80, np.negative, rng)
    for at in range(1, 80):
        nearest = ((rows[picks[:at]] - rows[picks[at]]) ** 2).sum(axis=1).min()
        assert worth[at] == pytest.approx(nearest)


def test_copies_come_last_and_once():
    rows = np.repeat(np.random.default_rng(3).normal(size=(4, 3)), 5, axis=0)
    picks, worth = d2_sample(Outer([rows]), 20, np.negative, np.random.default_rng(0))
    assert sorted(picks.tolist()) == list(range(20))
    assert (worth[:4] > 0).all() and (worth[4:] == 0).all()


def test_no_feature_at_all():
    picks, worth = d2_sample(Outer([np.zeros((6, 2))]), 6, np.negative, np.random.default_rng(0))
    assert sorted(picks.tolist()) == list(range(6)) and not worth.any()


def test_first_can_be_given():
    rows = np.array([[0.0], [1.0], [9.0]])
    picks, _ = d2_sample(Outer([rows]), 2, np.negative, np.random.default_rng(0), first=1)
    assert picks[0] == 1
