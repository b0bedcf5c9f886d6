"""Strategies from outside: formulas on hand-made tables, composition, batches."""

import numpy as np
import pytest

import querist as q
from querist.core.errors import BadInput, BadStrategy, QueristError
from querist.strategies import (
    Density,
    DistanceToBoundary,
    DiverseBatch,
    Entropy,
    InformationDensity,
    KCenter,
    KMeansSampling,
    LeastConfidence,
    Margin,
    Mix,
    QueryByCommittee,
    Random,
    Top,
    as_strategy,
)

PROBA = np.array(
    [[0.98, 0.01, 0.01], [0.50, 0.49, 0.01], [0.34, 0.33, 0.33], [0.45, 0.30, 0.25], [1.0, 0, 0]]
)


def rng():
    return np.random.default_rng(0)


def test_least_confidence_ranks_by_the_highest_probability():
    scores = np.asarray(LeastConfidence().score(q.Signals(proba=PROBA)))
    assert scores.argsort()[::-1].tolist() == np.argsort(PROBA.max(axis=1)).tolist()
    np.testing.assert_allclose(scores, 1 - PROBA.max(axis=1))


def test_margin_ranks_by_the_gap_of_the_top_two():
    scores = np.asarray(Margin().score(q.Signals(proba=PROBA)))
    top = np.sort(PROBA, axis=1)
    assert scores.argsort()[::-1].tolist() == np.argsort(top[:, -1] - top[:, -2]).tolist() or (
        scores[1] == pytest.approx(scores[2])  # both gaps are 0.01
    )


def test_entropy_takes_zeros_without_nan():
    scores = np.asarray(Entropy().score(q.Signals(proba=PROBA)))
    assert np.isfinite(scores).all()
    assert scores[4] == 0
    with np.errstate(divide="ignore", invalid="ignore"):
        plain = -np.nansum(PROBA * np.log(PROBA), axis=1)
    np.testing.assert_allclose(scores, plain, atol=1e-12)


@pytest.mark.parametrize("strategy", [LeastConfidence(), Margin(), Entropy()])
def test_52_percent_sure_is_asked_before_98_percent(strategy):
    signals = q.Signals(proba=np.array([[0.98, 0.02], [0.52, 0.48]]))
    assert list(strategy.select(signals, 1, rng())) == [1]


def test_the_three_agree_on_two_classes_and_differ_on_three():
    p = rng().random(50)
    two = q.Signals(proba=np.column_stack([p, 1 - p]))
    picks = [sorted(s.select(two, 10, rng())) for s in (LeastConfidence(), Margin(), Entropy())]
    assert picks[0] == picks[1] == picks[2]
    three = q.Signals(proba=np.array([[0.5, 0.49, 0.01], [0.4, 0.3, 0.3]]))
    assert list(Margin().select(three, 1, rng())) == [0]
    assert list(Entropy().select(three, 1, rng())) == [1]
    assert list(LeastConfidence().select(three, 1, rng())) == [1]


def test_distance_to_boundary_works_on_one_and_many_columns():
    one = q.Signals(decision=np.array([-3.0, 0.1, 2.0, -0.2]))
    assert list(DistanceToBoundary().select(one, 2, rng())) == [1, 3]
    many = q.Signals(decision=np.array([[3.0, -1, -1], [0.5, 0.4, -1], [-1, 2, -2.0]]))
    assert list(DistanceToBoundary().select(many, 1, rng())) == [1]


def test_random_is_uniform_and_repeatable():
    signals = q.Signals(ids=np.array([f"i{i}" for i in range(100)]))
    first = Random().select(signals, 10, np.random.default_rng(3))
    assert list(first) == list(Random().select(signals, 10, np.random.default_rng(3)))
    assert len(set(first.tolist())) == 10


def test_kcenter_touches_every_cluster_before_any_label():
    centres = np.array([[0, 0], [100, 0], [0, 100], [100, 100.0]])
    vectors = np.repeat(centres, 25, axis=0) + rng().normal(size=(100, 2))
    for strategy in (KCenter(), KMeansSampling()):
        picks = strategy.select(q.Signals(vectors=vectors), 4, rng())
        assert {int(p) // 25 for p in picks} == {0, 1, 2, 3}


def test_kcenter_goes_far_from_what_is_labelled():
    vectors = np.array([[0.0], [1.0], [9.0], [10.0]])
    known = q.Labelled(np.array([[10.0]]), np.array([0]), ["a", "b"])
    assert list(KCenter().select(q.Signals(vectors=vectors, labelled=known), 1, rng())) == [0]


def test_an_uncertain_outlier_ranks_below_an_equally_uncertain_typical_item():
    vectors = np.vstack([rng().normal(size=(30, 5)) + 5, -50 * np.ones((1, 5))])
    signals = q.Signals(proba=np.full((31, 2), 0.5), vectors=vectors)
    for strategy in (Density(), InformationDensity(), Entropy() * Density()):
        scores = np.asarray(strategy.score(signals))
        assert scores[30] < scores[:30].min()


def test_committee_puts_full_agreement_last():
    agreed = np.tile([[0.9, 0.1]], (3, 1))
    split = np.array([[0.9, 0.1], [0.1, 0.9], [0.5, 0.5]])
    draws = np.stack([agreed, split, agreed])
    for measure in ("vote_entropy", "consensus_entropy", "kl", "variation_ratio"):
        strategy = QueryByCommittee(measure=measure)
        assert list(strategy.select(q.Signals(draws=draws), 1, rng())) == [1]


def test_committee_disagreement_may_be_shown_per_item():
    draws = np.array([[[1.0, 0], [0, 1.0]], [[1.0, 0], [1.0, 0]]])
    scores = np.asarray(QueryByCommittee().score(q.Signals(draws=draws)))
    assert scores == pytest.approx([np.log(2), 0.0])


def test_weights_stages_and_shares():
    vectors = rng().normal(size=(60, 3))
    proba = rng().dirichlet(np.ones(3), size=60)
    signals = q.Signals(proba=proba, vectors=vectors)
    for strategy in (
        0.7 * Entropy() + 0.3 * Density(),
        Entropy() * 0.5 + Density(),
        Entropy() * Density(),
        Entropy() >> Top(20) >> KCenter(),
        Mix({Margin(): 0.9, Random(): 0.1}),
        Mix({"margin": 0.9, "random": 0.1}),
        DiverseBatch(),
    ):
        picks = strategy.select(signals, 10, rng())
        assert np.issubdtype(np.asarray(picks).dtype, np.integer)
        assert len(set(np.asarray(picks).tolist())) == 10
        assert set(strategy.needs) >= {"proba"}


def test_a_weighted_sum_is_the_sum_of_the_scores():
    signals = q.Signals(
        proba=rng().dirichlet(np.ones(3), size=20), vectors=rng().normal(size=(20, 3))
    )
    mixed = (0.7 * Entropy() + 0.3 * Density()).score(signals)
    plain = 0.7 * np.asarray(Entropy().score(signals)) + 0.3 * np.asarray(Density().score(signals))
    np.testing.assert_allclose(mixed, plain)


def test_a_chain_picks_within_its_first_stage():
    proba = rng().dirichlet(np.ones(3), size=60)
    signals = q.Signals(proba=proba, vectors=rng().normal(size=(60, 3)))
    picks = (Entropy() >> Top(15) >> KCenter()).select(signals, 5, rng())
    best = np.argsort(-np.asarray(Entropy().score(signals)))[:15]
    assert set(np.asarray(picks).tolist()) <= set(best.tolist())


def test_the_combined_strategy_spreads_more_than_plain_uncertainty():
    vectors = np.vstack([rng().normal(size=(50, 2)) * 0.1, rng().normal(size=(150, 2)) * 5])
    p = np.r_[np.full(50, 0.5), rng().uniform(0.5, 0.6, 150)]
    signals = q.Signals(proba=np.column_stack([p, 1 - p]), vectors=vectors)

    def spread(rows):
        chosen = vectors[rows]
        return np.linalg.norm(chosen[:, None] - chosen[None], axis=2).mean()

    assert spread(DiverseBatch().select(signals, 10, rng())) > spread(
        Margin().select(signals, 10, rng())
    )


def test_a_plain_function_or_lambda_is_a_strategy():
    strategy = as_strategy(lambda signals, n, rng: np.arange(n))
    assert list(strategy.select(q.Signals(proba=PROBA), 2, rng())) == [0, 1]


@pytest.mark.parametrize("wrong", [[0, 0], [0, 99], [-1, 0], [0.5, 1.0], [0]])
def test_duplicate_or_foreign_positions_are_refused(wrong):
    strategy = as_strategy(lambda signals, n, rng: np.array(wrong))
    with pytest.raises(BadStrategy):
        c = q.campaign([f"t {i}" for i in range(40)], q.Choice(["a", "b"]), strategy=strategy,
                       batch=2, control=0, distinct="off")  # fmt: skip
        c.run(lambda task: "a" if len(task.item) == 3 else "b", until="budget=8")


def test_a_missing_signal_is_named():
    with pytest.raises(QueristError, match="proba"):
        Margin().select(q.Signals(vectors=np.zeros((3, 2))), 1, rng())


def test_signals_of_unequal_length_are_refused():
    with pytest.raises(QueristError):
        q.Signals(proba=np.full((3, 2), 0.5), vectors=np.zeros((4, 2)))


def test_nan_probabilities_are_refused():
    with pytest.raises(QueristError):
        Margin().select(q.Signals(proba=np.array([[np.nan, 0.5], [0.5, 0.5]])), 1, rng())


def test_asking_for_more_than_there_is():
    signals = q.Signals(proba=PROBA)
    try:
        picks = Margin().select(signals, 50, rng())
    except QueristError as error:
        assert "5" in str(error)
    else:
        assert sorted(np.asarray(picks).tolist()) == [0, 1, 2, 3, 4]


@pytest.mark.parametrize("n", [0, -1, 1.5, "two"])
def test_a_count_is_a_whole_number_of_at_least_one(n):
    with pytest.raises(BadInput, match="n must be"):
        Margin().select(q.Signals(proba=PROBA), n, rng())


@pytest.mark.parametrize(
    "parts",
    [
        {"proba": ["a", "b"]},
        {"vectors": [[1], [1, 2]]},
        {"proba": [[0.9, 0.9]]},
        {"cost": ["x"]},
        {"cost": [0.0]},
        {"decision": [float("nan")]},
        {"vectors": [[float("inf"), 0]]},
    ],
)
def test_malformed_signals_are_refused_by_name(parts):
    with pytest.raises(BadInput, match=next(iter(parts))):
        q.Signals(**parts)


def test_signals_may_come_as_a_frame():
    pd = pytest.importorskip("pandas")
    signals = q.Signals(vectors=pd.DataFrame({"a": [0.0, 1, 9], "b": [0.0, 0, 0]}))
    assert len(KCenter().select(signals, 2, rng())) == 2


def test_a_list_of_lists_is_enough_for_signals():
    assert list(Margin().select(q.Signals(proba=[[0.9, 0.1], [0.6, 0.4]]), 1, rng())) == [1]


def test_selecting_leaves_the_signals_as_they_were():
    proba = PROBA.copy()
    proba.flags.writeable = False
    for strategy in (Margin(), Entropy(), LeastConfidence()):
        strategy.select(q.Signals(proba=proba), 3, rng())
    assert (proba == PROBA).all()
