import numpy as np
import pytest

from querist.core.errors import BadInput, BadStrategy, MissingNeed
from querist.core.types import Labelled, Signals
from querist.strategies import Margin, as_strategy

SIGNALS = Signals(proba=np.array([[0.9, 0.1], [0.5, 0.5], [0.7, 0.3], [0.6, 0.4]]))


def test_a_function_is_a_strategy():
    def first(signals, n, rng):
        return list(range(n))

    strategy = as_strategy(first)
    picks = strategy.pick(SIGNALS, 3, 0)
    assert picks.positions.tolist() == [0, 1, 2]
    assert picks.names == ("first",) * 3
    assert np.isnan(picks.probability).all()
    assert strategy.select(SIGNALS, 99, 0).tolist() == [0, 1, 2, 3]


def test_a_function_gets_the_generator_and_the_capped_count():
    seen = {}

    def drawn(signals, n, rng):
        seen["n"] = n
        return rng.permutation(len(signals))[:n]

    assert sorted(as_strategy(drawn).select(SIGNALS, 9, 0).tolist()) == [0, 1, 2, 3]
    assert seen == {"n": 4}


@pytest.mark.parametrize(
    "answer, offence",
    [
        ([0, 0], "position 0 twice"),
        ([0, 4], "position 4, which is out of range.*4 candidates"),
        ([-1, 2], "position -1, which is out of range"),
        ([0.0, 1.0], "whole numbers"),
        ([True, False], "whole numbers"),
        ([[0], [1]], "one dimension"),
        ([1], "must return 2 positions, but gave 1"),
        ([], "must return 2 positions, but gave 0"),
        ([0, 1, 2], "must return 2 positions, but gave 3"),
        (None, "one dimension"),
    ],
)
def test_a_bad_answer_names_the_strategy_and_the_offence(answer, offence):
    def sloppy(signals, n, rng):
        return answer

    with pytest.raises(BadStrategy, match=f"sloppy .*{offence}"):
        as_strategy(sloppy).select(SIGNALS, 2, 0)


class Theirs:
    needs = frozenset({"proba"})

    def select(self, signals, n, rng):
        return np.argsort(signals.proba.max(axis=1))[:n]


@pytest.mark.parametrize("source", [Theirs, Theirs()])
def test_an_object_with_select_is_a_strategy(source):
    strategy = as_strategy(source)
    assert strategy.needs == {"proba"} and strategy.name == "Theirs"
    assert strategy.select(SIGNALS, 2, 0).tolist() == [1, 3]
    with pytest.raises(MissingNeed, match="Theirs needs proba"):
        strategy.select(Signals(cost=np.ones(3)), 1, 0)


def test_names_classes_and_strategies_pass_through():
    margin = Margin()
    assert as_strategy(margin) is margin
    assert isinstance(as_strategy("margin"), Margin)
    assert isinstance(as_strategy(Margin), Margin)


@pytest.mark.parametrize("source", [3, None, object()])
def test_anything_else_is_refused(source):
    with pytest.raises(BadInput, match="a strategy is"):
        as_strategy(source)


COLD = Signals(vectors=np.arange(8.0).reshape(4, 2))


def test_a_function_that_needs_a_model_and_does_not_say_so_starts_at_random():
    def doubtful(signals, n, rng):
        return np.argsort(signals.proba.max(axis=1))[:n]

    picks = as_strategy(doubtful).pick(COLD, 2, 0)
    assert len(set(picks.positions.tolist())) == 2 and picks.names == ("Random", "Random")


def test_a_function_that_breaks_for_another_reason_is_not_excused():
    def broken(signals, n, rng):
        return signals.vectors[99]

    with pytest.raises(IndexError):
        as_strategy(broken).select(COLD, 2, 0)


def test_a_function_that_minds_the_missing_model_is_believed():
    def careful(signals, n, rng):
        return np.arange(n) if signals.proba is None else np.argmax(signals.proba, axis=1)[:n]

    assert as_strategy(careful).pick(COLD, 2, 0).names == ("careful", "careful")


def test_with_labels_a_missing_signal_is_the_functions_own_affair():
    def doubtful(signals, n, rng):
        return np.argsort(signals.proba.max(axis=1))[:n]

    known = Labelled(np.zeros((1, 2)), np.zeros(1), ("a",))
    with pytest.raises(AttributeError):
        as_strategy(doubtful).select(Signals(vectors=COLD.vectors, labelled=known), 2, 0)
