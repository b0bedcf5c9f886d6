"""Scores taken in blocks: the same picks as from the whole table, in little memory."""

import tracemalloc

import numpy as np
import pytest

from querist.core.errors import BadInput, BadStrategy
from querist.core.progress import progress
from querist.core.signals import Signals, unchecked_signals
from querist.strategies import (
    BALD,
    ClassBalanced,
    Density,
    Entropy,
    InformationDensity,
    LeastConfidence,
    Margin,
    PerCost,
    PowerSampling,
    Random,
    Score,
    Top,
)
from querist.testing.strategies import make_parts

N = 200_000  # more than three blocks


class Whole(Score):
    """A score that is taken of the whole table at once."""

    def __init__(self, base):
        self.base, self.needs, self.instead = base, base.needs, base.instead

    def score(self, signals):
        return self.base.score(signals)


class Foreign(Score):
    """Somebody's own score, taken row by row."""

    needs = frozenset({"cost"})
    row_by_row = True

    def score(self, signals):
        return np.where(signals.cost == 7.0, np.nan, signals.cost)


def proba(n, k=5, *, levels=None, dtype=np.float64):
    table = np.random.default_rng(0).dirichlet(np.ones(k), size=n)
    if levels is not None:  # few different rows, so that many tie
        table = table[np.random.default_rng(1).integers(levels, size=n)]
    return table.astype(dtype)


def taken(picks):
    return picks.positions.tolist(), picks.scores.tolist()


@pytest.mark.parametrize("levels", [None, 1, 50])
@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize(
    "score",
    [Entropy(), Margin(), LeastConfidence(), 0.5 * Margin() + Entropy(), Entropy() * Margin()],
    ids=repr,
)
def test_blocks_and_the_whole_table_give_the_same(score, dtype, levels):
    table = proba(N, levels=levels, dtype=dtype)
    for ids in (None, np.random.default_rng(2).permutation(N)):
        signals = Signals(proba=table, ids=ids)
        for n in (1, 100, 70_000):
            assert taken(score.pick(signals, n, 3)) == taken(Whole(score).pick(signals, n, 3))


def test_both_precisions_of_the_same_numbers_give_the_same():
    single = proba(N, dtype=np.float32)
    for score in (Entropy(), Margin(), LeastConfidence()):
        picks = [
            taken(score.pick(Signals(proba=table), 500, 0))
            for table in (single, single.astype(np.float64))
        ]
        assert picks[0] == picks[1]


@pytest.mark.parametrize("form", ["power", "softmax", "softrank"])
@pytest.mark.parametrize("beta", [0.0, 2.0])
def test_a_draw_in_blocks_is_the_draw_of_the_whole(form, beta):
    signals = Signals(proba=proba(N))
    blocks = PowerSampling(Margin(), beta, form).pick(signals, 50, 4)
    assert taken(blocks) == taken(PowerSampling(Whole(Margin()), beta, form).pick(signals, 50, 4))
    np.testing.assert_array_equal(blocks.scores, Margin().score(signals)[blocks.positions])


def test_a_chain_filters_in_blocks():
    signals = Signals(proba=proba(N))
    chain = (Entropy() >> Top(1000) >> Margin()).pick(signals, 9, 0)
    whole = (Whole(Entropy()) >> Top(1000) >> Margin()).pick(signals, 9, 0)
    assert taken(chain) == taken(whole)
    ended = (Entropy() >> Top(20)).pick(signals, 9, 0)
    assert taken(ended) == taken(Entropy().pick(signals, 9, 0))


def test_a_whole_made_of_parts_is_row_by_row_if_all_are():
    assert (Entropy() + Margin()).row_by_row and (Entropy() * BALD()).row_by_row
    assert PerCost().row_by_row and ClassBalanced().row_by_row
    for score in (Density(), Entropy() + Density(), Margin() * Density(), InformationDensity()):
        assert not score.row_by_row
    assert not PerCost(Density()).row_by_row and not ClassBalanced(Density()).row_by_row
    assert not Foreign.__base__.row_by_row  # nobody promises it without saying so


@pytest.mark.parametrize("row", [3, 150_000])
def test_a_score_of_nan_names_the_candidate_by_its_place_among_all(row):
    cost = np.ones(N)
    cost[row] = 7.0
    signals = Signals(cost=cost, proba=proba(N))
    for score in (Foreign(), Entropy() + Foreign(), PowerSampling(Foreign())):
        with pytest.raises(BadStrategy, match=f"Foreign scored candidate {row} NaN"):
            score.select(signals, 5, 0)


@pytest.mark.parametrize("score", [Entropy(), Margin(), LeastConfidence()], ids=repr)
def test_what_is_no_number_is_told_in_every_block(score):
    table = proba(N)
    table[-1, 0] = np.nan
    with pytest.raises(BadStrategy, match=f"scored candidate {N - 1} NaN"):
        score.select(unchecked_signals(proba=table), 5, 0)


def test_a_power_of_a_negative_score_is_refused_in_any_block():
    class Signed(Foreign):
        def score(self, signals):
            return signals.cost - 2.0

    cost = np.full(N, 3.0)
    cost[-1] = 1.0
    with pytest.raises(BadInput, match=r"Signed gave -1"):
        PowerSampling(Signed()).select(Signals(cost=cost), 5, 0)


def test_a_block_holds_what_the_score_reads_and_nothing_else():
    seen = []

    class Looks(Foreign):
        def score(self, signals):
            seen.append(signals.given())
            return signals.cost

    Looks().select(Signals(**make_parts(30)), 3, 0)
    assert seen == [{"cost", "ids", "labelled", "mistakes", "reference"}]


def test_scoring_says_how_far_it_is_and_can_be_ended():
    told = []
    with progress(lambda what, done, total: told.append((what, done, total))):
        Entropy().select(Signals(proba=proba(N)), 5, 0)
    steps = [done for what, done, total in told if what == "scores" and total == N]
    assert len(steps) > 3 and steps == sorted(set(steps))


@pytest.mark.parametrize(
    "strategy",
    [
        Entropy(),
        Margin(),
        LeastConfidence(),
        0.5 * Entropy() + Margin(),
        PowerSampling(),
        Random(),
        Entropy() >> Top(2000) >> PowerSampling(),
    ],
    ids=repr,
)
def test_a_thousand_of_a_million_take_no_number_for_each(strategy):
    signals = Signals(proba=np.repeat(proba(10_000, 10, dtype=np.float32), 100, axis=0))
    tracemalloc.start()
    picks = strategy.select(signals, 1000, 0)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert len(picks) == 1000
    assert peak < 5e6  # the scores alone would be 8 MB, the table in doubles 80 MB
