"""Costs told before a choice: the language, the sums of the parts, and the clock."""

from __future__ import annotations

import re
import time
from pathlib import Path

import numpy as np
import pytest

from querist.core.errors import BadInput
from querist.core.formulas import narrowed, worked_out
from querist.core.types import Labelled, Signals
from querist.strategies import (
    BADGE,
    BALD,
    LCMD,
    Auto,
    Density,
    Distinct,
    Entropy,
    ExpectedErrorReduction,
    KCenter,
    KMeansSampling,
    Margin,
    Mix,
    QueryByCommittee,
    Random,
    Sizes,
    Subsample,
    Top,
    TypiClust,
    as_strategy,
    estimate,
    get,
    names,
)

SIZES = {"n": 10.0, "b": 4.0, "d": 3.0, "k": 2.0, "m": 5.0, "s": 2.0, "r": 7.0}
PAGE = Path(__file__).parents[2] / "docs" / "reference" / "strategies.md"


@pytest.mark.parametrize(
    ("formula", "value"),
    [
        ("n", 10),
        ("n d k", 60),
        ("2 n", 20),
        ("n (d + k)", 50),
        ("(m + b) n d", 270),
        ("n^2 d", 300),
        ("n / k + b", 9),
        ("n min(n, 1_000) max(d, k)", 300),
        ("n k log n", 20 * np.log2(10)),
        ("n log(k b)", 30),
        ("0.5 (n)(d)", 15),
    ],
)
def test_formulas_are_worked_out(formula, value):
    assert worked_out(formula, SIZES) == pytest.approx(value)


@pytest.mark.parametrize(
    "formula",
    ["", "n x", "n d per pick", "the base's + n", "n (", "n - d", "n; d", "min n", "n.real", "log"],
)
def test_other_texts_are_refused_with_the_sizes_there_are(formula):
    with pytest.raises(BadInput, match="n candidates, b items of the batch"):
        worked_out(formula, SIZES)


def test_numbers_too_large_are_refused():
    with pytest.raises(BadInput):
        worked_out("10 ^ 400 n", {"n": 1.0})


def test_fewer_candidates():
    assert narrowed("n (d + k) + n^2", "min(n, 9)") == "min(n, 9) (d + k) + min(n, 9)^2"
    assert narrowed("n d", "n") == "n d"
    assert worked_out(narrowed("n k log n", "min(n, 8)"), SIZES) == 8 * 2 * 3


@pytest.mark.parametrize("name", names())
def test_every_strategy_says_what_it_costs(name):
    found = estimate(get(name), Sizes(100_000, 100, 128, 10, 1000))
    assert found is not None and 0 < found.seconds < 1e6


def test_the_page_shows_the_formulas_that_are_worked_out():
    shown = dict(
        re.findall(
            r"^\| `([a-z]\w*)` \| `\w+` \|(?:[^|]*\|){2} `([^`]*)` \|", PAGE.read_text(), re.M
        )
    )
    assert shown == {name: get(name).cost_class for name in names() if name in shown}
    assert set(shown) == set(names())


def test_parts_add_up():
    sizes = Sizes(1000, batch=10, dimensions=8, classes=3, labelled=20)

    def of(strategy):
        return estimate(strategy, sizes).operations

    assert of(0.5 * Entropy() + 2 * Density()) == of(Entropy()) + of(Density())
    assert of(Mix({Margin(): 0.9, Random(): 0.1})) == of(Margin()) + of(Random())
    assert of(Distinct(KCenter())) == of(KCenter())
    few = Sizes(110, batch=10, dimensions=8, classes=3, labelled=20)
    chain = Entropy() >> Top(100) >> KCenter()
    assert of(chain) == of(Entropy()) + estimate(KCenter(), few).operations
    part = estimate(Subsample(KCenter(), 100), sizes).operations
    assert part == 100 * 1000 + estimate(KCenter(), few).operations


def test_what_nobody_tells_is_unknown():
    unknown = as_strategy(lambda signals, n, rng: np.arange(n))
    assert estimate(unknown, Sizes(10)) is None
    assert estimate(Mix({Margin(): 0.5, unknown: 0.5}), Sizes(10)) is None


def test_models_trained_for_the_choice():
    sizes = Sizes(100)
    assert estimate(QueryByCommittee(), sizes).models == 5
    assert estimate(QueryByCommittee(committee=[1, 2, 3]), sizes).models == 3
    assert estimate(Subsample(BALD(committee=7)), sizes).models == 7
    assert estimate(Margin(), sizes).models == 0
    more = [estimate(BALD(committee=s), sizes).operations for s in (5, 10)]
    assert more[1] == 2 * more[0]


N, B, D, K, M, S = 8000, 40, 32, 8, 100, 10
TIMED = [
    Auto(),
    BADGE(),
    BALD(),
    Density(),
    Entropy(),
    ExpectedErrorReduction(),
    KCenter(),
    KMeansSampling(),
    LCMD(),
    Margin(),
    TypiClust(),
]


@pytest.fixture(scope="module")
def table():
    rng = np.random.default_rng(0)
    centres = rng.normal(size=(K, D))
    targets = rng.integers(K, size=N + M)
    points = (centres[targets] + rng.normal(size=(N + M, D))).astype(np.float32)
    proba = rng.dirichlet(np.full(K, 0.5), size=N)
    return Signals(
        proba=proba,
        draws=rng.dirichlet(np.full(K, 0.5), size=(N, S)),
        vectors=points[:N],
        labelled=Labelled(points[N:], targets[N:], tuple("abcdefgh")),
        ids=np.arange(N),
    )


@pytest.mark.parametrize("strategy", TIMED, ids=repr)
def test_the_clock_agrees_within_a_factor_of_ten(strategy, table):
    strategy.select(table, B, 0)  # modules load, memory is touched
    took = []
    for seed in range(2):
        begun = time.process_time()
        strategy.select(table, B, seed)
        took.append(time.process_time() - begun)
    told = estimate(strategy, Sizes(N, B, D, K, M)).seconds
    # a call takes a millisecond or so whatever its size
    assert told / 10 < min(took) < 10 * told + 0.003
