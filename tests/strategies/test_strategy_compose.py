"""Sums, products, chains and mixtures."""

import numpy as np
import pytest

from querist.core.errors import BadInput, MissingNeed
from querist.core.types import Signals
from querist.strategies import (
    Density,
    DistanceToBoundary,
    Entropy,
    KCenter,
    KMeansSampling,
    Margin,
    Mix,
    Product,
    Random,
    Sum,
    Top,
)
from querist.testing.strategies import make_parts

PARTS = make_parts(300)
SIGNALS = Signals(**PARTS)


def test_a_sum_is_plain_arithmetic():
    combined = 0.7 * Entropy() + 0.3 * Density()
    expected = 0.7 * Entropy().score(SIGNALS) + 0.3 * Density().score(SIGNALS)
    np.testing.assert_allclose(combined.score(SIGNALS), expected)
    assert isinstance(combined, Sum)
    assert combined.needs == {"proba", "vectors"}
    assert repr(combined) == combined.name == "0.7 * Entropy() + 0.3 * Density()"


def test_numbers_scale_from_either_side_and_nested_sums_flatten():
    combined = np.float64(2) * (Entropy() + Margin() * 0.5)
    expected = 2 * Entropy().score(SIGNALS) + Margin().score(SIGNALS)
    np.testing.assert_allclose(combined.score(SIGNALS), expected)
    assert len(combined.terms) == 2


def test_a_product_is_plain_arithmetic():
    combined = Entropy() * Density() * Margin()
    expected = Entropy().score(SIGNALS) * Density().score(SIGNALS) * Margin().score(SIGNALS)
    np.testing.assert_allclose(combined.score(SIGNALS), expected)
    assert isinstance(combined, Product) and len(combined.factors) == 3
    assert repr(Entropy() * (Margin() + Density())) == "Entropy() * (Margin() + Density())"


@pytest.mark.parametrize("operation", ["Entropy() + 1", "Entropy() * 'a'", "Entropy() >> 3"])
def test_what_does_not_combine_says_so(operation):
    with pytest.raises((TypeError, BadInput)):
        eval(operation, {"Entropy": Entropy})


def test_a_stand_in_counts_only_if_all_parts_take_it():
    decision = Signals(decision=np.array([3.0, 0.1, -1.0]))
    assert (2 * Margin() + Margin()).select(decision, 1, 0).tolist() == [1]
    assert (Margin() * DistanceToBoundary()).select(decision, 1, 0).tolist() == [1]
    with pytest.raises(MissingNeed, match="proba"):
        (Margin() + Entropy()).select(decision, 1, 0)


def test_a_chain_picks_among_the_best_only():
    chain = Entropy() >> Top(40) >> KCenter()
    best = np.argsort(-Entropy().score(SIGNALS))[:40]
    picks = chain.pick(SIGNALS, 10, 0)
    part = Signals(vectors=PARTS["vectors"][best], labelled=PARTS["labelled"])
    assert picks.positions.tolist() == best[KCenter().select(part, 10, 0)].tolist()
    assert set(picks.names) == {"Entropy() >> Top(40) >> KCenter()"}
    assert chain.needs == {"proba", "vectors"}


def test_a_chain_of_scores_filters_in_stages():
    chain = Entropy() >> Top(50) >> Margin() >> Top(20) >> Density()
    kept = np.argsort(-Entropy().score(SIGNALS))[:50]
    kept = kept[np.argsort(-Margin().score(SIGNALS)[kept])[:20]]
    assert set(chain.select(SIGNALS, 20, 0).tolist()) == set(kept.tolist())


def test_a_batch_larger_than_the_top_still_comes_back_full():
    assert len((Entropy() >> Top(3) >> KCenter()).select(SIGNALS, 8, 0)) == 8
    assert (Entropy() >> Top(3)).select(SIGNALS, 3, 0).tolist() == Entropy().select(
        SIGNALS, 3, 0
    ).tolist()


def test_a_score_weighs_what_follows_where_that_can_use_weights():
    vectors = np.arange(20.0)[:, None]
    proba = np.full((20, 2), 0.5)
    proba[:15] = [1.0, 0.0]
    picks = (Margin() >> KMeansSampling()).select(Signals(proba=proba, vectors=vectors), 1, 0)
    assert vectors[picks].ravel().tolist() == [17.0]


@pytest.mark.parametrize(
    "stages",
    [
        lambda: Entropy() >> KCenter(),
        lambda: Entropy() >> Top(5) >> KCenter() >> Margin(),
        lambda: Entropy() >> Top(5) >> Top(3),
        lambda: Entropy() >> Top(0),
        lambda: Entropy() >> Top(2.5),
    ],
)
def test_stages_that_do_not_fit_are_refused(stages):
    with pytest.raises(BadInput):
        stages()


@pytest.mark.parametrize(
    "shares, n, expected",
    [
        ([0.9, 0.1], 10, [9, 1]),
        ([0.9, 0.1], 25, [23, 2]),
        ([1, 1, 1], 10, [4, 3, 3]),
        ([0.7, 0.2, 0.1], 1, [1, 0, 0]),
        ([0.1] * 10, 10, [1] * 10),
    ],
)
def test_shares_go_by_largest_remainder(shares, n, expected):
    assert Mix([(Random(), share) for share in shares]).counts(n) == expected


def test_a_mix_never_repeats_and_records_who_picked_what():
    picks = Mix({Margin(): 0.9, Random(): 0.1}).pick(SIGNALS, 50, 0)
    assert len(set(picks.positions.tolist())) == 50
    assert picks.names == ("Margin",) * 45 + ("Random",) * 5
    assert picks.positions[:45].tolist() == Margin().select(SIGNALS, 45, 0).tolist()
    assert picks.probability[:45].tolist() == [1.0] * 45
    np.testing.assert_allclose(picks.probability[45:], 5 / (300 - 45))
    assert np.isnan(picks.scores[45:]).all() and not np.isnan(picks.scores[:45]).any()


@pytest.mark.parametrize("parts", [{}, [(Random(), 0)], [(Random(), -1.0), (Margin(), 2.0)]])
def test_a_mix_needs_positive_shares(parts):
    with pytest.raises(BadInput, match="positive shares"):
        Mix(parts)
