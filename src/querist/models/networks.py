"""What a trained network knows: its last hidden layer, and its answers under dropout."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit, softmax
from sklearn.neural_network import MLPClassifier

from querist.core.types import Floats

_BEND = {
    "identity": lambda x: x,
    "relu": lambda x: np.maximum(x, 0.0),
    "tanh": np.tanh,
    "logistic": expit,
}


def is_network(estimator: Any) -> bool:
    """Whether the estimator is a network whose layers can be read."""
    return isinstance(estimator, MLPClassifier)


def hidden(network: Any, features: Any) -> NDArray[np.float32]:
    """Last hidden layer (n, h) of a fitted network for features (n, d)."""
    layer = features if hasattr(features, "tocsr") else np.asarray(features, dtype=np.float64)
    for weights, bias in zip(network.coefs_[:-1], network.intercepts_[:-1], strict=True):
        layer = _BEND[network.activation](layer @ weights + bias)
    return np.asarray(layer, dtype=np.float32)


def dropout_proba(
    network: Any, features: Any, passes: int, rate: float, seed: int
) -> NDArray[np.float32]:
    """Class probabilities (n, s, m) of s passes, each with hidden units dropped at random.

    One draw of units is one network: it holds for all items of a pass, so that passes are
    samples of a posterior, and no item's answer depends on the others or their order
    (Gal and Ghahramani, 2016; Kirsch et al., 2019, for consistent masks).
    """
    rng = np.random.default_rng(seed)
    out = np.empty((features.shape[0], passes, len(network.classes_)), dtype=np.float32)
    for s in range(passes):
        layer = features
        last = len(network.coefs_) - 1
        for depth, (weights, bias) in enumerate(
            zip(network.coefs_, network.intercepts_, strict=True)
        ):
            layer = np.asarray(layer @ weights + bias)
            if depth < last:
                kept = (rng.random(layer.shape[1]) >= rate) / (1.0 - rate)
                layer = _BEND[network.activation](layer) * kept
        out[:, s] = _proba(layer)
    return out


def _proba(logits: Floats) -> Floats:
    if logits.shape[1] == 1:
        positive = expit(logits[:, 0])
        return np.stack([1.0 - positive, positive], axis=1)
    return np.asarray(softmax(logits, axis=1))
