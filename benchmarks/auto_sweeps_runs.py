"""What the sweeps share: claims by name, pools of any size, one policy on one pool."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from sklearn.dummy import DummyClassifier

import querist as q
from auto_settings import Setting, as_seen, rows
from querist.simulation.scoring import score_all, scorers_of

TEST = 2000
CONTROL = 0.1  # what a campaign sets apart by default
RANDOM = ("random0", "random1", "random2")  # their mean is "random"; "null" is a fourth


@dataclass(frozen=True)
class Claim:
    """One claim: its cells, and what a run of a cell gives: measures by arm.

    The tables show the measures of `shown` themselves, and for those of `gains` the
    difference to the arm `base`, paired over seeds.
    """

    run: Callable[[str, int], dict]
    cells: tuple[str, ...]
    base: str
    gains: tuple[str, ...]
    shown: tuple[str, ...]


CLAIMS: dict[str, Claim] = {}


def claim(*cells: str, base: str, gains: str, shown: str = ""):
    """Register a function (cell, seed) -> measures by arm as the claim of its name."""

    def keep(run):
        found = tuple(name for names in cells for name in names.split())
        CLAIMS[run.__name__] = Claim(run, found, base, tuple(gains.split()), tuple(shown.split()))
        return run

    return keep


def setting_of(cell: str) -> Setting:
    """The setting of a cell such as "uci_optdigits/table/lr" or, longer, ".../lr/20%"."""
    return Setting(*cell.split("/")[:3])


def drawn(name: str, seed: int, pool: int, test: int = TEST):
    """Items and labels of a pool and a test, drawn anew for each seed."""
    items, y, _ = rows(name)
    order = np.random.default_rng([seed, 78]).permutation(len(y))
    test = min(test, round(0.4 * len(y)))
    held, chosen = order[:test], order[test : test + pool]
    return items[chosen], y[chosen], items[held], y[held]


def problem(cell: str, seed: int, pool: int, test: int = TEST):
    """X, y, X_test, y_test of a cell as its model gets them."""
    X, y, X_test, y_test = drawn(setting_of(cell).data, seed, pool, test)
    X, X_test = as_seen(setting_of(cell), X, X_test)
    return X, y, X_test, y_test


def scored(picked, X, y, X_test, y_test, *, model, scoring, grid) -> dict[str, np.ndarray]:
    """Scores of a fresh model after the first 1, 2, ... counts of `grid` of the picked rows."""
    scorers = scorers_of(scoring)
    found = []
    for labels in grid:
        seen = np.sort(picked[:labels])
        alone = y.ndim == 1 and len(np.unique(y[seen])) == 1
        fitted = (DummyClassifier() if alone else model()).fit(X[seen], y[seen])
        found.append(score_all(scorers, fitted, X_test, y_test))
    return {name: np.array([scores[name] for scores in found]) for name in scorers}


def uniform(n: int, seed: int, draw: int) -> np.ndarray:
    """All rows of a pool in random order: what asking at random gives."""
    return np.random.default_rng([seed, draw, 79]).permutation(n)


def asked(strategy, X, y, X_test, y_test, seed: int, *, model, batch: int, budget: int, **more):
    """The curve of a strategy in the live loop; CPU seconds of it beside."""
    began = time.process_time()
    options = {"start": min(batch, budget), "scoring": "accuracy"} | more
    curve = q.simulate(
        X,
        y,
        X_test=X_test,
        y_test=y_test,
        model=model(),
        strategy=strategy,
        batch=batch,
        budget=budget,
        seed=seed,
        **options,
    )
    return curve, time.process_time() - began


def scores_of(curve, problem, *, model, scoring, grid) -> dict[str, np.ndarray]:
    """Scores of a curve at the counts of `grid`; where it had no model yet, those of one class."""
    bare = [n for n in grid if n not in curve.labels]
    rest = scored(curve.picked, *problem, model=model, scoring=scoring, grid=bare)
    found = {}
    for name, values in curve.scores.items():
        at = dict(zip(curve.labels.tolist(), values.tolist(), strict=True))
        at |= dict(zip(bare, rest[name].tolist(), strict=True))
        found[name] = np.array([at[n] for n in grid])
    return found


def arms_of(policies: dict, problem, seed: int, *, model, batch, budget, scoring, masks=None):
    """Each policy, three random runs and the null run: mean height and last value of scores.

    `policies` maps a name to a strategy, or to (strategy, options of `simulate`); `masks`
    maps a name to rows of the pool, whose share among the labels is measured.
    """
    _, y, _, _ = problem
    grid = list(range(batch, budget + 1, batch))
    how = {"model": model, "scoring": scoring}
    found = {}
    for draw, name in enumerate((*RANDOM, "null")):
        order = uniform(len(y), seed, draw)
        found[name] = order, scored(order, *problem, grid=grid, **how)
    for name, policy in policies.items():
        strategy, options = policy if isinstance(policy, tuple) else (policy, {})
        more = {"batch": batch, "budget": budget} | options
        curve, _ = asked(strategy, *problem, seed, **how, **more)
        found[name] = curve.picked, scores_of(curve, problem, grid=grid, **how)
    return {
        name: heights(scores) | shares(order[:budget], masks or {})
        for name, (order, scores) in found.items()
    }


def heights(scores: dict[str, np.ndarray]) -> dict[str, float]:
    """Mean height of each score, and its last value."""
    found = {}
    for name, values in scores.items():
        found |= {name: float(values.mean()), f"{name}_last": float(values[-1])}
    return found


def shares(picked: np.ndarray, masks: dict[str, np.ndarray]) -> dict[str, float]:
    """Share of the picked rows that lie in each mask."""
    return {name: float(mask[picked].mean()) for name, mask in masks.items()}


def auto(**options):
    """`auto` with its control share."""
    return "auto", {"control": CONTROL} | options
