"""What random labelling would have given, estimated from the control labels alone."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from querist.core.keys import scramble, seed_for
from querist.core.types import Ints
from querist.loop import measure
from querist.loop.state import State
from querist.reports.figures import CurveLine

if TYPE_CHECKING:
    from querist.loop.campaign import Campaign

FEWEST = 30  # control labels below which the estimate says nothing
SIZES = 4  # points of the curve
REPEATS = 5  # random subsets at each point, or folds
_SALT = 0x72616E64  # "rand": keeps these draws apart from every other use of the seed


def random_curve(campaign: Campaign, state: State, metric: str) -> CurveLine | None:
    """Score against labels of models that learned from control labels only.

    They are a uniform draw, so such a model is what random labelling would have trained.
    Scored on the holdout where there is one, otherwise on the control labels left out.

    Returns
    -------
    CurveLine or None
        None with fewer than 30 control labels.
    """
    control = _labelled(campaign, state, "control")
    if len(control) < FEWEST:
        return None
    test = _labelled(campaign, state, "holdout")
    assert state.opened is not None
    seed = seed_for(state.opened.seed, _SALT)
    most = len(control) if len(test) else int(len(control) * (1 - 1 / REPEATS))
    sizes = np.unique(np.linspace(max(10, most // SIZES), most, SIZES).astype(int))
    points = [_score(campaign, state, control, test, int(n), seed, metric) for n in sizes]
    mean, low, high = (list(part) for part in zip(*points, strict=True))
    return CurveLine(
        "random (estimated from control labels)", sizes.tolist(), mean, low, high, "random"
    )


def _labelled(campaign: Campaign, state: State, arm: str) -> Ints:
    """Rows of one arm that have a label, in pool order."""
    ids = [
        item_id
        for item_id in state.votes
        if any(state.tasks[t].why.arm == arm for t in state.by_item.get(item_id, ()))
    ]
    return np.sort(campaign.pool.rows(ids))


def _score(
    campaign: Campaign, state: State, control: Ints, test: Ints, size: int, seed: int, metric: str
) -> tuple[float, float, float]:
    """Mean score and interval ends over random training sets of one size."""
    found = []
    for repeat in range(REPEATS):
        order = control[np.argsort(scramble(control.astype(np.uint64), seed, repeat))]
        on = test if len(test) else order[size:]
        model = _fit(campaign, state, np.sort(order[:size]), seed)
        items, truth = campaign.pool.items(on), _targets(campaign, state, on)
        parts = campaign.parts
        prices = parts.recipe.mistakes
        scores = measure.on_items(parts.question, model, items, truth, seed, None, prices)
        found.append(scores[metric])
    value, low, high = np.mean([(i.value, i.low, i.high) for i in found], axis=0)
    return float(value), float(low), float(high)


def _fit(campaign: Campaign, state: State, rows: Ints, seed: int) -> Any:
    targets = _targets(campaign, state, rows)
    return campaign.parts.model.fit(campaign.pool.items(rows), targets, seed=seed)


def _targets(campaign: Campaign, state: State, rows: Ints) -> Any:
    beliefs = [state.belief(item_id) for item_id in campaign.pool.ids(rows)]
    return campaign.parts.question.encode([b.value for b in beliefs if b is not None])
