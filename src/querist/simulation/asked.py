"""Whom the strategies of a comparison asked about: shares of the queries, group by group."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from querist.core.errors import BadInput
from querist.core.types import Floats
from querist.metrics import paired
from querist.pools.beside import check_groups
from querist.simulation.curve import Curve


def asked_of(curves: Mapping[str, Sequence[Curve]], of: Any, baseline: str) -> list[dict[str, Any]]:
    """A dict for each strategy and group; see `Comparison.asked`."""
    every = [curve for found in curves.values() for curve in found]
    if any(len(curve.picked) < curve.labels[-1] for curve in every):
        raise BadInput(
            "asked needs the picks of each curve, but one here is the mean of several runs; take "
            "a comparison of single runs, such as that of q.compare"
        )
    rows = max(int(curve.picked.max(initial=-1)) for curve in every) + 1
    n = len(of) if hasattr(of, "__len__") and not isinstance(of, str) else None
    if n is None or n < rows:
        raise BadInput(
            f"of is one group for each row of X, such as y or a mask, but got {n or repr(of)} "
            f"where rows up to {rows - 1} were asked"
        )
    values = check_groups(of, n)
    names, codes = np.unique(values, return_inverse=True)

    def counts(picked: Any) -> Floats:
        return np.bincount(codes[picked], minlength=len(names)).astype(np.float64)

    def tally(curve: Curve) -> tuple[Floats, Floats, Floats]:
        pool = np.setdiff1d(np.arange(n), curve.test_rows)
        return counts(pool), counts(curve.picked), counts(curve.picked[int(curve.labels[0]) :])

    tallies = {name: [tally(curve) for curve in found] for name, found in curves.items()}
    base = np.array([found for _, found, _ in tallies[baseline]]) if baseline in tallies else None
    out = []
    for name, seeds in tallies.items():
        pool, found, queries = (np.array(part) for part in zip(*seeds, strict=True))
        share = queries / np.maximum(queries.sum(axis=1, keepdims=True), 1)
        in_pool = (pool / pool.sum(axis=1, keepdims=True)).mean(axis=0)
        for g, group in enumerate(names.tolist()):
            row = {"strategy": name, "group": group, "pool": float(in_pool[g])}
            row |= _spread("share", share[:, g]) | _spread("found", found[:, g])
            if base is not None and name != baseline and len(seeds) > 1:
                gain = paired.paired_bootstrap(found[:, g], base[:, g])
                row |= {"more": gain.value, "more_low": gain.low, "more_high": gain.high}
            out.append(row)
    return out


def _spread(name: str, values: Floats) -> dict[str, float | None]:
    mean, low, high = (float(part[0]) for part in paired.curve_band(values[:, None]))
    if not np.isfinite(low):
        return {name: mean, f"{name}_low": None, f"{name}_high": None}
    high = min(high, 1.0) if name == "share" else high
    return {name: mean, f"{name}_low": max(low, 0.0), f"{name}_high": high}
