"""What a strategy may look at: arrays, one row per candidate, checked in one place."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from querist.core.arrays import Floats, Positions
from querist.core.errors import BadInput
from querist.core.matrices import (
    check_columns,
    check_decision,
    check_matrix,
    check_proba,
    check_targets,
    check_vectors,
    check_widths,
)

ROWWISE = (
    "proba",
    "decision",
    "draws",
    "vectors",
    "cost",
    "ids",
    "predicted",
    "marginals",
    "distances",
    "neighbours",
    "groups",
)
WHOLE = ("labelled", "reference", "mistakes")  # not one row per candidate
NAMES = (*ROWWISE, *WHOLE)
FROM_MODEL = frozenset({"proba", "decision", "draws", "predicted", "marginals"})
POINTS = 10_000  # points to be covered; of a larger pool a sample of so many
MEMBERS = 5  # models of a committee where a strategy that reads draws names no number


@dataclass(frozen=True, eq=False)
class Queries:
    """How each labelled item came to be asked, as the log tells it.

    Parameters
    ----------
    by : array (m,) of str
        The strategy, as `Picks.names` said; "" for labels that no strategy asked for.
    rounds : array (m,) of int
        The round that asked, -1 for none.
    chance, scores : array (m,)
        `Picks.probability` and `Picks.scores` of that time, NaN where there was none.

    Examples
    --------
    >>> asked = Queries(["Margin", ""], [3, -1], [1.0, np.nan], [-0.2, np.nan])
    >>> len(asked)
    2
    """

    by: NDArray[Any]
    rounds: NDArray[Any]
    chance: Floats
    scores: Floats

    def __post_init__(self) -> None:
        object.__setattr__(self, "by", np.asarray(self.by))
        object.__setattr__(self, "rounds", np.asarray(self.rounds, dtype=np.int64))
        _as_arrays(self, "chance", "scores")
        lengths = {len(self.by), len(self.rounds), len(self.chance), len(self.scores)}
        if len(lengths) > 1:
            raise BadInput(
                f"queries hold one entry per labelled item, but their lengths: {lengths}"
            )

    def __len__(self) -> int:
        return len(self.by)


@dataclass(frozen=True, eq=False)
class Labelled:
    """What is labelled already.

    Parameters
    ----------
    vectors : array (m, d) or None
        Feature vectors of the labelled items.
    targets : array (m,) or (m, k)
        Class positions ``0..k-1`` into `classes`, numbers for a regression, or 0/1 a label.
    classes : sequence of str
        The k class names; empty for a regression.
    proba : array (m, k), optional
        What the model says of the labelled items; a few strategies compare with it.
    marginals : array (m, k), optional
        The same for several labels an item: the probability of each by itself.
    queries : Queries, optional
        Who asked each of them, and when, for strategies that learn from what came of it.
    """

    vectors: Floats | None
    targets: NDArray[Any]
    classes: Sequence[str] = ()
    proba: Floats | None = None
    marginals: Floats | None = None
    queries: Queries | None = None

    def __post_init__(self) -> None:
        _as_arrays(self, "vectors", "targets", "proba", "marginals")
        check_targets(self.targets, len(self.classes))
        if self.proba is not None:
            check_proba("labelled.proba", self.proba)
        if self.marginals is not None:
            _check_marginals("labelled.marginals", self.marginals)
        if self.vectors is not None:
            check_vectors("labelled.vectors", self.vectors)
        for name in ("vectors", "proba", "marginals"):
            part = getattr(self, name)
            if part is not None and part.shape[0] != len(self.targets):
                raise BadInput(
                    f"labelled.{name} has {part.shape[0]} rows but labelled.targets has "
                    f"{len(self.targets)}; give one row per labelled item"
                )
        if self.queries is not None and len(self.queries) != len(self.targets):
            raise BadInput(
                f"labelled.queries has {len(self.queries)} entries but labelled.targets has "
                f"{len(self.targets)}; give one per labelled item"
            )

    def __len__(self) -> int:
        return len(self.targets)


@dataclass(frozen=True, eq=False)
class Signals:
    """Everything a query strategy may look at, one row per candidate.

    Parameters
    ----------
    proba : array (n, k)
        Class probabilities; rows sum to one.
    decision : array (n,) or (n, k)
        Decision values: signed distance for two classes, one column a class otherwise.
    draws : array (n, s, k)
        Class probabilities of s posterior samples or committee members.
    vectors : array (n, d)
        Feature vectors; a sparse matrix for strategies with `takes_sparse`.
    labelled : Labelled
        What is labelled already.
    reference : array (r, d)
        Points to be covered; the candidates themselves when absent. A campaign gives its pool,
        of more than 10,000 items a sample that goes by item.
    cost : array (n,)
        Price of one label per candidate, positive.
    ids : array (n,)
        Item keys. They decide ties and draws, so a pick does not depend on row order.
    predicted : array (n, s)
        Numbers predicted by s regressors: the model alone (s = 1), or a committee.
    marginals : array (n, k)
        Probability of each of k labels by itself, in [0, 1] (several labels an item).
    distances : array (n, j), neighbours : array (n, j)
        How far the j nearest of `labelled.vectors` are, nearest first, and their positions
        there. A campaign keeps them between rounds; without them strategies compute them.
    groups : array (n,)
        Name of the group each candidate belongs to, such as a region.
    mistakes : array (k, k)
        What deciding for the column costs when the row is true: not negative.

    Raises
    ------
    BadInput
        For NaN, negative or unnormalised probabilities, arrays of different lengths or of a
        wrong shape, and vectors beyond 1e60, or all within 1e-60 of zero without being zero.

    Examples
    --------
    >>> len(Signals(proba=np.array([[0.98, 0.02], [0.52, 0.48]])))
    2
    """

    proba: Floats | None = None
    decision: Floats | None = None
    draws: Floats | None = None
    vectors: Floats | None = None
    labelled: Labelled | None = None
    reference: Floats | None = None
    cost: Floats | None = None
    ids: NDArray[Any] | None = None
    predicted: Floats | None = None
    marginals: Floats | None = None
    distances: Floats | None = None
    neighbours: Positions | None = None
    groups: NDArray[Any] | None = None
    mistakes: Floats | None = None
    _len: int = field(init=False, repr=False, default=0)

    def __post_init__(self) -> None:
        _as_arrays(self, *ROWWISE, "reference", "mistakes")
        for name in ("cost", "ids", "groups"):
            if (column := getattr(self, name)) is not None and column.ndim != 1:
                raise BadInput(f"{name} must have shape (n,), but it has shape {column.shape}")
        if self.labelled is not None and not hasattr(self.labelled, "targets"):
            what = type(self.labelled).__name__
            raise BadInput(f"labelled must be made by q.Labelled, but it is a {what}")
        lengths = {
            name: value.shape[0] for name in ROWWISE if (value := getattr(self, name)) is not None
        }
        if len(set(lengths.values())) > 1:
            said = ", ".join(f"{name} {length}" for name, length in lengths.items())
            raise BadInput(f"signals must have one row per candidate, but the lengths are: {said}")
        object.__setattr__(self, "_len", next(iter(lengths.values()), 0))
        if self.proba is not None:
            check_proba("proba", self.proba, ndim=2)
        if self.draws is not None:
            check_proba("draws", self.draws, ndim=3)
        if self.predicted is not None:
            check_matrix("predicted", self.predicted)
            check_columns("predicted", self.predicted)
        if self.marginals is not None:
            _check_marginals("marginals", self.marginals)
        if self.decision is not None:
            check_decision(self.decision)
        if self.vectors is not None:
            check_vectors("vectors", self.vectors)
            check_columns("vectors", self.vectors)
        if self.reference is not None:
            check_vectors("reference", self.reference)
            if not self.reference.shape[0]:
                raise BadInput("reference holds no point to be covered; give some, or leave it out")
            if self.vectors is not None:
                check_widths("reference", self.reference, "vectors", self.vectors)
        _check_nearest(self)
        if self.mistakes is not None:
            object.__setattr__(self, "mistakes", checked_mistakes(self.mistakes))
        if self.cost is not None and not (np.isfinite(self.cost).all() and (self.cost > 0).all()):
            raise BadInput("cost must be positive and finite for every candidate")
        told = None if self.labelled is None else self.labelled.marginals
        if self.marginals is not None and told is not None:
            check_widths("labelled.marginals", told, "marginals", self.marginals)
        known = None if self.labelled is None else self.labelled.vectors
        if self.vectors is not None and known is not None and known.shape[0]:
            check_widths("labelled.vectors", known, "vectors", self.vectors)

    def __len__(self) -> int:
        return self._len

    def given(self) -> frozenset[str]:
        """Names of the signals that are present.

        Examples
        --------
        >>> sorted(Signals(vectors=np.zeros((3, 2)), cost=np.ones(3)).given())
        ['cost', 'vectors']
        """
        return frozenset(name for name in NAMES if getattr(self, name) is not None)

    def take(self, positions: Positions) -> Signals:
        """Signals of some of the candidates, in the order given.

        Examples
        --------
        >>> Signals(cost=np.array([1.0, 2.0, 3.0])).take(np.array([2])).cost
        array([3.])
        """
        part = {
            name: None if (value := getattr(self, name)) is None else value[positions]
            for name in ROWWISE
        }
        return unchecked_signals(**part, **{name: getattr(self, name) for name in WHOLE})


def _as_arrays(holder: Labelled | Queries | Signals, *names: str) -> None:
    """Turn lists, frames and tensors into arrays; vectors may be sparse, in rows (CSR)."""
    for name in names:
        value = getattr(holder, name)
        if value is None:
            continue
        if hasattr(value, "tocsr"):
            if name not in ("vectors", "reference"):
                raise BadInput(f"{name} must be an array, but it is sparse; give its toarray()")
            object.__setattr__(holder, name, value.tocsr())
            continue
        try:
            array = np.asarray(value)
            if name not in ("ids", "groups") and array.dtype.kind not in "fiub":
                if array.dtype.kind in "cmM" or (name == "targets" and array.dtype.kind != "O"):
                    raise TypeError(f"the dtype is {array.dtype}")
                array = array.astype(float)
        except (TypeError, ValueError) as error:
            raise BadInput(f"{name} must be an array of numbers: {error}") from error
        if not array.ndim:
            raise BadInput(f"{name} must be an array, one row an item, but it is {value!r}")
        object.__setattr__(holder, name, array)


def checked_mistakes(costs: Any) -> Floats:
    """Costs of mistakes (k, k) in doubles, or BadInput unless square, finite, not negative.

    Examples
    --------
    >>> checked_mistakes([[0, 10], [1, 0]]).shape
    (2, 2)
    """
    found = np.asarray(costs, dtype=np.float64)
    if found.ndim != 2 or found.shape[0] != found.shape[1]:
        raise BadInput(f"a cost matrix is square, (k, k), but its shape is {found.shape}")
    if not (np.isfinite(found).all() and (found >= 0).all()):
        raise BadInput("a cost matrix holds finite costs that are not negative")
    return found


def unchecked_signals(**parts: Any) -> Signals:
    """Signals from arrays that were checked before, skipping the pass over the data."""
    signals = object.__new__(Signals)
    for name in NAMES:
        object.__setattr__(signals, name, parts.get(name))
    lengths = [value.shape[0] for name in ROWWISE if (value := parts.get(name)) is not None]
    object.__setattr__(signals, "_len", lengths[0] if lengths else 0)
    return signals


def _check_nearest(signals: Signals) -> None:
    if signals.distances is not None:
        check_matrix("distances", signals.distances)
        check_columns("distances", signals.distances)
        if signals.distances.size and signals.distances.min() < 0:
            raise BadInput("distances must not be negative; they are lengths, not squares")
    places = signals.neighbours
    if places is None:
        return
    known = 0 if signals.labelled is None else len(signals.labelled)
    if places.ndim != 2 or places.dtype.kind not in "iu" or not places.shape[1]:
        raise BadInput("neighbours are positions in labelled, whole numbers of shape (n, j)")
    if signals.distances is not None and signals.distances.shape != places.shape:
        shapes = f"{places.shape} and {signals.distances.shape}"
        raise BadInput(f"neighbours and distances must be of one shape, but they are {shapes}")
    if places.size and not (places.min() >= 0 and places.max() < known):
        raise BadInput(f"neighbours must be positions 0..{known - 1} of the labelled items")


def _check_marginals(name: str, marginals: Floats) -> None:
    check_matrix(name, marginals)
    check_columns(name, marginals)
    if marginals.size and not (marginals.min() >= 0 and marginals.max() <= 1):
        raise BadInput(f"{name} are the probabilities of single labels, each between 0 and 1")
