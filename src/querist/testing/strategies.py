"""Contract of a query strategy: inherit it, and yours is tested like a built-in.

class TestMine(StrategyContract):
    strategy = MyStrategy()
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar, Protocol

import numpy as np
import pytest
from numpy.typing import NDArray

from querist.core.errors import BadInput, MissingNeed
from querist.core.formulas import SIZES, worked_out
from querist.core.progress import progress
from querist.core.signals import WHOLE
from querist.core.types import Labelled, Positions, Signals


class Selecting(Protocol):
    """What the contract asks of a strategy."""

    needs: frozenset[str]
    wants: frozenset[str]
    instead: Mapping[str, str]
    cost_class: str

    def select(self, signals: Signals, n: int, rng: np.random.Generator | int) -> Positions:
        """`n` distinct positions."""


def make_parts(n: int, seed: int = 0, *, labelled: int = 5) -> dict[str, Any]:
    """Every signal there is, for `n` candidates of 3 classes in 4 dimensions, read-only.

    Examples
    --------
    >>> sorted(make_parts(3))[:3]
    ['cost', 'decision', 'draws']
    """
    rng = np.random.default_rng(seed)
    draws = rng.dirichlet(np.ones(3), size=(n, 4))
    known = Labelled(
        rng.normal(size=(labelled, 4)),
        np.arange(labelled) % 3,
        classes=("a", "b", "c"),
        proba=rng.dirichlet(np.ones(3), size=labelled),
    )
    parts: dict[str, Any] = {
        "proba": draws.mean(axis=1),
        "decision": rng.normal(size=(n, 3)),
        "draws": draws,
        "vectors": rng.normal(size=(n, 4)),
        "cost": rng.uniform(1.0, 2.0, size=n),
        "reference": rng.normal(size=(2 * n, 4)),
        "predicted": rng.normal(size=(n, 3)),
        "marginals": rng.uniform(size=(n, 3)),
        "groups": np.array(["north", "south", "west"])[rng.integers(3, size=n)],
        "ids": np.array([f"item-{i}" for i in range(n)]),
        "mistakes": np.array([[0.0, 5.0, 1.0], [1.0, 0.0, 1.0], [2.0, 1.0, 0.0]]),
    }
    for array in parts.values():
        array.flags.writeable = False
    return parts | {"labelled": known}


def reorder(parts: Mapping[str, Any], order: NDArray[np.int64]) -> dict[str, Any]:
    """The same candidates in another order."""
    return {name: part if name in WHOLE else part[order] for name, part in parts.items()}


class _Ended(Exception):
    pass


class _Calls:
    """Counts what it hears, and ends the computation at its last call."""

    def __init__(self, last: int | None = None) -> None:
        self.count, self.last = 0, last

    def __call__(self, what: str, done: int, total: int) -> None:
        assert what and 0 <= done <= total
        self.count += 1
        if self.count == self.last:
            raise _Ended


class StrategyContract:
    """What every query strategy keeps; a subclass sets `strategy`."""

    strategy: ClassVar[Any]

    def _signals(self, n: int, *, seed: int = 0, **changes: Any) -> Signals:
        return self._of(make_parts(n, seed) | changes)

    def _of(self, parts: Mapping[str, Any]) -> Signals:
        used: Selecting = self.strategy
        read = used.needs | used.wants | {"ids", "cost"}
        return Signals(**{name: part for name, part in parts.items() if name in read})

    def test_distinct_and_in_range(self) -> None:
        """Exactly n distinct rows."""
        picks = self.strategy.select(self._signals(60), 12, 0)
        assert picks.dtype.kind in "iu"
        assert len(picks) == len(set(picks.tolist())) == 12
        assert picks.min() >= 0 and picks.max() < 60

    def test_same_seed_same_picks(self) -> None:
        """A seed, as a number or as a generator, decides the picks."""
        signals = self._signals(60)
        first = self.strategy.select(signals, 7, 3)
        np.testing.assert_array_equal(first, self.strategy.select(signals, 7, 3))
        generator = np.random.default_rng(3)
        np.testing.assert_array_equal(first, self.strategy.select(signals, 7, generator))

    def test_cancelled(self) -> None:
        """A listener may end a pick wherever it is heard; the next pick is as if it never was."""
        signals = self._signals(60)
        first = self.strategy.select(signals, 7, 3)
        calls = _Calls()
        with progress(calls):
            np.testing.assert_array_equal(first, self.strategy.select(signals, 7, 3))
        assert calls.count >= 1
        for last in {1, calls.count // 2 + 1, calls.count}:
            with pytest.raises(_Ended), progress(_Calls(last)):
                self.strategy.select(signals, 7, 3)
            np.testing.assert_array_equal(first, self.strategy.select(signals, 7, 3))

    def test_more_than_there_are(self) -> None:
        """A batch larger than the pool is the pool."""
        picks = self.strategy.select(self._signals(9), 50, 0)
        assert sorted(picks.tolist()) == list(range(9))

    def test_one_candidate(self) -> None:
        """One candidate is picked."""
        assert self.strategy.select(self._signals(1), 1, 0).tolist() == [0]

    def test_no_candidate(self) -> None:
        """No candidate is an error that says so."""
        with pytest.raises(BadInput, match="candidate"):
            self.strategy.select(self._of(reorder(make_parts(3), np.arange(0))), 1, 0)

    @pytest.mark.parametrize("n", [0, -1, 1.5, True, None])
    def test_bad_count(self, n: Any) -> None:
        """The batch size is a whole number of at least 1."""
        with pytest.raises(BadInput, match="whole number"):
            self.strategy.select(self._signals(5), n, 0)

    def test_all_equal(self) -> None:
        """Among equal candidates the seed decides, not the row number."""
        same = {
            name: part if name in (*WHOLE, "ids") else np.repeat(part[:1], 40, 0)
            for name, part in make_parts(40).items()
        }
        drawn = [tuple(self.strategy.select(self._of(same), 5, seed)) for seed in range(6)]
        assert all(len(set(picks)) == 5 for picks in drawn)
        assert len(set(drawn)) > 1

    def test_nothing_labelled(self) -> None:
        """An empty labelled set, with or without a width, is no obstacle."""
        for vectors in (np.empty((0, 4)), None):
            empty = Labelled(vectors, np.empty(0, dtype=np.int64), classes=("a", "b", "c"))
            picks = self.strategy.select(self._signals(30, labelled=empty), 4, 0)
            assert len(set(picks.tolist())) == 4

    @pytest.mark.parametrize("seed", range(5))
    def test_order_does_not_matter(self, seed: int) -> None:
        """With ids the same items are picked in whatever order they come."""
        parts = make_parts(80, seed)
        order = np.random.default_rng(seed).permutation(80)
        straight = self.strategy.select(self._of(parts), 10, seed)
        turned = self.strategy.select(self._of(reorder(parts, order)), 10, seed)
        np.testing.assert_array_equal(order[turned], straight)

    def test_order_of_copies_does_not_matter(self) -> None:
        """Copies of an item are told apart by their ids alone."""
        twice = np.repeat(np.arange(20), 3)
        parts = reorder(make_parts(20), twice)
        parts["ids"] = np.arange(60)
        order = np.random.default_rng(1).permutation(60)
        straight = self.strategy.select(self._of(parts), 15, 2)
        turned = self.strategy.select(self._of(reorder(parts, order)), 15, 2)
        np.testing.assert_array_equal(order[turned], straight)

    def test_declared_needs_suffice(self) -> None:
        """The needs alone are enough."""
        parts = make_parts(30)
        only = {name: parts[name] for name in self.strategy.needs | {"cost"}}
        assert len(self.strategy.select(Signals(**only), 5, 0)) == 5

    def test_missing_need(self) -> None:
        """An absent need is an error naming it, unless something else will do."""
        parts = make_parts(30)
        for need in self.strategy.needs:
            left = {name: parts[name] for name in (self.strategy.needs | {"cost"}) - {need}}
            with pytest.raises(MissingNeed, match=need):
                self.strategy.select(Signals(**left), 5, 0)
            other = self.strategy.instead.get(need)
            if other is not None:
                left[other] = parts[other]
                assert len(self.strategy.select(Signals(**left), 5, 0)) == 5

    def test_single_precision(self) -> None:
        """The same numbers in single and in double precision give the same picks."""
        parts = make_parts(70)
        single = {
            name: part.astype(np.float32) if getattr(part, "dtype", None) == np.float64 else part
            for name, part in parts.items()
        }
        double = {
            name: part.astype(np.float64) if getattr(part, "dtype", None) == np.float32 else part
            for name, part in single.items()
        }
        np.testing.assert_array_equal(
            self.strategy.select(self._of(single), 9, 0),
            self.strategy.select(self._of(double), 9, 0),
        )

    def test_row_by_row_is_meant(self) -> None:
        """A score that claims `row_by_row` gives a part the numbers it gave the whole."""
        if getattr(self.strategy, "row_by_row", False):
            parts = make_parts(40)
            whole = self.strategy.score(self._of(parts))
            for rows in (np.arange(1), np.arange(1, 17), np.arange(17, 40)):
                some = self.strategy.score(self._of(reorder(parts, rows)))
                np.testing.assert_array_equal(some, whole[rows])

    def test_cost_is_a_formula(self) -> None:
        """What a choice costs can be worked out, and grows with the candidates."""
        formula = self.strategy.cost_class
        sizes = dict.fromkeys(SIZES, 10.0)
        if formula:  # a strategy may leave open what it costs
            cost = worked_out(formula, sizes)
            assert 0 < cost < worked_out(formula, sizes | {"n": 1000.0})

    def test_arrays_untouched(self) -> None:
        """The caller's arrays are read only."""
        parts = make_parts(40)
        before = {name: np.copy(part) for name, part in parts.items() if name != "labelled"}
        self.strategy.select(self._of(parts), 8, 0)
        for name, part in before.items():
            np.testing.assert_array_equal(parts[name], part)
