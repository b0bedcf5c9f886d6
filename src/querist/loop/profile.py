"""How a campaign's pool looks to its model: doubt, sparsity, and whether queries stray."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from querist.core.keys import scramble
from querist.loop.coverage import region_counts
from querist.metrics.profile import FLAT, Doubt, doubt_profile, sparsity, strayed
from querist.reports.page import Table

if TYPE_CHECKING:
    from querist.core.protocols import Model
    from querist.loop.ledger import Ledger
    from querist.loop.space import Space

SAMPLE = 1_000  # items that doubt and sparsity are judged on
FEWEST = 500  # items below which sparsity says nothing
STRAYED = 0.2  # of the queries, beyond what chance gives, that lie elsewhere than the pool
FEWEST_QUERIES = 30
_SALT = 0x776F7274


def flat_text(doubt: Doubt) -> str:
    """The notice of a flat profile."""
    return (
        f"a flat uncertainty profile: doubt lies between {doubt.low:.2f} and {doubt.high:.2f} for "
        f"most items (spread below {FLAT:g}), so no item is clearly worth asking first"
    )


def doubt_of(model: Model | None, ledger: Ledger, seed: int) -> Doubt | None:
    """The doubt of a model over at most 1,000 candidates drawn by item; None without chances."""
    rows = ledger.candidates(1)
    if model is None or "proba" not in getattr(model, "gives", ()) or not len(rows):
        return None
    rows = np.sort(rows[np.argsort(scramble(ledger.keys[rows], seed, _SALT))[:SAMPLE]])
    proba = model.predict(ledger.pool.items(rows), frozenset({"proba"})).proba
    if proba is None or proba.ndim != 2 or proba.shape[1] < 2:
        return None
    return doubt_profile(proba)


def sparsity_of(ledger: Ledger, space: Space, seed: int) -> float | None:
    """Sparsity of at most 1,000 items drawn by item; None for fewer than 500."""
    rows = ledger.covered_rows()
    rows = np.sort(rows[np.argsort(scramble(ledger.keys[rows], seed, _SALT))[:SAMPLE]])
    return sparsity(space.vectors()[rows]) if len(rows) >= FEWEST else None


def strayed_table(ledger: Ledger, space: Space, seed: int) -> tuple[Table, str, bool]:
    """How the pool and what the strategy asked divide over regions, in words, and whether to warn.

    A table without rows, and no warning, below 30 answers to the strategy's questions. Only
    the strategy's own picks count; the control slice follows the pool by its draw.
    """
    rows = ledger.training_rows()
    arms = [_arm(ledger, item_id) for item_id in ledger.pool.ids(rows)]
    rows = rows[np.array([arm == "open" for arm in arms], dtype=bool)]
    columns = ["a typical item", "share of the pool", "share of the queries"]
    if len(rows) < FEWEST_QUERIES:
        return Table(columns, []), "", False
    centres, pool, queried = region_counts(rows, ledger, space, seed)
    far, chance = strayed(queried, pool)
    shares = np.stack([pool / pool.sum(), queried / queried.sum()], axis=1)
    order = np.argsort(shares[:, 1] - shares[:, 0], kind="stable")
    ids = ledger.pool.ids(centres)
    shown = [[ids[k], *shares[k].round(3).tolist()] for k in order.tolist()]
    said = (
        f"{100 * far:.0f} % of the {len(rows):,} queries lie elsewhere than the pool does, by "
        f"{len(centres)} regions; {100 * chance:.0f} % would by chance alone. The most neglected "
        "regions come first."
    )
    return Table(columns, shown), said, far - chance > STRAYED


def _arm(ledger: Ledger, item_id: str) -> str:
    """Why an item was asked, the last time; empty when nobody asked."""
    tasks = ledger.state.by_item.get(item_id, ())
    return ledger.state.tasks[tasks[-1]].why.arm if tasks else ""
