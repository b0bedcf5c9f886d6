"""Whatever is given, every strategy picks rightly or says what is wrong: never a numpy warning
(the suite turns warnings into errors), a traceback from inside, or a batch of another length."""

from __future__ import annotations

import re
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

import querist as q
from querist.core.errors import BadInput, MissingNeed
from querist.strategies import (
    BADGE,
    Density,
    Distinct,
    Entropy,
    GroupQuota,
    KCenter,
    KMeansSampling,
    Knapsack,
    Margin,
    Mix,
    PerCost,
    Random,
    Subsample,
    Top,
    get,
    names,
)
from querist.testing.strategies import make_parts, reorder

N = 18
COMBINED = {
    "sum": 0.7 * Entropy() + 0.3 * Density(),
    "product": Entropy() * Density(),
    "chain": Entropy() >> Top(15) >> KCenter(),
    "weighted": Margin() >> KMeansSampling(),
    "mix": Mix({Margin(): 0.7, Random(): 0.3}),
    "distinct": Distinct(KCenter()),
    "quota": GroupQuota(BADGE(), {"north": 0.5}),
    "sample": Subsample(BADGE(), 15),
    "price": PerCost(Entropy()),
    "knapsack of entropy": Knapsack(Entropy(), budget=1e6),
}
EVERY = {name: get(name) for name in names()} | COMBINED  # looked up once: that reads metadata
MATRICES = ("proba", "draws", "vectors", "predicted", "marginals", "decision", "cost", "reference")


@pytest.fixture(params=EVERY)
def strategy(request):
    return EVERY[request.param]


def known(parts, **changes):
    return replace(parts["labelled"], **changes)


def signals(strategy, parts):
    reads = strategy.needs | strategy.wants | {"ids", "cost"}
    return q.Signals(**{name: part for name, part in parts.items() if name in reads})


def chosen(strategy, parts, n=7):
    """The picks, after looking that they are what was asked for, twice the same."""
    given = signals(strategy, parts)
    picks = strategy.select(given, n, 0)
    wanted = min(n, len(given))
    assert 1 <= len(picks) <= wanted
    assert strategy.may_fall_short or len(picks) == wanted
    assert len(set(picks.tolist())) == len(picks)
    assert picks.min() >= 0 and picks.max() < len(given)
    np.testing.assert_array_equal(picks, strategy.select(given, n, 0))
    return picks


def each(change):
    """Every array, those of the labelled items too, through `change`."""

    def changed(parts):
        told = parts["labelled"]
        out = {name: change(part) if name in MATRICES else part for name, part in parts.items()}
        vectors, proba = change(told.vectors), change(told.proba)
        return out | {"labelled": known(parts, vectors=vectors, proba=proba)}

    return changed


def space(change):
    """All that lives in the space of the vectors through `change`."""

    def changed(parts):
        told = known(parts, vectors=change(parts["labelled"].vectors))
        both = {name: change(parts[name]) for name in ("vectors", "reference")}
        return parts | both | {"labelled": told}

    return changed


def backwards(array):
    out = np.empty_like(array[::-1])
    out[...] = array[::-1]
    return out[::-1]


def spread(array):
    out = np.empty((len(array) * 2, *array.shape[1:]))
    out[::2] = array
    return out[::2]


def framed(array):
    if array.ndim > 2:
        return array.tolist()
    return pd.Series(array) if array.ndim == 1 else pd.DataFrame(array)


SAME = {  # other ways to hand over the same numbers: the same picks
    "lists": each(np.ndarray.tolist),
    "frames": each(framed),
    "objects": each(lambda array: array.astype(object)),
    "Fortran order": each(np.asfortranarray),
    "negative strides": each(backwards),
    "wide strides": each(spread),
    "big endian": each(lambda array: array.astype(">f8")),
    "long double": each(lambda array: array.astype(np.longdouble)),
}


def test_the_same_numbers_handed_over_otherwise_give_the_same_picks(strategy):
    parts = make_parts(N)
    usual = chosen(strategy, parts)
    for how, change in SAME.items():
        picks = strategy.select(signals(strategy, change(parts)), 7, 0)
        np.testing.assert_array_equal(picks, usual, err_msg=how)


def ints(array):
    return np.rint(10 * array).astype(int)


def hot(array):
    return np.eye(array.shape[-1], dtype=int)[array.argmax(axis=-1)]


def of_one_class(parts):
    told = q.Labelled(parts["labelled"].vectors, np.zeros(5, int), ("a",), np.ones((5, 1)))
    one = {"proba": np.ones((N, 1)), "draws": np.ones((N, 4, 1)), "mistakes": np.zeros((1, 1))}
    few = {name: parts[name][:, :1] for name in ("decision", "marginals")}
    return parts | one | few | {"labelled": told}


def first_labelled(parts, m):
    told = parts["labelled"]
    return known(parts, vectors=told.vectors[:m], targets=told.targets[:m], proba=told.proba[:m])


FINE = {  # odd, but answerable
    "half precision": each(lambda array: array.astype(np.float16)),
    "whole numbers": space(ints),
    "bytes": space(lambda array: np.abs(20 * array).astype(np.uint8)),
    "huge": space(lambda array: array * 1e30),
    "tiny": space(lambda array: array * 1e-30),
    "huge and single": space(lambda array: (array * 1e37).astype(np.float32)),
    "tiny and single": space(lambda array: (array * 1e-42).astype(np.float32)),
    "huge copies": space(
        lambda array: np.repeat(array[:2], len(array) // 2 + 1, 0)[: len(array)] * 1e9
    ),
    "one far away": lambda p: (
        p | {"vectors": np.vstack([p["vectors"][:-1], np.full((1, 4), 1e30)])}
    ),
    "all zero": space(np.zeros_like),
    "all alike": space(np.ones_like),
    "one column": space(lambda array: array[:, :1]),
    "one class": of_one_class,
    "one class told": lambda p: p | {"labelled": known(p, targets=np.zeros(5, int))},
    "one labelled": lambda p: p | {"labelled": first_labelled(p, 1)},
    "labelled copies": lambda p: (
        p | {"labelled": known(p, vectors=np.repeat(p["labelled"].vectors[:1], 5, 0))}
    ),
    "candidates labelled before": lambda p: p | {"labelled": known(p, vectors=p["vectors"][:5])},
    "targets as floats": lambda p: p | {"labelled": known(p, targets=np.arange(5.0) % 3)},
    "targets as bytes": lambda p: (
        p | {"labelled": known(p, targets=(np.arange(5) % 3).astype(np.uint8))}
    ),
    "ids twice": lambda p: p | {"ids": np.zeros(N, int)},
    "ids of bytes no text has": lambda p: p | {"ids": np.array([f"\udcff{i}" for i in range(N)])},
    "ids of all kinds": lambda p: p | {"ids": np.array([1, "a", None] * (N // 3), dtype=object)},
    "sure": lambda p: (
        p
        | {name: hot(p[name]) for name in ("proba", "draws", "marginals")}
        | {"labelled": known(p, proba=hot(p["labelled"].proba))}
    ),
    "no label at all": lambda p: p | {"marginals": np.zeros((N, 3))},
    "undecided": lambda p: (
        p
        | {"proba": np.full((N, 3), 1 / 3), "draws": np.full((N, 4, 3), 1 / 3)}
        | {"marginals": np.full((N, 3), 0.5), "decision": np.zeros((N, 3))}
        | {"predicted": np.zeros((N, 3))}
    ),
    "vanishing probabilities": lambda p: (
        p
        | {"proba": np.tile([1, 1e-300, 0], (N, 1)), "draws": np.tile([1, 1e-300, 0], (N, 4, 1))}
        | {"marginals": np.full((N, 3), 1e-310)}
    ),
    "huge numbers": lambda p: p | {name: p[name] * 1e30 for name in ("predicted", "decision")},
    "tiny numbers": lambda p: p | {name: p[name] * 1e-300 for name in ("predicted", "decision")},
    "every group its own": lambda p: p | {"groups": np.arange(N)},
}


def test_odd_signals_are_answered(strategy):
    parts, read = make_parts(N), strategy.needs | strategy.wants | {"ids"}
    for what, change in FINE.items():
        given = change(parts)
        if any(given[name] is not parts[name] for name in read & set(parts)):
            try:
                chosen(strategy, given, 5)
            except BadInput as error:
                assert "huge" in what and "centre and scale" in str(error)
            except Exception as error:
                raise AssertionError(f"{what}: {error}") from error


@pytest.mark.parametrize("n", [1, N, 10 * N])
def test_one_and_all(strategy, n):
    picks = chosen(strategy, make_parts(N), n)
    assert strategy.may_fall_short or len(picks) == min(n, N)


def at(name, value):
    def changed(parts):
        array = np.array(parts[name])
        array.reshape(len(array), -1)[1, 0] = value
        return parts | {name: array}

    return changed


def told(**changes):
    return lambda parts: parts | {"labelled": known(parts, **changes)}


PROBABILITIES = ("proba", "draws", "marginals")
WRONG = {  # what is wrong: the signal, the change, what is said
    **{
        f"{x} in {name}": (name, at(name, x), rf"{name} .*(NaN|\[?finite)")
        for name in MATRICES[:-2]
        for x in (np.nan, np.inf)
    },
    **{f"negative {name}": (name, at(name, -0.5), name) for name in (*PROBABILITIES, "cost")},
    **{
        f"{name} that do not sum to one": (
            name,
            lambda p, name=name: p | {name: 2 * p[name]},
            "sums to 2",
        )
        for name in ("proba", "draws")
    },
    **{
        f"{name} of another length": (
            name,
            lambda p, name=name: p | {name: p[name][:-1]},
            "one row per candidate",
        )
        for name in (*MATRICES[:-1], "ids", "groups")
    },
    **{
        f"flat {name}": (
            name,
            lambda p, name=name: p | {name: p[name].ravel()[:N]},
            rf"{name} must have shape",
        )
        for name in (*PROBABILITIES, "vectors", "predicted", "reference")
    },
    **{
        f"deep {name}": (
            name,
            lambda p, name=name: p | {name: p[name][..., None]},
            rf"{name} must have shape",
        )
        for name in (*MATRICES, "ids", "groups")
    },
    **{
        f"{name} as one number": (name, lambda p, name=name: p | {name: 0.5}, rf"{name} must")
        for name in MATRICES
    },
    **{
        f"{name} as text": (
            name,
            lambda p, name=name: p | {name: np.full(p[name].shape, "a")},
            rf"{name} must be an array of numbers",
        )
        for name in MATRICES
    },
    **{
        f"complex {name}": (
            name,
            lambda p, name=name: p | {name: p[name] * 1j},
            rf"{name} must be an array of numbers.*complex",
        )
        for name in MATRICES
    },
    **{
        f"dates as {name}": (
            name,
            lambda p, name=name: p | {name: np.full(p[name].shape, np.datetime64("2020"))},
            rf"{name} must be an array of numbers.*datetime",
        )
        for name in MATRICES
    },
    **{
        f"{name} without columns": (
            name,
            lambda p, name=name: p | {name: p[name][..., :0]},
            rf"{name} (has|row 0 sums to 0)",
        )
        for name in MATRICES
        if name not in ("cost",)
    },
    "draws of nobody": ("draws", lambda p: p | {"draws": np.empty((N, 0, 3))}, "draws has shape"),
    "no space": ("vectors", space(lambda array: array[:, :0]), "vectors has shape"),
    "vectors beyond squares": (
        "vectors",
        space(lambda array: array * 1e200),
        "scale .*vectors down",
    ),
    "vectors below squares": ("vectors", space(lambda array: array * 1e-200), "scale .*vectors up"),
    "nothing to cover": ("reference", lambda p: p | {"reference": np.empty((0, 4))}, "reference"),
    "another space to cover": (
        "reference",
        lambda p: p | {"reference": np.ones((3, 9))},
        "reference has 9 columns",
    ),
    "class out of range": (
        "labelled",
        lambda p: told(targets=np.array([0, 1, 2, 3, 1]))(p),
        r"0\.\.2 .*one is 3",
    ),
    "class below zero": (
        "labelled",
        lambda p: told(targets=np.array([0, 1, -1, 2, 1]))(p),
        r"0\.\.2 .*one is -1",
    ),
    "class in between": (
        "labelled",
        lambda p: told(targets=np.array([0, 1, 0.5, 2, 1]))(p),
        r"0\.\.2 .*one is 0\.5",
    ),
    "target NaN": (
        "labelled",
        lambda p: told(targets=np.array([0, 1, np.nan, 2, 1]))(p),
        "targets row 2 holds NaN",
    ),
    "targets as text": (
        "labelled",
        lambda p: told(targets=np.array(list("abcab")))(p),
        "targets must be an array of numbers",
    ),
    "targets missing": (
        "labelled",
        lambda p: told(targets=np.array([None] * 5))(p),
        "targets row 0 holds NaN",
    ),
    "one target": ("labelled", lambda p: told(targets=1)(p), "targets must be an array"),
    "too few targets": (
        "labelled",
        lambda p: told(targets=np.array([0, 1]))(p),
        "5 rows but labelled.targets has 2",
    ),
    "labels of other classes": (
        "labelled",
        lambda p: told(targets=np.eye(5, dtype=int))(p),
        "5 columns but there are 3 classes",
    ),
    "labelled NaN": (
        "labelled",
        lambda p: told(vectors=np.full((5, 4), np.nan))(p),
        "labelled.vectors row 0 holds NaN",
    ),
    "labelled proba NaN": (
        "labelled",
        lambda p: told(proba=np.full((5, 3), np.nan))(p),
        "labelled.proba holds NaN",
    ),
    "labelled proba too short": (
        "labelled",
        lambda p: told(proba=np.full((4, 3), 1 / 3))(p),
        "labelled.proba has 4 rows",
    ),
    "labelled as a pair": ("labelled", lambda p: p | {"labelled": (1, 2)}, "made by q.Labelled"),
}


@pytest.mark.parametrize("what", WRONG)
def test_wrong_signals_are_told(what):
    """One place checks for all: what no strategy can work with never reaches one."""
    name, change, said = WRONG[what]
    try:
        parts = change(make_parts(N))
    except BadInput as error:  # q.Labelled looks for itself
        assert re.search(said, str(error))
        return
    for strategy in EVERY.values():
        if name in strategy.needs | strategy.wants | {"ids", "cost"}:
            with pytest.raises(BadInput, match=said):
                strategy.select(signals(strategy, parts), 5, 0)


def test_what_was_told_in_another_form_is_used_or_refused(strategy):
    """Numbers, or several labels an item, where classes are learned from, and the reverse."""
    parts = make_parts(N)
    for targets, classes in (
        (np.linspace(0.5, 9, 5), ()),
        (np.eye(3, dtype=int)[[0, 1, 2, 0, 1]], ("a", "b", "c")),
    ):
        other = parts | {"labelled": known(parts, targets=targets, classes=classes)}
        try:
            chosen(strategy, other)
        except BadInput as error:
            assert "another strategy" in str(error)


def test_a_wrong_number_is_told(strategy):
    given = signals(strategy, make_parts(N))
    for n in (0, -3, 2.0, True, None, "5", np.float64(3), [3]):
        with pytest.raises(BadInput, match="whole number of at least 1"):
            strategy.select(given, n, 0)


def test_labelled_without_vectors(strategy):
    """Others start cold; those that must see them say so."""
    parts = make_parts(N)
    try:
        chosen(strategy, parts | {"labelled": known(parts, vectors=None)})
    except BadInput as error:
        assert "needs labelled.vectors" in str(error)


def test_no_candidates(strategy):
    with pytest.raises(BadInput, match="no candidates"):
        strategy.select(signals(strategy, reorder(make_parts(N), np.arange(0))), 1, 0)


def test_missing_needs(strategy):
    parts = make_parts(N)
    for need in strategy.needs:
        rest = {name: parts[name] for name in strategy.needs - {need}}
        with pytest.raises(MissingNeed, match=need):
            strategy.select(q.Signals(**({"ids": parts["ids"]} | rest)), 1, 0)
