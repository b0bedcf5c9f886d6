"""A fitted model seen as a scikit-learn estimator, for `sklearn.metrics` scorers."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray
from sklearn.base import BaseEstimator, ClassifierMixin, RegressorMixin

from querist.core.questions import Choices
from querist.core.types import Floats
from querist.models.estimators import METHODS

if TYPE_CHECKING:
    from querist.models.sklearn import SklearnModel


class RegressorView(RegressorMixin, BaseEstimator):  # type: ignore[misc]  # sklearn is untyped
    """Predicts numbers."""

    def __init__(self, model: SklearnModel) -> None:
        self.model = model

    def __sklearn_is_fitted__(self) -> bool:
        return True

    def fit(self, X: Any, y: Any) -> RegressorView:
        """Do nothing: the model is trained already."""
        return self

    def predict(self, X: Any) -> NDArray[Any]:
        """Predicted numbers (n,)."""
        value = self.model.predict(X).value
        assert value is not None
        return value


class ClassifierView(ClassifierMixin, BaseEstimator):  # type: ignore[misc]  # sklearn is untyped
    """Predicts labels, all k classes in sorted order as scorers expect them."""

    def __init__(self, model: SklearnModel) -> None:
        self.model = model
        self._order = np.argsort(model.classes, kind="stable")
        self.classes_ = model.classes[self._order]

    def __sklearn_is_fitted__(self) -> bool:
        return True

    def fit(self, X: Any, y: Any) -> ClassifierView:
        """Do nothing: the model is trained already."""
        return self

    @property
    def _multilabel(self) -> bool:
        return isinstance(self.model.question, Choices)

    def predict(self, X: Any) -> NDArray[Any]:
        """Predicted labels (n,), or an indicator matrix (n, k)."""
        value = self.model.predict(X).value
        assert value is not None
        return value if self._multilabel else self.model.classes[value]

    @property
    def predict_proba(self) -> Callable[[Any], Floats]:
        """Class probabilities (n, k) of a batch; absent where the model has none."""
        return self._method("proba")

    @property
    def decision_function(self) -> Callable[[Any], Floats]:
        """Decision values of a batch, (n,) for two classes or (n, k); absent likewise."""
        return self._method("decision")

    def _method(self, name: str) -> Callable[[Any], Floats]:
        if name not in self.model.gives:
            raise AttributeError(f"the model does not give {name!r}")

        def method(X: Any) -> Floats:
            said: Floats = getattr(self.model.predict(X, frozenset({name})), name)
            if self._multilabel:
                return said
            if said.ndim == 1:
                return said if self._order[1] == 1 else -said
            return said[:, self._order]

        method.__name__ = METHODS[name]  # scorers look at the name
        return method
