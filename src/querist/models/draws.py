"""Where posterior samples come from when they are not those of a committee."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtri

from querist.core.errors import BadInput, MissingNeed
from querist.core.keys import Keys, scramble, uniform
from querist.core.protocols import Model
from querist.core.types import Floats
from querist.models import estimators as ests
from querist.models.networks import dropout_proba, is_network
from querist.models.sklearn import SklearnModel

_WORD = re.compile(r"\S+")


def draws_from(
    source: Any, model: Model, past: Sequence[Model], items: Any, keys: Keys, seed: int
) -> Floats:
    """Class probabilities (n, s, k) as a source of `querist.strategies.draw_sources` says.

    Parameters
    ----------
    source : Members, Dropout, Perturbations or Checkpoints
    model : Model
        The newest, trained.
    past : sequence of Model
        Those before it, oldest first; read by `Checkpoints` alone.
    items : n items
    keys : array (n,)
        Of the items: they decide the noise, so that it does not depend on row order.
    seed : int

    Raises
    ------
    MissingNeed
        When the model has no such draws.
    BadInput
        When the kind of item cannot be perturbed.
    """
    if source.kind == "members":
        return _asked(model, items, "draws", "members of its own")
    if source.kind == "dropout":
        return _dropout(source, model, items, seed)
    if source.kind == "checkpoints":
        each = [_asked(m, items, "proba", "probabilities") for m in (*past, model)]
        return np.stack(each, axis=1)
    each = [
        _asked(model, _perturbed(items, keys, source.noise, seed, s), "proba", "probabilities")
        for s in range(source.passes)
    ]
    return np.stack(each, axis=1)


def _asked(model: Model, items: Any, need: str, said: str) -> Floats:
    if need not in getattr(model, "gives", ()):
        raise MissingNeed(
            f"the draws are to come from {said} of the model, but it gives no {need!r}; use "
            "another model, or a number of bootstrapped copies: committee=10"
        )
    found: Floats = getattr(model.predict(items, frozenset({need})), need)
    return found


def _dropout(source: Any, model: Model, items: Any, seed: int) -> Floats:
    network, features = None, items
    if isinstance(model, SklearnModel) and model.fitted is not None:
        network, features = ests.split_last(model.fitted, items)
    if network is None or not is_network(network):
        raise MissingNeed(
            "Dropout reads the layers of scikit-learn's MLPClassifier, which this model is not; a "
            "network of your own gives 'draws' itself, and committee=Members() asks for them"
        )
    assert isinstance(model, SklearnModel) and model.trained is not None
    if not hasattr(features, "tocsr"):
        features = np.asarray(features, dtype=np.float64)
    said = dropout_proba(network, features, source.passes, source.rate, seed)
    head: Any = model.trained.head
    out = np.zeros((*said.shape[:2], len(model.classes)), dtype=np.float32)
    out[:, :, head.seen] = said
    return out


def _perturbed(items: Any, keys: Keys, noise: float, seed: int, s: int) -> Any:
    """The items a little changed: words left out, or numbers moved by a share of their spread."""
    if isinstance(items, list) and items and isinstance(items[0], str):
        return [_thinned(t, key, noise, seed, s) for t, key in zip(items, keys, strict=True)]
    if not (isinstance(items, np.ndarray) and items.ndim == 2 and items.dtype.kind in "fiub"):
        raise BadInput(
            f"Perturbations works on texts and on arrays of numbers, not on "
            f"{type(items).__name__}; take Dropout, Checkpoints or a number of copies"
        )
    return items + noise * items.std(axis=0) * normal(keys, items.shape[1], seed, s)


def normal(keys: Keys, d: int, *salt: int) -> NDArray[np.float64]:
    """Standard normal numbers (n, d), decided by the keys and the salt alone."""
    columns = scramble(np.arange(d, dtype=np.uint64), *salt)
    out = np.empty((len(keys), d))
    for j in range(d):
        out[:, j] = ndtri(uniform(keys ^ columns[j], *salt) + 2.0**-54)
    return out


def _thinned(text: str, key: Any, share: float, *salt: int) -> str:
    """The text with each word left out at a chance of `share`; never all of them."""
    words = _WORD.findall(text)
    places = scramble(np.arange(len(words), dtype=np.uint64), *salt)
    kept = uniform(places ^ key, *salt) >= share
    return " ".join(w for w, keep in zip(words, kept, strict=True) if keep) or text
