"""Defects other libraries shipped, one test each: none of them may come back here."""

from __future__ import annotations

import tracemalloc
from itertools import pairwise, product

import numpy as np
import pytest
from scipy.sparse import csr_matrix
from sklearn.linear_model import LogisticRegression

import querist as q
from querist import strategies
from querist.core.types import Labelled, Signals
from querist.strategies import (
    BADGE,
    BALD,
    CLUE,
    QUIRE,
    BatchBALD,
    Density,
    Entropy,
    ExpectedErrorReduction,
    ExpectedModelChangeMaximization,
    InformationDensity,
    KCenter,
    KMeansSampling,
    LeastConfidence,
    Margin,
    ProbCover,
    QueryByCommittee,
    TypiClust,
    UncertaintyHerding,
)
from querist.testing.strategies import make_parts

BUILTINS = sorted(strategies.BUILTINS)


def made(n, k=3, d=2, seed=0):
    rng = np.random.default_rng(seed)
    return rng.dirichlet(np.ones(k), size=n), rng.normal(size=(n, d))


def everything(name, n=40):
    """A built-in, and of all signals there are those that it reads."""
    strategy = strategies.get(name)
    parts = make_parts(n)
    for array in ("vectors", "targets", "proba"):
        getattr(parts["labelled"], array).flags.writeable = False
    read = strategy.needs | strategy.wants | {"ids", "cost"}
    return strategy, Signals(**{part: value for part, value in parts.items() if part in read})


# small-text, BADGE: rows were scaled by class number, the one-hot label was never subtracted


def test_badge_is_not_longest_where_the_model_is_sure():
    top = np.array([0.5, 0.7, 0.9, 0.99, 1.0])
    proba, vectors = np.stack([top, 1 - top], axis=1), np.ones((5, 3))
    for row in range(4):
        picks = BADGE().pick(Signals(proba=proba[row:], vectors=vectors[row:]), 1, 0)
        assert picks.positions[0] == 0
        assert picks.scores[0] == pytest.approx(6 * (1 - top[row]) ** 2)


def test_badge_of_two_classes_looks_at_the_model():
    _, vectors = made(30)
    firsts = {
        int(BADGE().select(Signals(proba=made(30, 2, seed=s)[0], vectors=vectors), 1, 0)[0])
        for s in range(8)
    }
    assert len(firsts) > 1


# small-text, BADGE: norms went where squared norms belong
# scikit-activeml #587: what was recorded of a pick was not what it was drawn by


def test_badge_records_the_squared_distance_a_pick_was_drawn_by():
    proba, vectors = made(60, k=4, d=3, seed=2)
    surprise = proba - np.eye(4)[proba.argmax(axis=1)]
    gradients = (surprise[:, :, None] * vectors[:, None, :]).reshape(60, -1)
    picks = BADGE().pick(Signals(proba=proba, vectors=vectors), 10, 0)
    left = (gradients**2).sum(axis=1)
    for i, (row, score) in enumerate(zip(picks.positions, picks.scores, strict=True)):
        assert score == pytest.approx(left[row])
        apart = ((gradients - gradients[row]) ** 2).sum(axis=1)
        left = apart if i == 0 else np.minimum(left, apart)


# scikit-activeml #586: an index came twice


@pytest.mark.parametrize("seed", range(5))
def test_badge_never_picks_a_row_twice(seed):
    proba, vectors = made(40, seed=seed)
    signals = Signals(proba=np.repeat(proba, 3, axis=0), vectors=np.repeat(vectors, 3, axis=0))
    assert sorted(BADGE().select(signals, 120, seed).tolist()) == list(range(120))


# scikit-activeml #588: the origin counted as a centre nobody had picked


def test_badge_has_no_ghost_centre_at_the_origin():
    # certain items sit at the origin; once one is drawn they are all covered, not before
    proba = np.array([[0.5, 0.5], *[[1.0, 0.0]] * 50])
    signals = Signals(proba=proba, vectors=np.ones((51, 2)), ids=np.arange(51))
    picks = BADGE().pick(signals, 3, 0)
    assert picks.scores[:2] == pytest.approx([1.0, 1.0])  # a ghost would have made this 0
    assert picks.scores[2] == 0.0


# scikit-activeml #589: 25 GB for 20,000 x 100 x 768


def test_badge_never_holds_the_gradients():
    proba, vectors = made(20_000, k=50, d=64)
    signals = Signals(proba=proba, vectors=vectors)
    tracemalloc.start()
    BADGE().select(signals, 40, 0)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 2 * proba.nbytes + vectors.nbytes  # the gradients would be 512 MB


# ALaaS, BadgeSampling: least confidence under another name


def test_badge_is_not_least_confidence():
    proba, vectors = made(200, seed=5)
    signals = Signals(proba=proba, vectors=vectors)
    same = set(BADGE().select(signals, 20, 0)) & set(LeastConfidence().select(signals, 20, 0))
    assert len(same) < 15


# small-text, greedy_coreset: positions among the unlabelled were used as rows of all data


def test_core_set_keeps_its_rows_where_labelled_ones_lie_between():
    rng = np.random.default_rng(1)
    rows, truth = rng.normal(size=(60, 3)), np.arange(60) % 2
    start = [3, 17, 18, 40, 59, 22]
    curve = q.simulate(
        rows, truth, model=LogisticRegression(), strategy=KCenter(), start=start, batch=8,
        budget=30, X_test=rows, y_test=truth,
    )  # fmt: skip
    asked = list(start)
    while len(asked) < 30:
        far = ((rows[:, None] - rows[asked]) ** 2).sum(axis=2).min(axis=1)
        asked.append(int(np.argmax(far)))
    assert list(curve.picked)[-24:] == asked[6:]


# small-text #50: the batches distances were counted in changed the picks


def test_core_set_does_not_depend_on_its_blocks():
    rows = np.random.default_rng(2).normal(size=(2 * 2048 + 37, 2))
    picks = KCenter().select(Signals(vectors=rows), 12, 0).tolist()
    left = np.full(len(rows), np.inf)
    for before, row in pairwise(picks):
        left = np.minimum(left, ((rows - rows[before]) ** 2).sum(axis=1))
        assert row == np.argmax(left)


# ProbCover's own code: the last n mod 500 points never covered anything


@pytest.mark.parametrize("n", [1000, 2048])
def test_prob_cover_sees_the_last_incomplete_block(n):
    rng = np.random.default_rng(0)
    apart = np.stack([10.0 * np.arange(n), np.zeros(n)], axis=1)
    rows = np.concatenate([apart, [-50.0, 50.0] + 0.01 * rng.normal(size=(37, 2))])
    picks = ProbCover(0.5, unit=False).pick(Signals(vectors=rows), 1, 0)
    assert picks.positions[0] >= n
    assert picks.scores[0] == 37


# BaaL #50, #54: the joint entropy was wrong, and partial scores came back instead of an order


def information(draws):
    total = 0.0
    for outcome in product(range(draws.shape[2]), repeat=len(draws)):
        p = np.prod([draws[i, :, y] for i, y in enumerate(outcome)], axis=0)
        total += np.mean(p * np.log(p / p.mean()))
    return total


def test_batch_bald_is_the_joint_information_in_the_order_it_picks():
    draws = np.random.default_rng(3).dirichlet(np.full(3, 0.5), size=(12, 6)).clip(1e-6)
    draws /= draws.sum(axis=2, keepdims=True)
    whole = BatchBALD().pick(Signals(draws=draws), 5, 0)
    for n in range(1, 5):
        part = BatchBALD().pick(Signals(draws=draws), n, 0)
        assert part.positions.tolist() == whole.positions[:n].tolist()
        assert part.scores.sum() == pytest.approx(information(draws[part.positions]), abs=1e-9)


# batchbald_redux #16: few samples are soon used up, and picks began to repeat


@pytest.mark.parametrize("samples", [2, 3])
def test_batch_bald_never_picks_an_item_twice(samples):
    draws = np.random.default_rng(1).dirichlet(np.ones(3), size=(30, samples))
    assert len(set(BatchBALD().select(Signals(draws=draws), 20, 0).tolist())) == 20


# UHerding's own code: the radius is the smallest distance between two labelled items


@pytest.mark.parametrize("labels", [8, 60])
def test_a_near_copy_among_the_labels_does_not_collapse_uncertainty_herding(labels):
    proba, vectors = made(300, d=4)
    rng = np.random.default_rng(1)
    known = rng.normal(size=(labels, 4))
    doubled = np.concatenate([known, known[:1] + 1e-5 * rng.normal(size=4)])
    before, after = (
        Signals(
            proba=proba,
            vectors=vectors,
            labelled=Labelled(some, np.zeros(len(some), dtype=int), ("a", "b", "c")),
        )
        for some in (known, doubled)
    )
    usual = set(UncertaintyHerding().select(before, 20, 0).tolist())
    margin = set(Margin().select(after, 20, 0).tolist())
    assert len(usual & margin) <= 8
    assert len(usual & set(UncertaintyHerding().select(after, 20, 0).tolist())) >= 17
    assert set(UncertaintyHerding(quantile=0.0).select(after, 20, 0).tolist()) == margin


# TypiClust's own code: unseeded clusters each round, no more of them than 500, silently


def test_typi_clust_repeats_with_its_seed_and_fills_a_batch_beyond_its_clusters():
    rng = np.random.default_rng(0)
    which = np.repeat(np.arange(4), 30)
    rows = 20.0 * np.eye(4)[which] + rng.normal(size=(120, 4))
    capped = TypiClust(unit=False, clusters=4)
    assert "clusters=4" in repr(capped)
    picks = capped.select(Signals(vectors=rows), 22, 0)
    assert sorted(np.bincount(which[picks])) == [5, 5, 6, 6]
    np.testing.assert_array_equal(picks, capped.select(Signals(vectors=rows), 22, 0))


# ALaaS, entropy: 0 log 0 was NaN and sorted last


def test_entropy_of_a_certain_item_is_zero():
    assert Entropy().score(Signals(proba=np.eye(3))).tolist() == [0.0, 0.0, 0.0]


# ALiPy, DensityWeighted: a mean distance stood where a density belongs


def test_density_does_not_ask_for_the_farthest_outlier():
    vectors = np.vstack([np.random.default_rng(0).normal(5, 1, size=(30, 5)), -50 * np.ones(5)])
    signals = Signals(proba=np.full((31, 2), 0.5), vectors=vectors)
    for strategy in (InformationDensity(), InformationDensity(Entropy()), Entropy() * Density()):
        assert np.argmin(strategy.score(signals)) == 30


# ALiPy, DensityWeighted: small margins lowered a product that high entropies raised


def test_all_uncertainties_point_the_same_way_in_a_product():
    rng = np.random.default_rng(1)
    sure = rng.uniform(size=50)
    signals = Signals(proba=np.stack([sure, 1 - sure], axis=1), vectors=np.ones((50, 2)))
    orders = [
        (score * Density()).select(signals, 50, 0).tolist()
        for score in (Margin(), Entropy(), LeastConfidence())
    ]
    assert orders[0] == orders[1] == orders[2]
    assert orders[0][0] == np.argmin(np.abs(sure - 0.5))


# ALiPy, entropy: the caller's zeros became small numbers
# scikit-activeml #566, #570: NaN was written into the caller's scores; ALiPy #33: labels changed


@pytest.mark.parametrize("name", BUILTINS)
def test_nothing_of_the_callers_is_written_to(name):
    # make_parts hands out read-only arrays, and so are the labelled ones: writing would raise
    strategy, signals = everything(name)
    strategy.select(signals, 7, 0)
    zeros = np.array([[0.0, 1.0, 0.0], [0.5, 0.0, 0.5]])
    if strategy.needs == {"proba"} and "labelled" not in strategy.wants:
        before = zeros.copy()
        strategy.select(Signals(proba=zeros), 1, 0)
        np.testing.assert_array_equal(zeros, before)


# ALiPy, expected error reduction: probabilities were looked up by the value of the label


@pytest.mark.parametrize("classes", [("ham", "spam"), (10, 20)], ids=["text", "numbers"])
def test_labels_need_not_be_positions(classes):
    rng = np.random.default_rng(0)
    rows = rng.normal(size=(40, 2))
    truth = np.array(classes)[(rows[:, 0] > 0).astype(int)]
    plain = (rows[:, 0] > 0).astype(int)
    asked = [
        list(
            q.simulate(rows, labels, model=LogisticRegression(), start=range(6), batch=2, budget=10,
                       strategy=ExpectedErrorReduction(), X_test=rows, y_test=labels).picked
        )
        for labels in (truth, plain)
    ]  # fmt: skip
    assert asked[0] == asked[1]


# scikit-activeml: sparse data were refused


def test_sparse_data_are_asked_like_dense_ones():
    rng = np.random.default_rng(0)
    rows = rng.normal(size=(60, 5)) * (rng.uniform(size=(60, 5)) < 0.4)
    truth = (rows.sum(axis=1) > 0).astype(int)
    start = [int(np.argmax(truth == 0)), int(np.argmax(truth == 1))]
    options = {"model": LogisticRegression(), "start": start, "budget": 12}
    options |= {"strategy": Margin(), "X_test": rows, "y_test": truth}
    dense = q.simulate(rows, truth, **options)
    sparse = q.simulate(csr_matrix(rows), truth, **options | {"X_test": csr_matrix(rows)})
    assert list(dense.picked) == list(sparse.picked)


# ALiPy #4: QUIRE ignored the size of the batch


def test_quire_fills_its_batch():
    _, signals = everything("quire")
    assert len(set(QUIRE().select(signals, 9, 0).tolist())) == 9


# scikit-activeml #452: a batch larger than the number of clusters that can be found failed


@pytest.mark.parametrize("cls", [KMeansSampling, TypiClust, CLUE])
def test_a_batch_may_be_larger_than_the_number_of_different_items(cls):
    proba, vectors = made(3, seed=1)
    twelve = np.repeat(np.arange(3), 4)
    signals = Signals(proba=proba[twelve], vectors=vectors[twelve])
    assert sorted(cls().select(signals, 10, 0).tolist()) == sorted(
        set(cls().select(signals, 10, 0).tolist())
    )


# modAL: every tie was broken by the global numpy.random
# scikit-activeml #503: the random state did not reach the parts inside


@pytest.mark.parametrize("name", BUILTINS)
def test_the_seed_alone_decides_and_the_global_generator_is_left_alone(name):
    strategy, signals = everything(name)
    np.random.seed(1)  # noqa: NPY002
    first = strategy.select(signals, 7, 3)
    untouched = np.random.random()  # noqa: NPY002
    np.random.seed(1)  # noqa: NPY002
    assert np.random.random() == untouched  # noqa: NPY002
    np.testing.assert_array_equal(first, strategy.select(signals, 7, 3))


# libact: building a strategy trained its model


def test_building_a_strategy_trains_nothing():
    members = [LogisticRegression(), LogisticRegression()]
    for cls in (QueryByCommittee, BALD, BatchBALD, ExpectedModelChangeMaximization):
        cls(members)
    assert not any(hasattr(member, "coef_") for member in members)


# libact: a star import of the strategies raised


def test_a_star_import_brings_every_strategy():
    names = {}
    exec("from querist.strategies import *", names)
    assert {cls for _, cls in strategies.BUILTINS.values()} <= names.keys()
