"""Easy and hard items: halves of the test by how sure a reference model is of them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.model_selection import KFold

from querist.core.protocols import Pool
from querist.core.types import Floats, Ints
from querist.models import one_thread
from querist.models.batches import take
from querist.models.estimators import fresh
from querist.simulation.scoring import Scorer

FOLDS = 5
EASY, HARD = "easy", "hard"


def sureness(model: Any, pool: Pool, y: NDArray[Any]) -> Floats:
    """How sure a model that never saw it is of each item, (n,), by five-fold cross-fitting.

    Of classes: the largest probability. Of several labels: the mean over labels of the
    larger of p and 1 - p. Of numbers: minus the absolute error. The folds are drawn at
    random from seed 0. Costs five fits on four fifths of all labels.

    Parameters
    ----------
    model : estimator
        With `predict_proba`, or a regressor.
    pool : Pool
    y : array (n,) or (n, k)
    """
    folds = KFold(FOLDS, shuffle=True, random_state=0)
    proba = hasattr(model, "predict_proba")
    with one_thread():
        found = np.zeros(len(y))
        for train, test in folds.split(np.zeros(len(y))):
            fitted = fresh(model, 0).fit(pool.items(train), y[train])
            if not proba:
                found[test] = -np.abs(np.asarray(fitted.predict(pool.items(test))) - y[test])
                continue
            said = np.asarray(fitted.predict_proba(pool.items(test)))
            sure = np.maximum(said, 1 - said).mean(axis=1) if y.ndim == 2 else said.max(axis=1)
            found[test] = sure
    return found


@dataclass(frozen=True)
class OnPart:
    """A score on some rows of the test only."""

    scorer: Scorer
    rows: Ints

    def __call__(self, estimator: Any, X: Any, y: Any) -> float:
        """The score of a fitted estimator on those rows."""
        return self.scorer(estimator, take(X, self.rows), np.asarray(y)[self.rows])


def halves(sure: Floats) -> tuple[Ints, Ints]:
    """Positions of the easy and of the hard half; of equally sure items the first are easy.

    Examples
    --------
    >>> easy, hard = halves(np.array([0.9, 0.5, 0.7, 0.6]))
    >>> easy.tolist(), hard.tolist()
    ([0, 2], [1, 3])
    """
    order = np.argsort(-sure, kind="stable")
    middle = (len(order) + 1) // 2
    return np.sort(order[:middle]), np.sort(order[middle:])


def by_halves(scorers: dict[str, Scorer], sure: Floats) -> dict[str, Scorer]:
    """The scorers, and the first one on the easy and on the hard half of the test.

    Parameters
    ----------
    scorers : dict
    sure : array (t,)
        Of the items of the test, in its order.
    """
    name, first = next(iter(scorers.items()))
    parts = dict(zip((EASY, HARD), halves(sure), strict=True))
    return scorers | {half_of(name, half): OnPart(first, rows) for half, rows in parts.items()}


def half_of(score: str, half: str) -> str:
    """Name of a score on a half.

    Examples
    --------
    >>> half_of("accuracy", HARD)
    'accuracy[hard]'
    """
    return f"{score}[{half}]"
