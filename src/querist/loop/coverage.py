"""Seed check: do the first labels reach every class and every region of the pool?"""

from __future__ import annotations

import numpy as np

from querist.core.keys import uniform
from querist.core.protocols import Question
from querist.core.types import Floats, Ints
from querist.loop.ledger import Ledger
from querist.loop.space import Space
from querist.loop.training import TrainingSet
from querist.models import one_thread
from querist.selection.kmeans import representatives

REGIONS = 20
SAMPLE = 2000  # rows the regions are found on
_SALT = 0x73656564


def seed_remarks(
    question: Question, training: TrainingSet, ledger: Ledger, space: Space, seed: int
) -> tuple[str, ...]:
    """Which classes and how many regions the labels reach; a warning where there are gaps."""
    said = []
    labels = tuple(getattr(question, "labels", ()))
    if question.view == "choice":
        unseen = [labels[k] for k in range(len(labels)) if not (training.targets == k).any()]
        if unseen:
            shown = ", ".join(unseen[:10]) + (" ..." if len(unseen) > 10 else "")
            said.append(
                f"the seed reaches {len(labels) - len(unseen)} of {len(labels)} classes; "
                f"none yet of: {shown}"
            )
    reached, regions = reached_regions(training.rows, ledger, space, seed)
    if reached < regions:
        said.append(
            f"the seed of {len(training)} labels reaches {reached} of {regions} regions of the pool"
        )
    return tuple(said)


def reached_regions(rows: Ints, ledger: Ledger, space: Space, seed: int) -> tuple[int, int]:
    """How many k-means regions of the pool hold one of the rows, and how many there are."""
    centres, _ = regions(ledger, space, seed)
    vectors = space.vectors()
    return len(np.unique(_nearest(vectors[rows], vectors[centres]))), len(centres)


def region_counts(rows: Ints, ledger: Ledger, space: Space, seed: int) -> tuple[Ints, Ints, Ints]:
    """Rows (r,) that stand for the regions, how many of a pool sample and of `rows` they hold."""
    centres, sample = regions(ledger, space, seed)
    vectors, r = space.vectors(), len(centres)
    found = [
        np.bincount(_nearest(vectors[some], vectors[centres]), minlength=r)
        for some in (sample, rows)
    ]
    return centres, found[0], found[1]


def regions(ledger: Ledger, space: Space, seed: int) -> tuple[Ints, Ints]:
    """Rows that stand for up to 20 k-means regions of the pool, and the sample they are of."""
    pool_rows = ledger.covered_rows()
    drawn = uniform(ledger.keys[pool_rows], seed, _SALT)
    order = np.argsort(drawn)[:SAMPLE]
    sample, place = pool_rows[order], drawn[order]
    vectors = space.vectors()
    wanted = min(REGIONS, max(len(sample) // 10, 1))
    rng = np.random.default_rng([seed, _SALT])
    with one_thread():
        found = representatives(vectors[sample], wanted, place.__getitem__, rng)
    return sample[found], sample


def _nearest(points: Floats, centres: Floats) -> Ints:
    near: Ints = np.argmin((centres**2).sum(axis=1) - 2 * points @ centres.T, axis=1)
    return near
