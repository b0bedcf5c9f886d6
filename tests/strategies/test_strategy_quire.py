"""QUIRE against its definition, solved for every candidate, and scikit-activeml."""

from __future__ import annotations

import numpy as np
import pytest

from querist.core.errors import BadInput
from querist.core.types import Labelled, Signals
from querist.strategies import QUIRE, quire


def made(k, m=8, n=25, d=3, seed=0):
    rng = np.random.default_rng(seed)
    known = Labelled(rng.normal(size=(m, d)), np.arange(m) % k, tuple("abcd"[:k]))
    return Signals(vectors=rng.normal(size=(n, d)), labelled=known)


def loss(inverse, y, known, at, others):
    """Lowest y' inverse y over real labels of the others, label 1 at the candidate."""
    fixed = np.zeros(len(inverse))
    fixed[known], fixed[at] = y, 1.0
    fixed[others] = -np.linalg.solve(inverse[np.ix_(others, others)], (inverse @ fixed)[others])
    return fixed @ inverse @ fixed


@pytest.mark.parametrize("k", [2, 4])
@pytest.mark.parametrize("ridge", [0.3, 1.0])
def test_the_worst_label_with_all_others_at_their_best(k, ridge):
    signals = made(k)
    known = signals.labelled
    rows = np.concatenate([known.vectors, signals.vectors])
    gamma = 1 / (signals.vectors.shape[1] * signals.vectors.var(axis=0).mean())
    kernel = np.exp(-gamma * ((rows[:, None] - rows[None]) ** 2).sum(axis=2))
    inverse = np.linalg.inv(kernel + ridge * np.eye(len(rows)))
    expected = []
    for at in range(8, len(rows)):
        others = [i for i in range(8, len(rows)) if i != at]
        ways = [np.where(known.targets == c, 1.0, -1.0) for c in range(k)]
        expected.append(max(loss(inverse, y, np.arange(8), at, others) for y in ways))
    np.testing.assert_allclose(QUIRE(ridge).score(signals), -np.array(expected), atol=1e-7)


@pytest.mark.parametrize("k", [2, 3])
def test_agrees_with_scikit_activeml(k):
    pool = pytest.importorskip("skactiveml.pool")
    signals = made(k, n=60, seed=k)
    rows = np.concatenate([signals.labelled.vectors, signals.vectors])
    y = np.append(signals.labelled.targets.astype(float), np.full(60, np.nan))
    query = pool.Quire(classes=list(range(k)), metric_dict={"gamma": 0.4}, random_state=0)
    theirs, scores = query.query(rows, y, batch_size=6, return_utilities=True)
    np.testing.assert_allclose(QUIRE(gamma=0.4).score(signals), scores[0][8:], atol=1e-7)
    np.testing.assert_array_equal(QUIRE(gamma=0.4).select(signals, 6, 0) + 8, theirs)


def test_neither_origin_nor_unit_matters():
    signals = made(3)
    known = signals.labelled
    turned = Signals(
        vectors=1e4 + 7 * signals.vectors,
        labelled=Labelled(1e4 + 7 * known.vectors, known.targets, known.classes),
    )
    np.testing.assert_allclose(QUIRE().score(turned), QUIRE().score(signals), atol=1e-6)


def test_too_many_labels_are_refused(monkeypatch):
    monkeypatch.setattr(quire, "MOST", 7)
    with pytest.raises(BadInput, match="at most 7 labelled items, but there are 8"):
        QUIRE().select(made(2), 1, 0)


@pytest.mark.parametrize("given", [{"ridge": 0}, {"gamma": -1.0}])
def test_bad_options(given):
    with pytest.raises(BadInput, match=next(iter(given))):
        QUIRE(**given)
