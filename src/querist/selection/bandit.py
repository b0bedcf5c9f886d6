"""What arms of a bandit earned, folded anew from the labels; how large a share each gets."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from querist.core.types import Floats, Labelled, Positions, Queries
from querist.selection.cloud import Doubles
from querist.selection.softmax_head import softmax, softmax_head

KEEP = 0.9  # of what an arm earned is left after a round
WINDOW = 10  # rounds whose surprise counts: what an old model did not know, this one may
DRAWS = 1_000  # Thompson draws the shares are counted from


def thompson_shares(
    labelled: Labelled, arms: Sequence[str], least: float, rng: np.random.Generator
) -> Doubles:
    """Share of each arm, (a,): how often Thompson sampling prefers it; the last gets `least`.

    An arm is worth theta . v / max|v| + phi in a draw. Theta is drawn from a Dirichlet over the
    classes its items turned out to have (one more of each; a round old counts 0.9), v_c is
    1 / max(1, n_c) for n_c labels of class c, negative where it has more than half of them. Phi is
    drawn from a Beta over how far its items surprised, see `surprise`.

    Examples
    --------
    >>> asked = Queries(["a", "a", "b", "b"], [0, 0, 0, 0], np.ones(4), np.ones(4))
    >>> known = Labelled(None, np.array([0, 0, 0, 1]), classes=("x", "y"), queries=asked)
    >>> shares = thompson_shares(known, ["a", "b"], 0.1, np.random.default_rng(0))
    >>> bool(shares[1] > 0.6)
    True
    """
    counts, value = class_counts(labelled, arms), class_values(labelled)
    won, lost = surprise_counts(labelled, arms)
    theta = rng.gamma(1.0 + counts, size=(DRAWS, *counts.shape))
    theta /= theta.sum(axis=2, keepdims=True)
    worth = theta @ (value / np.abs(value).max()) + rng.beta(
        1.0 + won, 1.0 + lost, (DRAWS, len(arms))
    )
    found = np.bincount(worth.argmax(axis=1), minlength=len(arms)) / DRAWS
    return at_least(found, least)


def at_least(shares: Doubles, least: float) -> Doubles:
    """Shares in which the last is `least` or more; the others keep their proportions.

    Examples
    --------
    >>> at_least(np.array([0.75, 0.25, 0.0]), 0.2)
    array([0.6, 0.2, 0.2])
    """
    if shares[-1] >= least:
        return shares
    rest = shares[:-1].sum()
    return np.append(shares[:-1] / rest * (1.0 - least), least)


def class_values(labelled: Labelled) -> Doubles:
    """What one more label of each class is worth, (k,): less of what there is much of."""
    held = np.bincount(labelled.targets, minlength=len(labelled.classes)).astype(float)
    value = 1.0 / np.maximum(1.0, held)
    return np.asarray(np.where(held > 0.5 * held.sum(), -value, value))


def class_counts(labelled: Labelled, arms: Sequence[str]) -> Doubles:
    """Labels of each class that each arm brought, (a, k), a round old counting 0.9."""
    counts = np.zeros((len(arms), len(labelled.classes)))
    asked = labelled.queries
    if asked is None or not len(asked):
        return counts
    weight = KEEP ** (asked.rounds.max() - asked.rounds)
    for row, arm in zip(counts, arms, strict=True):
        mine = asked.by == arm
        np.add.at(row, labelled.targets[mine], weight[mine])
    return counts


def surprise_counts(labelled: Labelled, arms: Sequence[str]) -> tuple[Doubles, Doubles]:
    """Sums of surprise, and of what is missing to 1, over the items of each arm, (a,) each."""
    won, lost = np.zeros(len(arms)), np.zeros(len(arms))
    asked = labelled.queries
    if asked is None or not len(asked):
        return won, lost
    said = surprise(labelled, asked)
    weight = KEEP ** (asked.rounds.max() - asked.rounds)
    for at, arm in enumerate(arms):
        mine = (asked.by == arm) & np.isfinite(said)
        won[at] = weight[mine] @ said[mine]
        lost[at] = weight[mine] @ (1.0 - said[mine])
    return won, lost


def surprise(labelled: Labelled, asked: Queries) -> Doubles:
    """1 - p(label) for the items of the last rounds, (m,), by what was known before; else NaN.

    A softmax head on the labels of earlier rounds stands for the model of the time. A class it
    had not met surprises wholly. Rounds before which there were not two classes tell nothing.
    """
    found = np.full(len(asked), np.nan)
    if labelled.vectors is None:
        return found
    for number in np.unique(asked.rounds[asked.rounds >= 0])[-WINDOW:]:
        before, now = asked.rounds < number, asked.rounds == number
        seen = np.unique(labelled.targets[before])
        if len(seen) < 2:
            continue
        slopes, offsets = softmax_head(labelled.vectors[before], labelled.targets[before])
        proba = softmax(labelled.vectors[now] @ slopes + offsets)
        found[now] = 1.0 - (proba * (labelled.targets[now][:, None] == seen)).sum(axis=1)
    return np.asarray(np.clip(found, 0.0, 1.0))


@dataclass(frozen=True, eq=False)
class Served:
    """A batch served by arms: the item of each place, whose it was, and its chance there.

    Attributes
    ----------
    positions : array (n,), chance : array (n,)
    places : list of (arm, rank)
        The arm drawn, and which place of its ranking it served.
    wanted : list of tuple of int
        All arms whose next item this was, without the last; the last alone where none.
    """

    positions: Positions
    chance: Doubles
    places: list[tuple[int, int]]
    wanted: list[tuple[int, ...]]


def serve(
    rankings: Sequence[Positions], shares: Floats, n: int, size: int, rng: np.random.Generator
) -> Served:
    """Draw an arm for each of `n` places; it serves the first of its ranking that is left.

    The last arm is uniform over the `size` candidates, and serves for those that run out. The
    chance of an item is the share of the arms whose next it is, and of the uniform arm its part.

    Examples
    --------
    >>> served = serve([np.array([2, 0]), np.array([0, 1])], np.array([0.75, 0.25]), 2, 3,
    ...                np.random.default_rng(1))
    >>> served.positions.tolist(), served.chance.round(3).tolist()
    ([2, 0], [0.833, 0.875])
    """
    last, taken = len(rankings) - 1, set[int]()
    lists, at = [ranking.tolist() for ranking in rankings], [0] * len(rankings)
    positions, chance = np.empty(n, dtype=np.int64), np.empty(n)
    places, wanted = list[tuple[int, int]](), list[tuple[int, ...]]()
    share = shares.tolist()
    for place, arm in enumerate(rng.choice(len(share), n, p=shares).tolist()):
        for a, ranking in enumerate(lists):
            while at[a] < len(ranking) and ranking[at[a]] in taken:
                at[a] += 1
        open_arms = [a for a in range(last) if at[a] < len(lists[a])]
        drawn = arm if arm in open_arms else last
        item = lists[drawn][at[drawn]]
        with_it = tuple(a for a in open_arms if lists[a][at[a]] == item)
        uniform = 1.0 - sum(share[a] for a in open_arms)
        positions[place] = item
        chance[place] = sum(share[a] for a in with_it) + uniform / (size - place)
        places.append((drawn, at[drawn]))
        wanted.append(with_it or (last,))
        taken.add(item)
    return Served(positions, np.minimum(chance, 1.0), places, wanted)
