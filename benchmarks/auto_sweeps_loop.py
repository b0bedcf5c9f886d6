"""Claims about the loop itself: batch, seed, control slice, cycles, size of the pool."""

from __future__ import annotations

from functools import partial

import numpy as np

from auto_settings import model_of
from auto_sweeps_runs import (
    CONTROL,
    RANDOM,
    arms_of,
    asked,
    auto,
    claim,
    heights,
    problem,
    scored,
    scores_of,
    setting_of,
    uniform,
)
from querist.core.types import Interval, Round
from querist.metrics.paired import saved
from querist.simulation.difficulty import OnPart, halves
from querist.simulation.scoring import scorers_of
from querist.stopping import Plateau


def by_batch(cell: str, seed: int, pool: int, start: int, budget: int, sizes) -> dict:
    """One start, one total, several batch sizes; only the last model counts."""
    found = problem(cell, seed, pool)
    model = partial(model_of, setting_of(cell), seed)
    arms = {}
    for draw, name in enumerate((*RANDOM, "null")):
        order = uniform(len(found[1]), seed, draw)
        scores = scored(order, *found, model=model, scoring="accuracy", grid=[budget])
        arms[name] = {"accuracy": float(scores["accuracy"][-1])}
    for size in sizes:
        curve, cpu = asked(
            "auto",
            *found,
            seed,
            model=model,
            batch=size,
            budget=budget,
            start=start,
            control=CONTROL,
        )
        arms[f"K = {size}"] = {
            "accuracy": float(curve.score()[-1]),
            "models": float(len(curve)),
            "cpu_seconds": cpu,
        }
    return arms


@claim(
    "uci_optdigits/table/lr uci_waveform5000/table/lr agnews_test/tfidf/lr mnist10k/pixels/rf",
    base="K = 10",
    gains="accuracy",
    shown="accuracy cpu_seconds",
)
def batch_small(cell, seed):
    """Q11: asking for 10 labels at a time is inefficient."""
    return by_batch(cell, seed, 3000, 50, 550, (10, 25, 50, 100, 250, 500))


@claim(
    "subj/tfidf/lr sci_scicite/tfidf/lr mnist10k/pixels/rf stream_elec2/table/rf",
    base="K = 200",
    gains="accuracy",
    shown="accuracy cpu_seconds",
)
def batch_large(cell, seed):
    """Q10: 200 to 1,000 labels a batch are best."""
    return by_batch(cell, seed, 10_000, 100, 5100, (200, 500, 1000, 2500, 5000))


SEEDS = {"0.1 %": 3, "0.5 %": 15, "1 %": 30, "2 %": 60, "5 %": 150, "10 %": 300}
SEED_CELLS = (
    "uci_optdigits/table/lr uci_waveform5000/table/lr uci_pageblocks/table/lr "
    "agnews_test/tfidf/lr mnist10k/pixels/rf"
)


def by_seed_size(strategy: str, cell: str, seed: int) -> dict:
    """Seeds of several sizes, then batches of 15; judged between 10 % and 15 % of the pool."""
    found = problem(cell, seed, 3000)
    setting = setting_of(cell)
    how = {"model": partial(model_of, setting, seed), "scoring": {"score": setting.scoring}}
    grid, arms = list(range(300, 451, 30)), {}
    for draw, name in enumerate((*RANDOM, "null")):
        arms[name] = scored(uniform(len(found[1]), seed, draw), *found, grid=grid, **how)
    for name, size in SEEDS.items():
        curve, _ = asked(strategy, *found, seed, batch=15, budget=450, start=size, **how)
        arms[name] = scored(curve.picked, *found, grid=grid, **how)
    return {name: heights(scores) for name, scores in arms.items()}


@claim(SEED_CELLS, base="1 %", gains="score", shown="score")
def seed_size(cell, seed):
    """Q08: a seed of 1-5 % of the pool is enough (`auto`, which chooses its seed)."""
    return by_seed_size("auto", cell, seed)


@claim(SEED_CELLS, base="1 %", gains="score", shown="score")
def seed_size_random(cell, seed):
    """Q08 again: a seed drawn at random, then margin."""
    return by_seed_size("margin", cell, seed)


def calibration_error(estimator, X, y) -> float:
    """Expected calibration error of the top class, ten bins of equal width."""
    proba = estimator.predict_proba(X)
    sure, right = proba.max(axis=1), estimator.classes_[proba.argmax(axis=1)] == y
    bins = np.minimum((sure * 10).astype(int), 9)
    gaps = [abs(right[bins == b].mean() - sure[bins == b].mean()) * np.mean(bins == b)
            for b in np.unique(bins)]  # fmt: skip
    return float(sum(gaps))


@claim(
    "uci_optdigits/table/lr uci_waveform5000/table/lr uci_pageblocks/table/lr "
    "zhan_spambase/table/rf agnews_test/tfidf/lr mnist10k/pixels/rf trec6/tfidf/lr",
    base="no slice",
    gains="score easy hard calibration_error_last",
    shown="score calibration_error_last",
)
def control(cell, seed):
    """Q13: 10-20 % of each batch at random keep the model grounded."""
    X, y, X_test, _ = found = problem(cell, seed, 3000)
    setting = setting_of(cell)
    model = partial(model_of, setting, seed)
    easy, hard = halves(model().fit(X, y).predict_proba(X_test).max(axis=1))
    score = scorers_of(setting.scoring)[setting.scoring]
    scoring = {
        "score": score,
        "easy": OnPart(score, easy),
        "hard": OnPart(score, hard),
        "calibration_error": calibration_error,
    }
    policies = {
        "no slice": "auto",
        "10 %": auto(),
        "20 %": auto(control=0.2),
        "50 %": auto(control=0.5),
    }
    return arms_of(policies, found, seed, model=model, batch=30, budget=360, scoring=scoring)


@claim(
    "subj/tfidf/lr/200 subj/tfidf/lr/500 subj/tfidf/lr/1000 "
    "sci_scicite/tfidf/lr/200 sci_scicite/tfidf/lr/500 sci_scicite/tfidf/lr/1000 "
    "mnist10k/pixels/rf/200 mnist10k/pixels/rf/500 mnist10k/pixels/rf/1000 "
    "stream_elec2/table/rf/200 stream_elec2/table/rf/500 stream_elec2/table/rf/1000",
    base="",
    gains="",
    shown="cycles labels score_left labels_in_vain never_stopped",
)
def cycles(cell, seed):
    """Q09 and Q12: 5 to 15 cycles are usual; stopping under 0.5 points a cycle works."""
    size = int(cell.split("/")[3])
    X, y, X_test, y_test = problem(cell, seed, 8000, 2500)
    rule, truth = np.arange(500), np.arange(500, len(y_test))
    accuracy = scorers_of("accuracy")["accuracy"]
    scoring = {"measured": OnPart(accuracy, rule), "true": OnPart(accuracy, truth)}
    model = partial(model_of, setting_of(cell), seed)
    budget = min(6000, len(y) // size * size)
    grid = list(range(size, budget + 1, size))
    found = X, y, X_test, y_test
    how = {"model": model, "scoring": scoring}
    curve, _ = asked("auto", *found, seed, batch=size, budget=budget, control=CONTROL, **how)
    both = {
        "auto": scores_of(curve, found, grid=grid, **how),
        "random": scored(uniform(len(y), seed, 0), *found, grid=grid, **how),
    }
    return {
        f"{name}, patience {patience}": stopped(scores, grid, patience)
        for name, scores in both.items()
        for patience in (1, 3)
    }


def stopped(scores, grid: list[int], patience: int) -> dict[str, float]:
    """Where the rule ends a curve; what it leaves, and what it buys in vain."""
    rounds = [
        Round(i, labels=labels, metrics={"accuracy": Interval(s, s, s)})
        for i, (labels, s) in enumerate(zip(grid, scores["measured"].tolist(), strict=True))
    ]
    rule = Plateau(0.5, patience)
    at = next((i for i in range(len(grid)) if rule(rounds[: i + 1]).stop), len(grid) - 1)
    true = scores["true"]
    enough = int(np.argmax(true >= true[: at + 1].max() - 0.005))
    return {
        "cycles": float(at + 1),
        "labels": float(grid[at]),
        "score_left": float(true.max() - true[at]),
        "labels_in_vain": float(grid[at] - grid[enough]),
        "never_stopped": float(at == len(grid) - 1),
    }


@claim(
    "stream_elec2/table/rf/500 stream_elec2/table/rf/1000 stream_elec2/table/rf/5000 "
    "stream_elec2/table/rf/20000 subj/tfidf/lr/500 subj/tfidf/lr/1000 subj/tfidf/lr/5000 "
    "subj/tfidf/lr/8000 mnist10k/pixels/rf/500 mnist10k/pixels/rf/1000 mnist10k/pixels/rf/5000 "
    "mnist10k/pixels/rf/8000",
    base="random",
    gains="accuracy",
    shown="labels_saved below_full",
)
def pool_size(cell, seed):
    """Q19: not worth it under 5,000 items, worth it from 100,000 on."""
    size = int(cell.split("/")[3])
    X, y, X_test, y_test = found = problem(cell, seed, size)
    model = partial(model_of, setting_of(cell), seed)
    batch = size // 200
    grid = list(range(batch, 20 * batch + 1, batch))
    how = {"model": model, "scoring": "accuracy"}
    full = float(np.mean(model().fit(X, y).predict(X_test) == y_test))
    curves = {
        name: scored(uniform(len(y), seed, draw), *found, grid=grid, **how)["accuracy"]
        for draw, name in enumerate((*RANDOM, "null"))
    }
    curve, cpu = asked("auto", *found, seed, batch=batch, budget=20 * batch, control=CONTROL, **how)
    curves["auto"] = scores_of(curve, found, grid=grid, **how)["accuracy"]
    base = np.array([curves[name] for name in RANDOM])
    arms = {}
    for name, scores in curves.items():
        arms[name] = heights({"accuracy": scores}) | {"below_full": full - float(scores[-1])}
        if name not in RANDOM:
            mine = np.tile(scores, (len(base), 1))
            arms[name]["labels_saved"] = saved(grid, mine, base).labels.value
    arms["auto"]["cpu_seconds"] = cpu
    return arms
