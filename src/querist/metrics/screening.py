"""How soon a search finds what it looks for: the measures of systematic reviews.

All read one array: for every record in the order it was read, whether it was relevant. Leave
out those that were given to begin with. A search that ended early says with `records` and
`relevant` how many there are in all.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from querist.core.errors import BadInput
from querist.core.types import Ints

_SLACK = 1e-9  # shares such as 0.95 x 20 are whole numbers on paper


def work_saved(
    hits: ArrayLike,
    recall: float = 0.95,
    *,
    records: int | None = None,
    relevant: int | None = None,
) -> float:
    """Work saved over sampling at a recall (WSS): share found less share read, once it is reached.

    Reading at random finds as large a share as it reads, and saves 0.

    Parameters
    ----------
    hits : array (m,)
        0 or 1 for each record, in the order read.
    recall : float
        Share of the relevant records to be found.
    records, relevant : int, optional
        Records in all, and relevant ones among them; by default those of `hits`.

    Returns
    -------
    float
        Between -1 and 1; NaN where the recall was not reached.

    References
    ----------
    Cohen, Hersh, Peterson and Yen (2006), Reducing workload in systematic review preparation
    using automated document classification, JAMIA 13(2).

    Examples
    --------
    >>> work_saved([1, 1, 0, 1, 0, 0, 0, 0, 0, 0], recall=1.0)
    0.6
    """
    found, n, total = _counted(hits, records, relevant)
    if not 0 < recall <= 1:
        raise BadInput(f"recall is a share above 0 and up to 1, but it is {recall!r}")
    reached = np.flatnonzero(found >= recall * total - _SLACK)
    if not len(reached):
        return float("nan")
    return float(found[reached[0]] / total - (reached[0] + 1) / n)


def recall_at(
    hits: ArrayLike,
    share: float = 0.10,
    *,
    records: int | None = None,
    relevant: int | None = None,
) -> float:
    """Share of the relevant records found once a share of all records is read (RRF).

    Parameters
    ----------
    hits, records, relevant
        As in `work_saved`.
    share : float
        Share of the records that is read, rounded up to whole records.

    Returns
    -------
    float
        Between 0 and 1; NaN where fewer were read and not all was found.

    References
    ----------
    Ferdinands et al. (2020), Active learning for screening prioritization in systematic
    reviews: a simulation study, OSF preprints (relevant references found).

    Examples
    --------
    >>> recall_at([1, 1, 0, 1, 0, 0, 0, 0, 0, 0], 0.2)
    0.6666666666666666
    """
    found, n, total = _counted(hits, records, relevant)
    if not 0 < share <= 1:
        raise BadInput(f"share is a share of the records above 0 and up to 1, not {share!r}")
    read = max(1, int(np.ceil(share * n - _SLACK)))
    if read > len(found) and found[-1] < total:
        return float("nan")
    return float(found[min(read, len(found)) - 1] / total)


def discovery_time(
    hits: ArrayLike, *, records: int | None = None, relevant: int | None = None
) -> float:
    """Share of the records read before a relevant one turns up, itself included, their mean (ATD).

    About one half when reading at random.

    Parameters
    ----------
    hits, records, relevant
        As in `work_saved`.

    Returns
    -------
    float
        Above 0 and up to 1; NaN unless all relevant records were found.

    References
    ----------
    Ferdinands et al. (2020), Active learning for screening prioritization in systematic
    reviews: a simulation study, OSF preprints (average time to discovery).

    Examples
    --------
    >>> discovery_time([1, 0, 1, 0, 0])
    0.4
    """
    found, n, total = _counted(hits, records, relevant)
    if found[-1] < total:
        return float("nan")
    return float((np.flatnonzero(np.diff(found, prepend=0)) + 1).mean() / n)


def _counted(hits: ArrayLike, records: int | None, relevant: int | None) -> tuple[Ints, int, int]:
    """Relevant records found so far at each place, records in all, relevant ones in all."""
    flags = np.asarray(hits)
    if flags.ndim != 1 or not len(flags) or not np.isin(flags, (0, 1)).all():
        raise BadInput(
            "hits holds 0 or 1 for each record in the order read, and at least one record, but "
            f"got {hits!r}"
        )
    found = np.cumsum(flags.astype(np.int64))
    n = len(found) if records is None else records
    total = int(found[-1]) if relevant is None else relevant
    if total < max(1, found[-1]) or n - len(found) < total - found[-1]:
        raise BadInput(
            f"{n} records with {total} relevant ones do not fit {len(found)} read with "
            f"{found[-1]} relevant ones; give all of them, at least one of which is relevant"
        )
    return found, n, total
