"""Claims about awkward pools: copies, rare classes, blurred items, wrong labels, other models."""

from __future__ import annotations

from functools import partial

import numpy as np
from sklearn.ensemble import RandomForestRegressor
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.multiclass import OneVsRestClassifier
from sklearn.preprocessing import StandardScaler

import querist as q
from auto_settings import Setting, as_seen, model_of
from auto_sweeps_runs import (
    RANDOM,
    arms_of,
    asked,
    auto,
    claim,
    drawn,
    heights,
    problem,
    scored,
    setting_of,
    uniform,
)
from querist.simulation.oracles import Truth
from querist.simulation.problem import opened
from strategy_claims import arrays


def near_copy(item, rng: np.random.Generator, spread):
    """A text with one word left out; numbers with a little noise."""
    if isinstance(item, str):
        words = item.split()
        at = int(rng.integers(len(words))) if len(words) > 1 else 0
        return " ".join(words[:at] + words[at + 1 :]) or item
    return item + rng.normal(0, spread, np.shape(item))


def copied(items, at: np.ndarray, seed: int):
    """Near-copies of the items at those places."""
    rng = np.random.default_rng([seed, 80])
    # by column: noise in one that is constant would be all that a scaler leaves of it
    spread = None if items.dtype == object else 0.02 * items.std(axis=0)
    found = [near_copy(items[i], rng, spread) for i in at]
    return np.array(found, dtype=items.dtype)


@claim(
    "uci_optdigits/table/lr agnews_test/tfidf/lr mnist10k/pixels/rf",
    base="random",
    gains="",
    shown="copies_a_batch",
)
def copies(cell, seed):
    """B12: of 500 near-copies of one hard item a batch holds about one."""
    setting = setting_of(cell)
    items, y, held, _ = drawn(setting.data, seed, 2500)
    X, _ = as_seen(setting, items, held)
    model = partial(model_of, setting, seed)
    first = np.arange(50)
    proba = np.sort(model().fit(X[first], y[first]).predict_proba(X[50:]), axis=1)
    hard = 50 + int(np.argmin(proba[:, -1] - proba[:, -2]))
    at = np.full(500, hard)
    items, y = np.concatenate([items, copied(items, at, seed)]), np.append(y, y[at])
    X, _ = as_seen(setting, items, held)
    twins = np.arange(len(y)) >= 2500
    twins[hard] = True
    pool = opened(X)
    ids = pool.ids(np.arange(len(y)))
    truth, copy = dict(zip(ids, y.tolist(), strict=True)), dict(zip(ids, twins, strict=True))
    arms = {}
    for draw, name in enumerate((*RANDOM, "null")):
        order = uniform(len(y), seed, draw)[:150]
        arms[name] = {"copies_a_batch": float(twins[order].sum() / 3)}
    for name in ("auto", "margin", "entropy", "badge", "kcenter"):
        for guard in ("batch", "off"):
            live = q.campaign(
                pool,
                q.Choice(sorted(set(y.tolist()))),
                model=model(),
                strategy=name,
                log="memory://",
                batch=50,
                start=50,
                budget=200,
                control=0.0,
                seed=seed,
                labels={ids[i]: truth[ids[i]] for i in first},
                distinct=guard,
                measure=False,
            )
            live.run(Truth(truth))
            later = [label["id"] for label in live.labels()][len(first) :]
            found = sum(copy[item_id] for item_id in later) / 3
            arms[name if guard == "batch" else f"{name}, guard off"] = {
                "copies_a_batch": float(found)
            }
    return arms


@claim(
    "uci_optdigits/table/lr uci_waveform5000/table/lr zhan_spambase/table/rf "
    "agnews_test/tfidf/lr mnist10k/pixels/rf",
    base="random",
    gains="accuracy",
)
def redundant(cell, seed):
    """Q14: where most of the pool are near-copies, the combined strategy is ahead of others."""
    setting = setting_of(cell)
    items, y, held, y_test = drawn(setting.data, seed, 600)
    weights = 1 / (1 + np.random.default_rng([seed, 81]).permutation(len(y)))
    at = np.random.default_rng([seed, 82]).choice(len(y), 1800, p=weights / weights.sum())
    items, y = np.concatenate([items, copied(items, at, seed)]), np.append(y, y[at])
    X, X_test = as_seen(setting, items, held)
    policies = {"auto": auto(), **{n: n for n in ("margin", "badge", "kcenter", "cluster_margin")}}
    return arms_of(
        policies,
        (X, y, X_test, y_test),
        seed,
        model=partial(model_of, setting, seed),
        batch=20,
        budget=240,
        scoring="accuracy",
    )


RARE = {  # set: classes that take turns to be the rare one
    "uci_optdigits/table/lr": 10,
    "mnist10k/pixels/rf": 10,
    "uci_pageblocks/table/lr": 5,
    "agnews_test/tfidf/lr": 4,
    "newsgroups20/tfidf/lr": 20,
    "sms_spam/tfidf/lr": 2,
}


@claim(*RARE, base="random", gains="found balanced_accuracy_last", shown="found times_expected")
def rare(cell, seed):
    """B17: of 1 % positives, `auto` finds three times as many as random in 300 labels."""
    setting = setting_of(cell)
    items, y, held, y_test = drawn(setting.data, seed, 10**6)
    counts = np.bincount(y, minlength=RARE[cell])
    able = np.flatnonzero((counts >= 30) & (counts <= len(y) - 2970))
    positive = able[seed % len(able)]
    draw = np.random.default_rng([seed, 83])
    some = np.concatenate(
        [np.flatnonzero(y == positive)[:30], np.flatnonzero(y != positive)[:2970]]
    )
    some = draw.permutation(some)
    X, X_test = as_seen(setting, items[some], held)
    y, y_test = (y[some] == positive).astype(int), (y_test == positive).astype(int)
    known = np.flatnonzero(y == 1)[:1].tolist() + np.flatnonzero(y == 0)[:19].tolist()
    policies = {
        "auto": auto(),
        "auto, no slice": "auto",
        "auto, one positive known": auto(start=known),
        "margin": "margin",
        "certainty": "certainty",
    }
    arms = arms_of(
        policies,
        (X, y, X_test, y_test),
        seed,
        model=partial(model_of, setting, seed),
        batch=20,
        budget=300,
        scoring="balanced_accuracy",
        masks={"found": 300.0 * y},
    )
    for arm in arms.values():
        arm["times_expected"] = arm["found"] / 3.0  # 300 labels of 3,000 items, 30 positives
    return arms


def blends(items, y, count: int, seed: int):
    """Items between two classes: means of two rows, or halves of two texts."""
    draw = np.random.default_rng([seed, 84])
    found = []
    while len(found) < count:
        one, two = draw.integers(len(y), size=2)
        if y[one] == y[two]:
            continue
        a, b = items[one], items[two]
        if isinstance(a, str):
            a, b = a.split(), b.split()
            found.append(" ".join(a[: len(a) // 2] + b[len(b) // 2 :]) or "?")
        else:
            found.append((a + b) / 2)
    return np.array(found, dtype=items.dtype)


@claim(
    "uci_optdigits/table/lr mnist10k/pixels/rf agnews_test/tfidf/lr zhan_vehicle/table/lr",
    base="random",
    gains="accuracy accuracy_last",
    shown="in_blob",
)
def blob(cell, seed):
    """B18: items nobody can tell (blends of two classes, guessed labels) do not hold it up."""
    setting = setting_of(cell)
    items, y, held, y_test = drawn(setting.data, seed, 2500)
    count = len(y) // 9
    guesses = np.random.default_rng([seed, 85]).integers(y.max() + 1, size=count)
    items, told = np.concatenate([items, blends(items, y, count, seed)]), np.append(y, guesses)
    X, X_test = as_seen(setting, items, held)
    policies = {"auto": auto(), **{n: n for n in ("margin", "entropy", "badge", "kcenter")}}
    return arms_of(
        policies,
        (X, told, X_test, y_test),
        seed,
        model=partial(model_of, setting, seed),
        batch=25,
        budget=300,
        scoring="accuracy",
        masks={"in_blob": np.arange(len(told)) >= len(y)},
    )


NOISY = ["uci_optdigits/table/lr", "agnews_test/tfidf/lr", "zhan_spambase/table/rf"]
KINDS = [
    "0",
    "uniform-0.1",
    "uniform-0.2",
    "uniform-0.4",
    "boundary-0.1",
    "boundary-0.2",
    "boundary-0.4",
]


@claim(
    *(f"{cell}/{kind}" for cell in NOISY for kind in KINDS),
    base="random",
    gains="accuracy accuracy_last",
    shown="accuracy_last wrong",
)
def noise(cell, seed):
    """Q20: wrong labels can turn the gain of asking into harm."""
    setting = setting_of(cell)
    X, y, X_test, y_test = problem(cell, seed, 3000)
    kind, _, share = cell.split("/")[3].partition("-")
    rate = np.full(len(y), float(share or 0))
    if kind == "boundary":
        judge = LogisticRegression(C=1.0, max_iter=200).fit(X, y)
        proba = np.sort(judge.predict_proba(X), axis=1)
        rate = spread_over(1 - (proba[:, -1] - proba[:, -2]), rate[0])
    draw = np.random.default_rng([seed, 86])
    wrong = draw.random(len(y)) < rate
    classes = int(y.max()) + 1
    told = np.where(wrong, (y + draw.integers(1, classes, size=len(y))) % classes, y)
    return arms_of(
        {"auto": auto(), "margin": "margin"},
        (X, told, X_test, y_test),
        seed,
        model=partial(model_of, setting, seed),
        batch=25,
        budget=300,
        scoring="accuracy",
        masks={"wrong": told != y},
    )


def spread_over(weights: np.ndarray, mean: float) -> np.ndarray:
    """Rates in proportion to the weights, at most 0.9, of that mean."""
    low, high = 0.0, 1e6
    for _ in range(60):
        middle = (low + high) / 2
        few = np.minimum(middle * weights, 0.9).mean() < mean
        low, high = (middle, high) if few else (low, middle)
    return np.minimum(high * weights, 0.9)


TABLES = ("zhan_german", "zhan_vehicle", "uci_segment", "zhan_spambase", "zhan_banana")


@claim(
    *(f"{name}/table/{task}" for name in TABLES for task in ("lr", "svc", "rf")),
    base="random",
    gains="accuracy",
)
def mismatch(cell, seed):
    """T20: labels picked with one model serve another worse, or worse than random ones."""
    task = setting_of(cell)
    scaled = f"{task.data}/table/lr"  # all models get the same, scaled rows
    found = problem(scaled, seed, 2000)
    batch = 20
    grid = list(range(batch, 201, batch))
    how = {"model": partial(model_of, task, seed), "scoring": "accuracy"}
    arms = {
        name: scored(uniform(len(found[1]), seed, draw), *found, grid=grid, **how)
        for draw, name in enumerate((*RANDOM, "null"))
    }
    for by in ("lr", "svc", "rf"):
        model = partial(model_of, Setting(task.data, "table", by), seed)
        for strategy in ("auto", "margin"):
            curve, _ = asked(strategy, *found, seed, model=model, batch=batch, budget=200)
            name = f"{strategy} by {by}" + (", the same" if by == task.model else "")
            arms[name] = scored(curve.picked, *found, grid=grid, **how)
    return {name: heights(scores) for name, scores in arms.items()}


REGRESSORS = {
    "ridge": lambda seed: Ridge(),
    "rf": lambda seed: RandomForestRegressor(40, random_state=seed),
}
MEASURED = ("concrete", "energy", "wine", "yacht")


@claim(
    *(f"reg_{name}/table/{model}" for name in MEASURED for model in REGRESSORS),
    base="random",
    gains="rmse rmse_last",
    shown="rmse_last",
)
def numbers(cell, seed):
    """`auto` on numbers: less error than random at equal labels."""
    name, _, by = cell.split("/")
    found = arrays(name)
    order = np.random.default_rng([seed, 78]).permutation(len(found["y"]))
    held, pool = np.split(order, [round(0.3 * len(order))])
    scale = StandardScaler().fit(found["X"][pool])
    y = (found["y"] - found["y"][pool].mean()) / found["y"][pool].std()
    X = scale.transform(found["X"]).astype(float)
    budget = 200 if len(pool) > 400 else 100
    arms = arms_of(
        {"auto": auto(), "igs": "igs", "kcenter": "kcenter"},
        (X[pool], y[pool], X[held], y[held]),
        seed,
        model=partial(REGRESSORS[by], seed),
        batch=10,
        budget=budget,
        scoring={"rmse": "neg_root_mean_squared_error"},
    )
    return {name: {key: -value for key, value in arm.items()} for name, arm in arms.items()}


@claim(
    "ml_yeast/table/lr",
    base="random",
    gains="f1_micro f1_macro",
)
def several(cell, seed):
    """`auto` on several labels an item: a better F1 than random at equal labels."""
    found = arrays(cell.split("/")[0])
    order = np.random.default_rng([seed, 78]).permutation(len(found["y"]))
    held, pool = np.split(order, [450])
    X, y = found["X"].astype(float), found["y"].astype(int)
    X = StandardScaler().fit(X[pool]).transform(X)
    return arms_of(
        {"auto": auto(), "mmc": "mmc"},
        (X[pool], y[pool], X[held], y[held]),
        seed,
        model=lambda: OneVsRestClassifier(LogisticRegression(max_iter=500)),
        batch=20,
        budget=240,
        scoring=["f1_micro", "f1_macro"],
    )
