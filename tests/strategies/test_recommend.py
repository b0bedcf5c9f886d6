"""Facts in, a strategy with its reason out; and it can run."""

from __future__ import annotations

import numpy as np
import pytest

from querist.core.types import Labelled, Signals
from querist.strategies import Facts, Sizes, get, names, recommend
from querist.strategies.evidence import RULES

USUAL = Sizes(20_000, 100, 64, 5, 200)
NONE = Sizes(20_000, 100, 64, 5, 0)
HUGE = Sizes(1_000_000, 100, 64, 5, 2000)
EVEN, RARE = (40,) * 5, (190, 4, 2, 2, 2)
PLAIN = frozenset({"draws"})

TABLE = [
    ("usual", Facts(USUAL, counts=EVEN), "auto"),
    ("nothing labelled", Facts(NONE), "auto"),
    ("nothing labelled, plain labels", Facts(NONE, gives=PLAIN), "auto"),
    ("unequal", Facts(USUAL, counts=RARE), "auto"),
    ("unequal and huge", Facts(HUGE, counts=RARE), "direct"),
    ("unequal and huge, no proba", Facts(HUGE, counts=RARE, gives=frozenset({"decision"})), "auto"),
    ("huge", Facts(HUGE, counts=EVEN), "badge"),
    ("huge, in haste", Facts(HUGE, counts=EVEN, limit=0.5), "power"),
    ("large batch", Facts(Sizes(50_000, 5000, 64, 5, 200), counts=EVEN), "badge"),
    ("small batch", Facts(Sizes(5000, 1, 64, 5, 200), counts=EVEN), "margin"),
    ("small batch, few labels", Facts(Sizes(5000, 1, 64, 5, 20), counts=(4,) * 5), "auto"),
    ("decision values", Facts(USUAL, gives=frozenset({"decision", "draws"})), "auto"),
    ("plain labels", Facts(USUAL, gives=PLAIN), "query_by_committee"),
    ("plain labels, slow", Facts(USUAL, gives=PLAIN, fit=600), "typi_clust"),
    ("numbers", Facts(USUAL, question="number", gives=frozenset({"predicted"})), "lcmd"),
    ("several labels", Facts(USUAL, question="choices", gives=frozenset({"marginals"})), "auto"),
]


@pytest.mark.parametrize(("facts", "name"), [row[1:] for row in TABLE], ids=[r[0] for r in TABLE])
def test_facts_lead_to_a_strategy_that_runs(facts, name):
    advice = recommend(facts)
    assert advice.strategy == name
    assert (advice.reason, advice.evidence, advice.fails) == RULES[name]
    assert advice.cost == get(name).cost_class
    assert advice.effort.seconds <= facts.limit
    rng = np.random.default_rng(0)
    proba = rng.dirichlet(np.ones(5), size=60)
    every = {
        "proba": proba,
        "decision": rng.normal(size=(60, 5)),
        "draws": rng.dirichlet(np.ones(5), size=(60, 5)),
        "predicted": rng.normal(size=(60, 1)),
        "marginals": rng.uniform(size=(60, 5)),
    }
    known = Labelled(rng.normal(size=(10, 3)), np.arange(10) % 5, tuple("abcde"), proba[:10])
    given = {n: every[n] for n in facts.gives}
    signals = Signals(**given, vectors=rng.normal(size=(60, 3)), labelled=known)
    assert len(set(get(name).select(signals, 4, 0).tolist())) == 4


def test_every_rule_names_a_strategy_with_evidence():
    assert set(RULES) <= set(names())
    assert {row[2] for row in TABLE} | {"random"} == set(RULES)


@pytest.mark.parametrize(
    ("counts", "unequal"),
    [((), False), ((0, 0), False), ((10, 10), False), ((10, 1), True), ((0, 5), True)],
)
def test_unequal_classes(counts, unequal):
    assert Facts(USUAL, counts=counts).is_unequal is unequal
