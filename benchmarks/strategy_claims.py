"""What is said of strategies, measured: rare classes, noise, confusable classes, costs, features.

    python benchmarks/strategy_claims.py                  # about 8 minutes on one core
    python benchmarks/strategy_claims.py noise --seeds 3  # one claim, a quick look
    python benchmarks/strategy_claims.py --table          # the tables of the page again

Every number comes from `q.compare` on real sets: strategies share the split and the start of a
seed, differences are paired over seeds, intervals are 95 %. Writes
benchmarks/results/strategy_claims.json, and the tables into docs/evidence/strategies.md.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import time
import warnings
from importlib.metadata import version
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
from sklearn.exceptions import ConvergenceWarning
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

import querist as q
from querist.metrics import paired
from querist.strategies import BALD, CostSensitive, Dropout, Learned
from running import put_tables

HERE = Path(__file__).parent
BESIDE = HERE.parents[1] / "shared" / "data"
DATA = Path(os.environ.get("QUERIST_SHARED_DATA", BESIDE)) / "sets"
PAGE = HERE.parent / "docs" / "evidence" / "strategies.md"
RESULTS = HERE / "results" / "strategy_claims.json"


def arrays(name):
    with np.load(DATA / name / "data.npz") as found:
        return {key: found[key] for key in found.files}


def optdigits():
    found = arrays("uci_optdigits")
    return found["X"].astype(np.float64) / 16, found["y"].astype(int)


def linear():
    return make_pipeline(StandardScaler(), LogisticRegression(max_iter=300))


def compared(X, y, strategies, seeds, **options):
    settings = {"model": linear(), "n_jobs": 1, "progress": False} | options
    return q.compare(X, y, strategies=strategies, seeds=seeds, **settings)


def joined(comparisons):
    """One comparison of several with a seed each."""
    names = comparisons[0].curves
    curves = {name: tuple(c.curves[name][0] for c in comparisons) for name in names}
    return q.Comparison(curves, tuple(c.seeds[0] for c in comparisons))


def interval(found):
    return [round(found.value, 4), round(found.low, 4), round(found.high, 4)]


def mean(values):
    m, low, high = (float(part[0]) for part in paired.curve_band(np.asarray(values)[:, None]))
    return [round(m, 4), round(low, 4), round(high, 4)]


def gain(a, b):
    return interval(paired.paired_bootstrap(np.asarray(a), np.asarray(b)))


def heights(found, name, score=None):
    return np.array([curve.aubc(score) for curve in found.curves[name]])


RARE = (
    "margin", "badge", "kcenter", "class_balanced", "certainty", "galaxy", "direct", "auto",
    "anchor_al",
)  # fmt: skip


def rare(seeds):
    """B17: one item in a hundred is positive; how many does 200 labels find?"""
    sets = {}
    X, y = optdigits()
    sets["optdigits, the eights"] = (X, y == 8)
    pages = arrays("uci_pageblocks")
    sets["page blocks, class 4 (a picture)"] = (pages["X"].astype(float), pages["y"] == 4)
    rows = []
    for name, (X, positive) in sets.items():
        runs, truths = [], []
        for seed in range(seeds):
            rng = np.random.default_rng(seed)
            some = np.concatenate(
                [
                    rng.permutation(np.flatnonzero(positive))[:25],
                    rng.permutation(np.flatnonzero(~positive))[:2475],
                ]
            )
            pool, rest = some, np.setdiff1d(np.arange(len(X)), some)
            label = positive.astype(int)
            runs.append(
                compared(
                    X[pool],
                    label[pool],
                    RARE,
                    [seed],
                    X_test=X[rest],
                    y_test=label[rest],
                    scoring="balanced_accuracy",
                    start=20,
                    batch=20,
                    budget=200,
                )
            )
            truths.append(label[pool])
        # the pools differ from seed to seed, and their positives come first in each
        assert all((truth == truths[0]).all() for truth in truths)
        found = joined(runs)
        for row in found.asked(truths[0]):
            if row["group"] != "1":
                continue
            final = found.matrix(row["strategy"])[1][:, -1]
            rows.append(
                {
                    "set": name,
                    "strategy": row["strategy"],
                    "found": [round(row[f"found{end}"], 2) for end in ("", "_low", "_high")],
                    "more_than_random": [
                        round(row[f"more{end}"], 2) for end in ("", "_low", "_high")
                    ]
                    if "more" in row
                    else None,
                    "balanced_accuracy": mean(final),
                }
            )
    return rows


NOISE = ("margin", "entropy", "badge", "kcenter", "information_density", "direct", "auto")


def noise(seeds):
    """B18: a region whose labels are random; who keeps asking there, and what it costs."""
    X, y = optdigits()
    rows = []
    runs, regions = [], []
    for seed in range(seeds):
        rng = np.random.default_rng(seed)
        order = rng.permutation(len(X))
        pool, test = order[:2500], order[2500:4500]
        centre = X[pool][y[pool] == 3].mean(axis=0)
        far = np.linalg.norm(X[pool] - centre, axis=1)
        by_region = np.argsort(far, kind="stable")  # the region comes first in every pool
        pool = pool[by_region]
        region = np.arange(len(pool)) < 250
        told = y[pool].copy()
        told[region] = rng.integers(0, 10, 250)
        clean = np.linalg.norm(X[test] - centre, axis=1) > np.sort(far)[250]
        runs.append(
            compared(
                X[pool],
                told,
                NOISE,
                [seed],
                X_test=X[test][clean],
                y_test=y[test][clean],
                start=50,
                batch=25,
                budget=300,
            )
        )
        regions.append(region)
    found = joined(runs)
    for row in found.asked(regions[0]):
        if row["group"] != "True":
            continue
        name = row["strategy"]
        rows.append(
            {
                "set": "optdigits, a tenth of it with random labels",
                "strategy": name,
                "pool_share": round(row["pool"], 3),
                "query_share": [round(row[f"share{end}"], 4) for end in ("", "_low", "_high")],
                "accuracy_elsewhere": mean(found.matrix(name)[1][:, -1]),
                "against_random": None
                if name == "random"
                else gain(found.matrix(name)[1][:, -1], found.matrix("random")[1][:, -1]),
            }
        )
    return rows


def card_intents():
    """Bank customers' questions about cards: intents that are easily taken for each other."""
    table = pq.read_table(DATA / "banking77" / "data.parquet").to_pydict()
    rows = [i for i, label in enumerate(table["label"]) if "card" in label]
    texts = [table["text"][i] for i in rows]
    labels = np.array([table["label"][i] for i in rows])
    return TfidfVectorizer(sublinear_tf=True, min_df=2).fit_transform(texts), labels


def confusable(seeds):
    """B19: margin against entropy and least confidence where classes are alike."""
    car = arrays("zhan_vehicle")
    cases = {
        "optdigits (10 digits)": (*optdigits(), linear(), 50, 25, 400),
        "vehicle (4 silhouettes)": (car["X"], car["y"], linear(), 20, 10, 200),
        "banking77, card intents": (
            *card_intents(), LogisticRegression(C=10, max_iter=200), 100, 50, 500,
        ),
    }  # fmt: skip
    rows = []
    for name, (X, y, model, start, batch, budget) in cases.items():
        found = compared(
            X,
            y,
            ["margin", "entropy", "least_confidence"],
            seeds,
            model=model,
            start=start,
            batch=batch,
            budget=budget,
        )
        margin = heights(found, "margin")
        for strategy in found.curves:
            own = heights(found, strategy)
            rows.append(
                {
                    "set": name,
                    "classes": len(np.unique(y)),
                    "strategy": strategy,
                    "mean_height": mean(own),
                    "margin_minus_this": None if strategy == "margin" else gain(margin, own),
                }
            )
    return rows


def spread(seeds):
    """B11: uncertainty then diversity; how far apart are the items of a batch?"""
    X, y = optdigits()
    X, y = X[:3000], y[:3000]
    found = compared(X, y, ["margin", "diverse_batch", "badge", "auto"], seeds, start=50, batch=50,
                     budget=300)  # fmt: skip

    def nearest(curve):
        """Mean distance of an item to the nearest other of its batch."""
        gaps = []
        for low, high in zip(curve.labels, curve.labels[1:], strict=False):
            batch = X[curve.picked[low:high]]
            apart = np.linalg.norm(batch[:, None] - batch[None], axis=2)
            np.fill_diagonal(apart, np.inf)
            gaps.append(apart.min(axis=1).mean())
        return float(np.mean(gaps))

    gaps = {name: [nearest(c) for c in curves] for name, curves in found.curves.items()}
    return [
        {
            "set": "optdigits, batches of 50",
            "strategy": name,
            "nearest_in_batch": mean(own),
            "against_margin": None if name == "margin" else gain(own, gaps["margin"]),
            "mean_height": mean(heights(found, name)),
            "height_against_margin": None
            if name == "margin"
            else gain(heights(found, name), heights(found, "margin")),
        }
        for name, own in gaps.items()
    ]


MISSED = [[0.0, 1.0], [10.0, 0.0]]  # a missed positive costs ten false alarms


def cheapest(estimator, X, y):
    """Minus the mean cost of a mistake, deciding for what is expected to cost least."""
    matrix = np.array(MISSED)
    decided = (estimator.predict_proba(X) @ matrix).argmin(axis=1)
    return -float(matrix[np.asarray(y, dtype=int), decided].mean())


def costs(seeds):
    """I11: a missed positive costs ten times a false alarm; does asking by cost pay?"""
    cases = {}
    for name in ("zhan_wdbc", "zhan_german", "zhan_diabetes"):
        found = arrays(name)
        positive = found["y"] == (1 if np.mean(found["y"] == 1) < 0.5 else -1)
        cases[name.removeprefix("zhan_")] = (found["X"], positive.astype(int))
    strategies = {
        "cost_sensitive": CostSensitive(MISSED),
        "cost_sensitive margin": CostSensitive(MISSED, form="margin"),
        "margin": "margin",
    }
    rows = []
    for name, (X, y) in cases.items():
        found = compared(
            X,
            y,
            strategies,
            seeds,
            scoring={"cost": cheapest, "accuracy": "accuracy"},
            start=20,
            batch=5,
            budget=120,
        )
        base = heights(found, "margin", "cost")
        rows += [
            {
                "set": name,
                "strategy": strategy,
                "mean_cost": mean(-heights(found, strategy, "cost")),
                "saved_against_margin": None
                if strategy == "margin"
                else gain(heights(found, strategy, "cost"), base),
                "accuracy": mean(heights(found, strategy, "accuracy")),
            }
            for strategy in found.curves
        ]
    return rows


def pretrained_features(X):
    """The hidden layer of a network that was trained on other people's digits (MNIST)."""
    mnist = arrays("mnist10k")
    middle = (mnist["X"][:, 4:24, 4:24] > 127).astype(np.float64)  # as optdigits fill their frame
    small = np.kron(middle, np.ones((1, 2, 2))).reshape(-1, 8, 5, 8, 5).mean(axis=(2, 4))
    small = small.reshape(-1, 64)
    network = MLPClassifier((256,), max_iter=200, random_state=0, early_stopping=True)
    network.fit(small, mnist["y"])
    return np.maximum(X @ network.coefs_[0] + network.intercepts_[0], 0)


def reached(comparison, strategy, goal):
    labels = comparison.labels_to(goal)[strategy].labels.value
    return round(labels) if np.isfinite(labels) else "most seeds never"


def learned(seeds):
    """J01: strategies in the space that a network has learned, and its dropout."""
    X, y = optdigits()
    X, y = X[:3000], y[:3000]
    network = MLPClassifier((32,), max_iter=60, learning_rate_init=0.01, random_state=0)
    strategies = {
        "margin": "margin",
        "badge, pixels": "badge",
        "badge, learned": Learned("badge"),
        "kcenter, pixels": "kcenter",
        "kcenter, learned": Learned("kcenter"),
        "BALD, dropout": BALD(Dropout(20)),
    }
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", category=ConvergenceWarning)
        found = compared(X, y, strategies, seeds, model=network, start=40, batch=40, budget=280)
    base = heights(found, "random")
    return [
        {
            "set": "optdigits, network of 32 units",
            "strategy": name,
            "mean_height": mean(heights(found, name)),
            "against_random": None if name == "random" else gain(heights(found, name), base),
        }
        for name in found.curves
    ]


def transfer(seeds):
    """I10: features learned elsewhere against raw pixels, with and without asking."""
    X, y = optdigits()
    learned = pretrained_features(X)
    found = {
        name: compared(part, y, ["margin", "auto"], seeds, start=30, batch=20, budget=230)
        for name, part in {"raw pixels": X, "pretrained on MNIST": learned}.items()
    }
    raw = found["raw pixels"]
    base = heights(raw, "random")
    goal = float(raw.matrix("random")[1][:, -1].mean())
    return [
        {
            "set": "optdigits",
            "features": features,
            "strategy": strategy,
            "mean_height": mean(heights(comparison, strategy)),
            "against_raw_random": None
            if comparison is raw and strategy == "random"
            else gain(heights(comparison, strategy), base),
            "labels_to_raw_random_at_230": reached(comparison, strategy, goal),
        }
        for features, comparison in found.items()
        for strategy in comparison.curves
    ]


# claim -> (function, seeds)
CLAIMS = {
    "rare": (rare, 10),
    "noise": (noise, 10),
    "confusable": (confusable, 10),
    "spread": (spread, 10),
    "costs": (costs, 20),
    "transfer": (transfer, 10),
    "learned": (learned, 10),
}


def said(value):
    """A cell: a number with its interval, or a plain value."""
    if value is None:
        return ""
    if not isinstance(value, list):
        return str(value)
    digits = 1 if max(map(abs, value)) >= 2 else 3
    middle, low, high = (f"{v:.{digits}f}" for v in value)
    return f"{middle} [{low}, {high}]"


def tables(report):
    """Each claim as a Markdown table."""
    found = {}
    for name, claim in report["claims"].items():
        columns = list(claim["rows"][0])
        lines = ["| " + " | ".join(column.replace("_", " ") for column in columns) + " |"]
        lines.append("|" + "---|" * len(columns))
        for row in claim["rows"]:
            lines.append("| " + " | ".join(said(row[column]) for column in columns) + " |")
        found[name] = "\n".join(lines)
    return found


def write_page(report):
    """Put the tables between their marks in the docs page; the words are people's."""
    put_tables(PAGE, tables(report))


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("claims", nargs="*", default=list(CLAIMS), metavar="CLAIM")
    parser.add_argument("--seeds", type=int)
    parser.add_argument(
        "--table",
        action="store_true",
        help="only write the tables of the page",
    )
    options = parser.parse_args()
    report = json.loads(RESULTS.read_text()) if RESULTS.exists() else {"claims": {}}
    if options.table:
        write_page(report)
        return
    for name in options.claims:
        run, seeds = CLAIMS[name]
        begun = time.process_time()
        rows = run(options.seeds or seeds)
        report["claims"][name] = {
            "claim": run.__doc__,
            "seeds": options.seeds or seeds,
            "cpu_seconds": round(time.process_time() - begun, 1),
            "rows": rows,
        }
        print(f"{name}: {report['claims'][name]['cpu_seconds']} CPU s", flush=True)
        for row in rows:
            print("  " + "  ".join(said(value) for value in row.values()), flush=True)
    report["command"] = "python benchmarks/strategy_claims.py"
    report["python"] = platform.python_version()
    report["versions"] = {name: version(name) for name in ("querist", "numpy", "scikit-learn")}
    if options.seeds is None:
        RESULTS.write_text(json.dumps(report, indent=1, allow_nan=False) + "\n")
        if PAGE.exists():
            write_page(report)
        print(f"written to {RESULTS.relative_to(HERE.parent)}")


if __name__ == "__main__":
    main()
