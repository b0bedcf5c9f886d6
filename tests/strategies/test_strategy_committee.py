import numpy as np
import pytest

from querist.core.errors import BadInput
from querist.core.types import Signals
from querist.strategies import QueryByCommittee

DRAWS = np.array(
    [
        [[0.9, 0.1], [0.9, 0.1], [0.9, 0.1], [0.9, 0.1]],  # all agree
        [[0.9, 0.1], [0.1, 0.9], [0.9, 0.1], [0.1, 0.9]],  # split in two
        [[0.6, 0.4], [0.6, 0.4], [0.6, 0.4], [0.4, 0.6]],  # one dissents, mildly
    ]
)


def h(*p):
    return -sum(x * np.log(x) for x in p if x > 0)


@pytest.mark.parametrize(
    "measure, expected",
    [
        ("vote_entropy", [0, h(0.5, 0.5), h(0.75, 0.25)]),
        ("consensus_entropy", [h(0.9, 0.1), h(0.5, 0.5), h(0.55, 0.45)]),
        ("kl", [0, h(0.5, 0.5) - h(0.9, 0.1), h(0.55, 0.45) - h(0.6, 0.4)]),
        ("variation_ratio", [0, 0.5, 0.25]),
    ],
)
def test_measures_by_hand(measure, expected):
    picks = QueryByCommittee(4, measure=measure).pick(Signals(draws=DRAWS), 3, 0)
    np.testing.assert_allclose(picks.scores, np.array(expected)[picks.positions], atol=1e-12)
    assert picks.positions.tolist() == [1, 2, 0]


def test_divergence_is_the_mean_of_kullback_and_leibler():
    draws = np.random.default_rng(0).dirichlet(np.ones(4), size=(50, 6))
    mean = draws.mean(axis=1, keepdims=True)
    expected = (draws * np.log(draws / mean)).sum(axis=2).mean(axis=1)
    score = QueryByCommittee(6, measure="kl").score(Signals(draws=draws))
    np.testing.assert_allclose(score, expected, atol=1e-12)


@pytest.mark.parametrize("committee", [1, 0, True, [object()]])
def test_one_member_is_no_committee(committee):
    with pytest.raises(BadInput, match="at least 2 members"):
        QueryByCommittee(committee)


def test_an_unknown_measure_is_refused():
    with pytest.raises(BadInput, match="vote_entropy, consensus_entropy, kl, variation_ratio"):
        QueryByCommittee(measure="votes")
