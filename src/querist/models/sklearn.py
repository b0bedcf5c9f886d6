"""Any scikit-learn estimator or Pipeline as a model of the loop."""

from __future__ import annotations

import copy
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from querist.core.errors import BadInput, MissingNeed, NoModel
from querist.core.protocols import Question
from querist.core.questions import Choices, Number
from querist.core.types import Floats, Prediction
from querist.models import estimators as ests
from querist.models.batches import blocks, count
from querist.models.heads import ChoiceHead, ChoicesHead, Head, NumberHead
from querist.models.networks import hidden, is_network
from querist.models.threads import calm
from querist.models.views import ClassifierView, RegressorView


def wrap(
    estimator: Any,
    question: Question,
    *,
    classes: Sequence[Any] | NDArray[Any] | None = None,
    warm: bool = False,
) -> SklearnModel:
    """Make a model of a scikit-learn estimator, which stays as it is: each fit clones it.

    Parameters
    ----------
    estimator : estimator or Pipeline
        Anything with `fit` and `predict`. With `predict_proba`, `decision_function` or
        members (forests, bagging, voting) the model gives more.
    question : Question
        What the model answers; its labels fix the k classes and their positions.
    classes : sequence of k values, optional
        The labels as the estimator sees them, aligned with the question's labels. By
        default the label names; their positions 0..k-1 where the estimator comes from
        outside scikit-learn, because most networks and boosters take nothing else.
    warm : bool
        Continue from the last fit (`warm_start`, else `partial_fit`) instead of starting
        from scratch. Every labelled row is then presented again.

    Raises
    ------
    BadInput
        When the estimator cannot answer the question, or cannot continue from its last fit.

    Examples
    --------
    >>> from sklearn.svm import SVC
    >>> from querist.core.questions import Choice
    >>> model = wrap(SVC(), Choice(["ham", "spam"]))
    >>> fitted = model.fit(np.array([[0.0], [1.0], [2.0], [3.0]]), np.array([0, 0, 1, 1]))
    >>> fitted.predict(np.array([[0.2], [2.9]])).value
    array([0, 1])
    >>> sorted(fitted.gives)
    ['decision']
    """
    regression = isinstance(question, Number)
    ests.check_estimator(estimator, regression=regression)
    if warm and ests.warm_argument(estimator) is None:
        raise BadInput(
            f"{ests.name_of(estimator)} cannot continue from its last fit (no usable warm_start "
            "or partial_fit); leave out warm=True, so that every round fits from scratch"
        )
    labels: Sequence[Any] = getattr(question, "labels", ())
    if classes is None:
        classes = range(len(labels)) if ests.is_foreign(estimator) else labels
    values = np.asarray(list(classes))
    if not regression and len(values) != len(labels):
        raise BadInput(
            f"classes holds {len(values)} values but the question has {len(labels)} labels; "
            "give one value per label, in the question's order"
        )
    return SklearnModel(estimator, question, values, warm)


@dataclass(frozen=True, eq=False)
class Fit:
    """What training left behind.

    Attributes
    ----------
    head : Head
        Translates what the estimator says into class positions.
    estimator : estimator or None
        The fitted copy; None when all labels were equal and there was nothing to train.
    notes : tuple of str
        Plain-word remarks.
    broken : set of str
        Of "proba" and "decision", those whose method exists but cannot be called.
    """

    head: Head
    estimator: Any = None
    notes: tuple[str, ...] = ()
    broken: frozenset[str] = frozenset()


@dataclass(frozen=True, eq=False)
class SklearnModel:
    """A scikit-learn estimator that answers a question; made by `wrap`.

    Attributes
    ----------
    estimator : estimator
        The unfitted template.
    question : Question
        What it answers.
    classes : array (k,)
        The labels as the estimator sees them, by class position; empty for a number.
    warm : bool
        Whether each fit continues from the one before.
    trained : Fit or None
        None before `fit`.
    """

    estimator: Any
    question: Question
    classes: NDArray[Any]
    warm: bool = False
    trained: Fit | None = None

    @property
    def fitted(self) -> Any:
        """The fitted estimator; None before `fit`, and while all labels are equal."""
        return None if self.trained is None else self.trained.estimator

    @property
    def notes(self) -> tuple[str, ...]:
        """Plain-word remarks on the fit."""
        return () if self.trained is None else self.trained.notes

    @property
    def gives(self) -> frozenset[str]:
        """Which of "proba", "decision", "draws" and "vectors" `predict` can fill."""
        if isinstance(self.question, Number):
            return frozenset()
        subject = self.estimator if self.fitted is None else self.fitted
        names = {name for name, method in ests.METHODS.items() if hasattr(subject, method)}
        if ests.has_members(subject) and not isinstance(self.question, Choices):
            names.add("draws")
        if is_network(ests.last_step(subject)) and (self.trained is None or self.fitted):
            names.add("vectors")
        return frozenset(names) - (frozenset() if self.trained is None else self.trained.broken)

    def asking(self, question: Question) -> SklearnModel:
        """The same model for a question with more labels; what was trained never gives them.

        Examples
        --------
        >>> from sklearn.linear_model import LogisticRegression
        >>> from querist.core.questions import Choice
        >>> X, old, new = np.array([[0.0], [3.0]]), Choice(["a", "b"]), Choice(["a", "b", "c"])
        >>> fitted = wrap(LogisticRegression(), old).fit(X, np.array([0, 1]))
        >>> fitted.asking(new).predict(X, frozenset({"proba"})).proba.round(1).tolist()
        [[0.8, 0.2, 0.0], [0.2, 0.8, 0.0]]
        """
        labels: Sequence[Any] = getattr(question, "labels", ())
        if len(labels) <= len(self.classes):
            return self
        if np.array_equal(self.classes, np.arange(len(self.classes))):
            classes = np.arange(len(labels))
        else:
            classes = np.asarray([*self.classes.tolist(), *labels[len(self.classes) :]])
        trained = self.trained
        if trained is not None:
            trained = replace(trained, head=trained.head.among(classes))
        return replace(self, question=question, classes=classes, trained=trained)

    def fit(
        self,
        items: Any,
        targets: NDArray[Any],
        *,
        weights: Floats | None = None,
        seed: int = 0,
    ) -> SklearnModel:
        """A new model trained on the items, rows in the order given.

        Parameters
        ----------
        items : batch of m items
            List, array, sparse matrix or frame: whatever the estimator takes.
        targets : array (m,) or (m, k)
            Class positions (`Choice`), indicator matrix (`Choices`) or numbers.
        weights : array (m,), optional
            Passed where the estimator takes `sample_weight`; else a note says they were not.
        seed : int
            Sets every random state that the estimator leaves open.

        Raises
        ------
        BadInput
            Without rows, and when the estimator refuses them.
        """
        targets = np.asarray(targets)
        if (n := count(items)) == 0:
            raise BadInput("there are no labelled rows to train on; label some items first")
        if len(targets) != n:
            raise BadInput(f"{n} items came with {len(targets)} targets; give one per item")
        head = self._head_for(targets)
        if head.note:
            return replace(self, trained=Fit(head, notes=(head.note,)))
        extra, notes = self._weights(weights, n)
        fitted = self._trained(items, head.targets(targets), extra, seed)
        if isinstance(head, ChoiceHead):
            head = head.known_by(fitted)
        broken = ests.broken(fitted, next(blocks(items, 2))) if ests.is_foreign(fitted) else ()
        return replace(self, trained=Fit(head, fitted, notes, frozenset(broken)))

    def _head_for(self, targets: NDArray[Any]) -> Head:
        if isinstance(self.question, Number):
            return NumberHead()
        if isinstance(self.question, Choices):
            return ChoicesHead.of(targets)
        return ChoiceHead.of(self.classes, targets)

    def _weights(self, weights: Floats | None, n: int) -> tuple[dict[str, Floats], tuple[str, ...]]:
        if weights is None:
            return {}, ()
        if len(weights) != n:
            raise BadInput(f"{n} items came with {len(weights)} weights; give one per item")
        if np.ptp(weights) == 0:
            return {}, ()
        argument = ests.weight_argument(self.estimator)
        if argument is None:
            name = ests.name_of(self.estimator)
            return {}, (f"{name} takes no sample weights, so every label counted the same",)
        return {argument: weights}, ()

    def _trained(self, items: Any, y: NDArray[Any], extra: dict[str, Floats], seed: int) -> Any:
        estimator, method, more = self._starting_point(y, seed)
        try:
            with calm(len(y)):
                getattr(estimator, method)(items, y, **more, **extra)
        except ValueError as error:
            raise _refused(self.estimator, items, error) from error
        return estimator

    def _starting_point(self, y: NDArray[Any], seed: int) -> tuple[Any, str, dict[str, Any]]:
        """The estimator to train, by which method, with which further arguments."""
        how = ests.warm_argument(self.estimator) if self.warm else None
        if how == "partial_fit":
            estimator = ests.fresh(self.estimator, seed)
            if self.fitted is not None and self._covers():
                estimator = copy.deepcopy(self.fitted)
            known = {} if isinstance(self.question, Number) else {"classes": np.sort(self.classes)}
            return estimator, how, known
        if how is None or self.fitted is None or not self._knows(y):
            return ests.fresh(self.estimator, seed), "fit", {}
        return copy.deepcopy(self.fitted).set_params(**{how: True}), "fit", {}

    def _covers(self) -> bool:
        """Whether the fitted estimator was told of every class there is now."""
        own = getattr(self.fitted, "classes_", None)
        return own is None or len(own) == len(self.classes)

    def _knows(self, y: NDArray[Any]) -> bool:
        """Whether the fitted estimator saw exactly the classes of y, as warm starts demand."""
        own = getattr(self.fitted, "classes_", None)
        return own is None or y.ndim > 1 or np.array_equal(np.unique(y), own)

    def predict(self, items: Any, needs: frozenset[str] = frozenset()) -> Prediction:
        """Predictions holding whatever `needs` names, or just `value`.

        Parameters
        ----------
        items : batch of n items
            Predicted in blocks of rows, so that memory stays bounded.
        needs : set of str
            Of "value", "proba", "decision", "draws", "vectors" (what a network has learned);
            none of them means "value".

        Returns
        -------
        Prediction
            `value` (n,): class positions (`Choice`) or numbers; indicators (n, k) for
            `Choices`. `proba` (n, k), columns by class position. `decision` (n,), positive
            for class position 1, when k = 2; else (n, k). `draws` (n, s, k), one per member.

        Raises
        ------
        NoModel
            Before `fit`.
        MissingNeed
            When the estimator cannot give a need.
        """
        if self.trained is None:
            raise NoModel("this model is not trained yet; call fit first")
        head = self.trained.head
        if lacking := needs - self.gives - {"value"}:
            raise MissingNeed(
                f"{ests.name_of(self.estimator)} cannot give {', '.join(sorted(lacking))}; "
                f"it gives {', '.join(sorted(self.gives)) or 'predicted values only'}"
            )
        if self.fitted is None:
            return head.unanimous(count(items), needs)
        try:
            with calm(count(items)):
                return _joined([self._block(head, part, needs) for part in blocks(items)])
        except BadInput:
            raise
        except ValueError as error:
            raise _refused(self.estimator, items, error) from error

    def _block(self, head: Head, items: Any, needs: frozenset[str]) -> Prediction:
        if count(items) == 0:
            raise BadInput("there are no items to predict; give at least one")
        last, features = ests.split_last(self.fitted, items)
        said: dict[str, Any] = {
            name: getattr(head, name)(getattr(last, ests.METHODS[name])(features))
            for name in needs & ests.METHODS.keys()
        }
        if "draws" in needs and isinstance(head, ChoiceHead):
            said["draws"] = head.proba(ests.member_proba(last, features, len(head.seen)))
        if "vectors" in needs:
            said["vectors"] = hidden(last, features)
        if needs and "value" not in needs:
            return Prediction(**said)
        if "proba" in said and isinstance(last, ests.FORESTS) and isinstance(head, ChoiceHead):
            # What a forest's predict does itself; asking again would walk all trees twice.
            value = head.seen[said["proba"][:, head.seen].argmax(axis=1)]
        else:
            value = head.value(last.predict(features))
        return Prediction(value=value, **said)

    @property
    def estimator_(self) -> Any:
        """The fitted scikit-learn estimator itself; NoModel where there is none."""
        if self.fitted is None:
            why = "; ".join(self.notes) or "call fit first"
            raise NoModel(f"there is no trained estimator: {why}")
        return self.fitted

    @property
    def scorer_view(self) -> ClassifierView | RegressorView:
        """The model as an estimator that scikit-learn's scorers take: `scorer(view, X, y)`.

        It predicts in the values of `classes`, knows all of them, and works while all labels
        are equal.
        """
        return (RegressorView if isinstance(self.question, Number) else ClassifierView)(self)


def _refused(estimator: Any, items: Any, error: ValueError) -> BadInput:
    """The estimator's complaint, with the row it is about and what to do."""
    name = ests.name_of(estimator)
    if "NaN" not in str(error) and "infinity" not in str(error):
        return BadInput(f"{name} refuses the {count(items)} rows: {error}")
    row = ests.first_missing(items)
    where = "a row" if row is None else f"row {row} of {count(items)}"
    return BadInput(
        f"{name} takes no missing values, but {where} holds NaN or infinity; put a SimpleImputer "
        "before it in a Pipeline, or use model=None for a default that fills gaps"
    )


def _joined(parts: list[Prediction]) -> Prediction:
    if len(parts) == 1:
        return parts[0]
    every = ("value", "proba", "decision", "draws", "vectors")
    names = [n for n in every if getattr(parts[0], n) is not None]
    return Prediction(**{n: np.concatenate([getattr(p, n) for p in parts]) for n in names})
