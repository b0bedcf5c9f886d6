"""From what an estimator says, in its own classes, to the class positions of the question.

A head is made from the training targets, because an estimator knows only the classes it saw.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from querist.core.errors import BadInput
from querist.core.types import Floats, Ints, Prediction
from querist.models.estimators import gives_pairs


class Head(Protocol):
    """The last step of a model: targets in, predictions out."""

    @property
    def note(self) -> str:
        """A remark when the targets were so uniform that nothing can be trained."""

    def targets(self, targets: NDArray[Any]) -> NDArray[Any]:
        """The training targets as the estimator sees them."""

    def value(self, said: Any) -> NDArray[Any]:
        """Values of what `predict` returned."""

    def proba(self, said: Any) -> Floats:
        """Probabilities of what `predict_proba` returned, or the members did."""

    def decision(self, said: Any) -> Floats:
        """Decision values of what `decision_function` returned."""

    def unanimous(self, n: int, needs: frozenset[str]) -> Prediction:
        """What is predicted for n items when there is a `note` and no estimator."""

    def among(self, classes: NDArray[Any]) -> Head:
        """The same head where there are more classes, behind those it knows."""


@dataclass(frozen=True, eq=False)
class NumberHead:
    """Numbers pass through."""

    note: str = ""

    def targets(self, targets: NDArray[Any]) -> NDArray[Any]:
        """The numbers as float64."""
        return np.asarray(targets, dtype=np.float64)

    def value(self, said: Any) -> NDArray[Any]:
        """Predicted numbers (n,)."""
        return np.asarray(said, dtype=np.float64).reshape(len(said))

    def proba(self, said: Any) -> Floats:
        """Never asked: a number has no classes."""
        raise BadInput("a question that asks for a number has no class probabilities")

    decision = proba

    def among(self, classes: NDArray[Any]) -> NumberHead:
        """A number has no classes."""
        return self

    def unanimous(self, n: int, needs: frozenset[str]) -> Prediction:
        """Never asked: a regressor trains on equal numbers too."""
        raise BadInput("a question that asks for a number has no constant prediction")


def from_pairs(said: Floats, k: int) -> Floats:
    """Decision values (n, k) of those of all pairs of classes, (n, k (k - 1) / 2).

    0 for the class that wins most pairs, which is the one predicted; for another how far it
    loses against that one. So the gap between the top two is the narrowest of the wins. Votes
    counted a class, as in scikit-learn's "ovr", would hide it.

    Examples
    --------
    >>> from_pairs(np.array([[2.0, 0.5, -1.0]]), 3)  # 0 beats 1 by 2 and 2 by 0.5
    array([[ 0. , -2. , -0.5]])
    """
    first, second = np.triu_indices(k, 1)
    votes = np.zeros((len(said), k), dtype=np.int64)
    for column, (i, j) in enumerate(zip(first, second, strict=True)):
        wins = said[:, column] > 0
        votes[:, i] += wins
        votes[:, j] += ~wins
    winner = votes.argmax(axis=1)
    place = np.zeros((k, k), dtype=np.int64)
    place[first, second] = place[second, first] = np.arange(len(first))
    lead = np.take_along_axis(said, place[winner], axis=1)
    lead = np.where(np.arange(k) < winner[:, None], -lead, lead)
    lead[np.arange(len(said)), winner] = 0.0
    values: Floats = np.minimum(-lead, 0.0)
    return values + 0.0  # no minus zero


@dataclass(frozen=True, eq=False)
class ChoiceHead:
    """One of k classes, of which the estimator knows the m it saw.

    Attributes
    ----------
    classes : array (k,)
        The labels in the estimator's words, by class position.
    seen : array (m,)
        Class positions in the order of the estimator's own classes.
    pairs : bool
        Whether the decision values come one a pair of classes.
    """

    classes: NDArray[Any]
    seen: Ints
    pairs: bool = False

    @classmethod
    def of(cls, classes: NDArray[Any], targets: NDArray[Any]) -> ChoiceHead:
        """The head for these targets (m,), class positions."""
        positions = np.unique(targets)
        if positions[0] < 0 or positions[-1] >= len(classes):
            raise BadInput(
                f"targets must be class positions 0..{len(classes) - 1}, but they run from "
                f"{positions[0]} to {positions[-1]}; encode labels with question.encode"
            )
        return cls(classes, positions[np.argsort(classes[positions], kind="stable")])

    @property
    def note(self) -> str:
        """Said when one class is all there is."""
        if len(self.seen) > 1:
            return ""
        name = self.classes[self.seen[0]]
        return f"all labels so far are {str(name)!r}, so that is predicted for every item"

    def known_by(self, fitted: Any) -> ChoiceHead:
        """The same head in the order of the classes that the fitted estimator reports."""
        own = getattr(fitted, "classes_", None)
        if own is None:
            return self
        return ChoiceHead(self.classes, self._positions(np.asarray(own)), gives_pairs(fitted))

    def among(self, classes: NDArray[Any]) -> ChoiceHead:
        """The same head among more classes, none of the new ones seen."""
        return replace(self, classes=classes)

    def targets(self, targets: NDArray[Any]) -> NDArray[Any]:
        """The labels in the estimator's words (m,)."""
        labels: NDArray[Any] = self.classes[targets]
        return labels

    def value(self, said: Any) -> NDArray[Any]:
        """Class positions (n,) of predicted labels."""
        names, inverse = np.unique(np.asarray(said).reshape(len(said)), return_inverse=True)
        return self._positions(names)[inverse]

    def _positions(self, names: NDArray[Any]) -> Ints:
        place = {name: i for i, name in enumerate(self.classes.tolist())}
        try:
            return np.array([place[name] for name in names.tolist()], dtype=np.int64)
        except KeyError as error:
            raise BadInput(
                f"the estimator knows the class {error}, which is none of the question's: "
                f"{self.classes.tolist()[:20]}; let it predict the labels it was trained on"
            ) from None

    def _same(self) -> bool:
        return np.array_equal(self.seen, np.arange(len(self.classes)))

    def proba(self, said: Any) -> Floats:
        """Probabilities (..., k), columns by class position; zero for classes not seen."""
        out = np.asarray(said)
        if not self._same():
            wide = np.zeros((*out.shape[:-1], len(self.classes)), dtype=out.dtype)
            wide[..., self.seen] = out
            out = wide
        return self._normal(out)

    def _normal(self, proba: NDArray[Any]) -> Floats:
        if not proba.min(initial=0.0) >= 0:
            if np.isnan(proba).any():
                raise BadInput("the estimator gives NaN as a probability; scale its features")
            proba = np.maximum(proba, 0)
        total = proba.sum(axis=-1, keepdims=True)
        if proba.dtype == np.float64 and (np.abs(total - 1) <= 1e-12).all():
            return proba
        if (total == 0).any():  # a one-vs-rest model may refuse every class
            spread = np.zeros(len(self.classes))
            spread[self.seen] = 1 / len(self.seen)
            proba = np.where(total == 0, spread, proba)
            total = proba.sum(axis=-1, keepdims=True)
        normal: Floats = proba / total
        return normal

    def decision(self, said: Any) -> Floats:
        """Decision values: (n,), positive for class position 1, when k = 2; else (n, k)."""
        raw = np.asarray(said)
        if self.pairs:
            raw = from_pairs(raw, len(self.seen))
        k = len(self.classes)
        if k == 2:
            signed = raw if raw.ndim == 1 else raw[:, 1] - raw[:, 0]
            return signed if self.seen[1] == 1 else -signed
        if raw.ndim == 1:  # two of the k classes seen: half to each side keeps the margin
            raw = np.stack([-raw / 2, raw / 2], axis=1)
        if self._same():
            return raw
        wide = np.empty((len(raw), k), dtype=raw.dtype)
        wide[:] = raw.min(axis=1, keepdims=True) - 1
        wide[:, self.seen] = raw
        return wide

    def unanimous(self, n: int, needs: frozenset[str]) -> Prediction:
        """The one class seen, with probability one."""
        k, only = len(self.classes), int(self.seen[0])
        sure = np.zeros((n, k))
        sure[:, only] = 1
        return Prediction(
            value=np.full(n, only, dtype=np.int64),
            proba=sure if "proba" in needs else None,
            decision=(np.full(n, 2.0 * only - 1) if k == 2 else sure)
            if "decision" in needs
            else None,
            draws=sure[:, None, :].astype(np.float32) if "draws" in needs else None,
        )


@dataclass(frozen=True, eq=False)
class ChoicesHead:
    """Any of k labels; those that were always or never given are left out of the training.

    Attributes
    ----------
    constant : array (k,)
        What each label that does not vary always was, 0 or 1.
    seen : array (m,)
        Positions of the labels that vary.
    """

    constant: Floats
    seen: Ints

    @classmethod
    def of(cls, targets: NDArray[Any]) -> ChoicesHead:
        """The head for this indicator matrix (m, k)."""
        if targets.ndim != 2:
            raise BadInput(
                f"targets must be an indicator matrix (m, k), but their shape is {targets.shape}; "
                "encode labels with question.encode"
            )
        varies = targets.min(axis=0) != targets.max(axis=0)
        return cls(targets[0].astype(np.float64), np.flatnonzero(varies))

    def among(self, classes: NDArray[Any]) -> ChoicesHead:
        """The same head among more labels, the new ones never given."""
        more = np.zeros(len(classes) - len(self.constant))
        return replace(self, constant=np.concatenate([self.constant, more]))

    @property
    def note(self) -> str:
        """Said when no label varies."""
        return "" if len(self.seen) else "all answers so far are equal, so that one is predicted"

    def targets(self, targets: NDArray[Any]) -> NDArray[Any]:
        """The columns that vary; a lone one twice, since one column is no multi-label target."""
        return targets[:, np.repeat(self.seen, 2) if len(self.seen) == 1 else self.seen]

    def _wide(self, said: Any, fill: Floats) -> Floats:
        raw = np.asarray(said)[:, : len(self.seen)]
        wide = np.tile(fill, (len(raw), 1))
        wide[:, self.seen] = raw
        return wide

    def value(self, said: Any) -> NDArray[Any]:
        """Indicator matrix (n, k)."""
        dense = said.toarray() if hasattr(said, "toarray") else said
        return self._wide(dense, self.constant).astype(np.int64)

    def proba(self, said: Any) -> Floats:
        """Probability (n, k) of each label by itself: rows do not sum to one."""
        if isinstance(said, list):  # forests and neighbours give one (n, 2) array per label
            said = np.stack([part[:, 1] for part in said], axis=1)
        return np.clip(self._wide(said, self.constant), 0.0, 1.0)

    def decision(self, said: Any) -> Floats:
        """Decision value (n, k) of each label, positive when it is given."""
        raw = np.asarray(said)
        if raw.ndim == 1:
            raw = raw[:, None]
        return self._wide(raw, 2 * self.constant - 1)

    def unanimous(self, n: int, needs: frozenset[str]) -> Prediction:
        """The one answer seen."""
        same = np.tile(self.constant, (n, 1))
        return Prediction(
            value=same.astype(np.int64),
            proba=same if "proba" in needs else None,
            decision=2 * same - 1 if "decision" in needs else None,
        )
