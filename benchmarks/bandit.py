"""Does `Bandit` keep up with its best arm, and how soon does it leave an arm that turned bad?

    python benchmarks/bandit.py                                   # ten minutes or so of one core
    python benchmarks/bandit.py "vehicle (4 silhouettes)" --seeds 3  # one set, a quick look
    python benchmarks/bandit.py --table                           # the tables of the page again

Five real sets, ten seeds, 320 labels in batches of 20, a linear model. First every arm alone, the
bandit over all of them and random share the split and the start of a seed. Then one arm more is
sabotaged: it asks like margin for five rounds, and from then on for the most certain items only,
or does so from the start. Counted is the share that it still has in each round after. Sets run
are merged into benchmarks/results/bandit.json, and the tables of docs/evidence/strategies.md are
made of it.
"""

from __future__ import annotations

import argparse
import json
import platform
import time
import warnings
from importlib.metadata import version

import numpy as np
import pyarrow.parquet as pq
from sklearn.decomposition import TruncatedSVD
from sklearn.exceptions import ConvergenceWarning
from sklearn.feature_extraction.text import TfidfVectorizer

import querist as q
import strategy_claims as claims
from querist.core.remarks import remarks
from querist.strategies import Bandit, Margin

RESULTS = claims.HERE / "results" / "bandit.json"
ARMS = ("margin", "badge", "max_herding")
START, BATCH, BUDGET = 20, 20, 320
GOOD = 5  # rounds before the sabotage


def optdigits():
    return claims.optdigits()


def table(name):
    found = claims.arrays(name)
    return found["X"].astype(np.float64), found["y"].astype(int)


def trec6():
    rows = pq.read_table(claims.DATA / "trec6" / "data.parquet").to_pydict()
    words = TfidfVectorizer(sublinear_tf=True, min_df=2).fit_transform(rows["text"])
    return TruncatedSVD(100, random_state=0).fit_transform(words), np.array(rows["label"])


SETS = {
    "optdigits (10 digits)": optdigits,
    "page blocks (5 classes, one of 90 %)": lambda: table("uci_pageblocks"),
    "waveform (3 classes)": lambda: table("uci_waveform5000"),
    "vehicle (4 silhouettes)": lambda: table("zhan_vehicle"),
    "trec6 (6 kinds of question)": trec6,
}


def sabotaged(after):
    """An arm that asks like margin until `after` labels, then for what is most certain."""

    def turncoat(signals, n, rng):
        if len(signals.labelled) < after:
            return Margin().select(signals, n, rng)
        return np.argsort(-signals.proba.max(axis=1), kind="stable")[:n]

    turncoat.needs = frozenset({"proba", "labelled"})
    return turncoat


class Watched(Bandit):
    """A bandit that keeps what it said of its shares, by the labels of the time."""

    def _pick(self, signals, n, rng):
        with remarks() as said:
            picks = super()._pick(signals, n, rng)
        pairs = said[0].split(": ")[1].split(", ")
        shares = {name: float(share) for name, share in (pair.split() for pair in pairs)}
        self.told.setdefault(len(signals.labelled), shares)
        return picks


def shares_after(X, y, seed, after):
    """Share of the sabotaged arm in 8 rounds, from the one in which it first asked badly.

    While one class only is known no arm is asked, so a campaign may go on for some rounds more.
    """
    strategy = Watched([*ARMS, sabotaged(after)])
    strategy.told = {}
    q.simulate(
        X, y, model=claims.linear(), strategy=strategy, start=START, batch=BATCH,
        budget=min(BUDGET, max(after, START) + 10 * BATCH), seed=seed,
    )  # fmt: skip
    return [s["turncoat"] for m, s in sorted(strategy.told.items()) if m >= max(after, START)][:8]


def judged(name, seeds):
    """Heights of all, the bandit against its best arm, and the sabotaged arm's shares."""
    X, y = SETS[name]()
    found = claims.compared(
        X, y, [*ARMS, Bandit(ARMS)], seeds, start=START, batch=BATCH, budget=BUDGET
    )
    heights = {text: claims.heights(found, text) for text in found.curves}
    bandit = heights.pop(next(text for text in heights if text.startswith("Bandit")))
    best = max(ARMS, key=lambda arm: heights[arm].mean())
    turned = [shares_after(X, y, seed, START + GOOD * BATCH) for seed in range(seeds)]
    always = [shares_after(X, y, seed, 0) for seed in range(seeds)]
    fair = 1 / (len(ARMS) + 2)
    return {
        "bandit": claims.mean(bandit),
        "arms": {arm: claims.mean(values) for arm, values in heights.items()},
        "best_arm": best,
        "of_best": round(float(bandit.mean() / heights[best].mean()), 4),
        "against_best": claims.gain(bandit, heights[best]),
        "against_random": claims.gain(bandit, heights["random"]),
        "fair_share": fair,
        "turned_shares": np.mean(turned, axis=0).round(3).tolist(),
        "always_shares": np.mean(always, axis=0).round(3).tolist(),
        "rounds_to_fair": [rounds_to(shares, fair) for shares in turned],
        "rounds_to_fair_always": [rounds_to(shares, fair) for shares in always],
    }


def rounds_to(shares, fair):
    """Rounds of bad items after which the arm first has the fair share or less; 8 for never."""
    return next((at for at, share in enumerate(shares) if share <= fair), len(shares))


def pages(sets):
    """The tables of the page."""
    rows = [
        {
            "set": name,
            "seeds": row["seeds"],
            "bandit": row["bandit"],
            "its best arm": f"{row['best_arm']} {row['arms'][row['best_arm']][0]:.3f}",
            "of the best": row["of_best"],
            "against the best": row["against_best"],
            "against random": row["against_random"],
        }
        for name, row in sets.items()
    ]
    shares = [
        {
            "set": name,
            "when it turns": row["turned_shares"][0],
            "a round later": row["turned_shares"][1],
            "3 rounds": row["turned_shares"][3],
            "5 rounds": row["turned_shares"][5],
            "7 rounds": row["turned_shares"][7],
            "bad from the start: 5 rounds": row["always_shares"][5],
            "seeds that took 5 rounds or fewer": (
                f"{sum(r <= 5 for r in row['rounds_to_fair'] + row['rounds_to_fair_always'])} of "
                f"{2 * len(row['rounds_to_fair'])}"
            ),
        }
        for name, row in sets.items()
    ]
    return {"bandit": rows, "sabotage": shares}


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("sets", nargs="*", default=list(SETS))
    parser.add_argument("--seeds", type=int, default=10)
    parser.add_argument("--table", action="store_true")
    options = parser.parse_args()
    warnings.simplefilter("ignore", ConvergenceWarning)
    report = json.loads(RESULTS.read_text()) if RESULTS.exists() else {"sets": {}}
    if not options.table:
        for name in options.sets:
            begun = time.process_time()
            found = {"seeds": options.seeds} | judged(name, options.seeds)
            report["sets"][name] = found | {"cpu_seconds": round(time.process_time() - begun)}
            print(name, json.dumps(found), flush=True)
        report["command"] = "python benchmarks/bandit.py"
        report["python"] = platform.python_version()
        report["versions"] = {name: version(name) for name in ("querist", "numpy", "scikit-learn")}
        RESULTS.write_text(json.dumps(report, indent=1) + "\n")
    tables = pages({name: report["sets"][name] for name in SETS if name in report["sets"]})
    claims.write_page({"claims": {name: {"rows": rows} for name, rows in tables.items()}})


if __name__ == "__main__":
    main()
