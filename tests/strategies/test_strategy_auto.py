import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.preprocessing import StandardScaler

from querist.core.types import Labelled, Signals
from querist.strategies import Auto, Random
from querist.testing.strategies import make_parts


def curve(strategy, train, test, vectors, classes, seed):
    picked, scores = np.empty(0, dtype=np.int64), []
    model = LogisticRegression(max_iter=2000)
    for number in range(8):
        left = np.setdiff1d(np.arange(len(vectors)), picked)
        if number:
            known = Labelled(vectors[picked], np.searchsorted(classes, train[1][picked]), classes)
            proba = np.zeros((len(left), len(classes)))
            proba[:, np.isin(classes, model.classes_)] = model.predict_proba(vectors[left])
            signals = Signals(proba=proba, vectors=vectors[left], labelled=known, ids=left)
        else:
            signals = Signals(vectors=vectors[left], ids=left)
        picked = np.append(picked, left[strategy.select(signals, 40, seed)])
        model.fit(vectors[picked], train[1][picked])
        scores.append(model.score(*test))
    return np.mean(scores)


def test_auto_beats_random_clearly_on_digits(load_set):
    data = load_set("uci_optdigits")
    gains = []
    for seed in range(3):
        order = np.random.default_rng(seed).permutation(len(data["X"]))[:3000]
        X, y = data["X"][order].astype(float), data["y"][order]
        X = StandardScaler().fit_transform(X).clip(-5, 5)
        train, test = (X[:2000], y[:2000]), (X[2000:], y[2000:])
        mean = {
            strategy: curve(strategy, train, test, X[:2000], np.unique(y), seed)
            for strategy in (Auto(), Random())
        }
        auto, random = mean.values()
        gains.append(auto - random)
    assert min(gains) > 0.01


@pytest.mark.parametrize("n", [450, 1999, 2000])
def test_large_batches_come_in_slices_without_repeats(n):
    parts = make_parts(2000)
    signals = Signals(**{name: parts[name] for name in ("proba", "vectors", "labelled", "ids")})
    picks = Auto().select(signals, n, 0)
    assert len(set(picks.tolist())) == n
    assert picks[:200].tolist() == Auto().select(signals, 200, 0).tolist()
