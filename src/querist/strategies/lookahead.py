"""What strategies share that ask what a label would change: a sample, a model in closed form."""

from __future__ import annotations

import numpy as np

from querist.core.errors import BadInput
from querist.core.keys import keys_of, uniform
from querist.core.remarks import remark_sample
from querist.core.types import Floats, Positions, Signals
from querist.selection.parzen import Parzen, scale_gamma
from querist.selection.topk import drawn


def sample_of(signals: Signals, size: int, what: str) -> Positions:
    """At most `size` candidates drawn by their ids, another draw after each label; in order.

    Without ids the row number stands in. A sample that is not all remarks `what` it does.
    """
    remark_sample(what, size, len(signals))
    ids, salt = signals.ids, 0 if signals.labelled is None else len(signals.labelled)
    return drawn(
        len(signals),
        size,
        lambda rows: uniform(keys_of(rows if ids is None else ids[rows]), salt),
    )


def parzen_of(signals: Signals, points: Positions, gamma: float | None, prior: float) -> Parzen:
    """The Parzen window classifier of the labels, its width by some of the candidates."""
    assert signals.vectors is not None and signals.labelled is not None
    known = signals.labelled
    targets = np.asarray(known.targets)
    if not len(known.classes) or targets.ndim != 1:
        raise BadInput(
            "expected error needs one class per labelled item and labelled.classes; for numbers "
            "or several labels an item use another strategy"
        )
    if known.vectors is None and len(targets):
        raise BadInput("expected error needs labelled.vectors, but they are absent")
    vectors = known.vectors if known.vectors is not None else signals.vectors[:0]
    width = scale_gamma(signals.vectors[points]) if gamma is None else gamma
    return Parzen(vectors, targets.astype(np.int64), len(known.classes), width, prior)


def expected(model: Parzen, candidates: Floats, outcomes: Floats) -> Floats:
    """Mean of `outcomes` (k, n) over the labels each candidate may get; (n,)."""
    return np.asarray(np.einsum("ij,ji->i", model.proba(candidates), outcomes))
