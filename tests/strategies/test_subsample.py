"""A base that chooses among candidates drawn by item."""

from __future__ import annotations

import numpy as np
import pytest

from querist.core.errors import BadInput
from querist.core.remarks import remarks
from querist.core.types import Signals
from querist.strategies import Density, KCenter, Margin, Mix, Random, Subsample
from querist.testing.strategies import StrategyContract

POOL = Signals(vectors=np.arange(400.0)[:, None], proba=np.full((400, 2), 0.5), ids=np.arange(400))


@pytest.fixture(params=[Subsample(), Subsample(KCenter(), 20), Subsample("random", 15)], ids=repr)
def each(request):
    request.cls.strategy = request.param


@pytest.mark.usefixtures("each")
class TestSubsample(StrategyContract):
    pass


def test_the_base_sees_that_many_and_picks_as_it_would_among_them():
    seen = []

    class Spy(Density):
        def score(self, signals):
            seen.append(np.asarray(signals.ids))
            return super().score(signals)

    picks = Subsample(Spy(), 50).pick(POOL, 5, 3)
    (ids,) = seen
    assert len(ids) == len(set(ids.tolist())) == 50
    among = Signals(vectors=POOL.vectors[ids], ids=ids)
    rng = np.random.default_rng(3)
    rng.integers(2**64, dtype=np.uint64)  # the draw took one number
    np.testing.assert_array_equal(ids[Density().select(among, 5, rng)], picks.positions)


def test_candidates_are_drawn_evenly():
    counts = np.zeros(400)
    for seed in range(2000):
        counts[Subsample(Random(), 40).select(POOL, 10, seed)] += 1
    expected = 2000 * 10 / 400
    assert abs(counts - expected).max() < 5.5 * np.sqrt(expected)


def test_the_sample_is_new_for_each_batch():
    first, second = (Subsample(KCenter(), 20).select(POOL, 20, seed) for seed in (0, 1))
    assert set(first.tolist()) != set(second.tolist())


def test_what_is_recorded_is_honest():
    drawn = Subsample(Random(), 100).pick(POOL, 8, 0)
    assert drawn.probability.tolist() == [8 / 400] * 8
    assert drawn.names == ("Random among 100 drawn",) * 8
    chosen = Subsample(Margin(), 100).pick(POOL, 8, 0)
    assert np.isnan(chosen.probability).all()
    assert chosen.names == ("Margin among 100 drawn",) * 8
    mixed = Subsample(Mix({Margin(): 0.5, Random(): 0.5}), 100).pick(POOL, 4, 0)
    assert set(mixed.names) == {"Margin among 100 drawn", "Random among 100 drawn"}
    assert np.isnan(mixed.probability).all()


def test_a_small_pool_is_the_base_s_own():
    for size in (400, 5000):
        picks = Subsample(Margin(), size).pick(POOL, 8, 0)
        assert picks.names == ("Margin",) * 8 and picks.probability.tolist() == [1.0] * 8
    whole = Subsample(Margin(), 3).pick(POOL, 8, 0)  # a batch larger than the sample
    assert len(whole.positions) == 8


def test_it_says_that_it_looked_at_a_sample():
    with remarks() as said:
        Subsample("kcenter", 100).select(POOL, 3, 0)
        Subsample("kcenter", 1000).select(POOL, 3, 0)
    assert said == ["KCenter() chooses among 100 of 400 candidates, drawn by item"]


def test_bad_arguments():
    with pytest.raises(BadInput, match="whole number"):
        Subsample(Margin(), 0)
    with pytest.raises(BadInput, match="no strategy is called 'nobody'"):
        Subsample("nobody")
