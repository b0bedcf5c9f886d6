"""Rows of a study's tables: a strategy in one setting, and a strategy over all of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from querist.core.types import Interval
from querist.metrics import paired
from querist.metrics.ranks import fewest_pairs, ranks, signed_rank
from querist.simulation.comparison import SURE
from querist.simulation.difficulty import EASY, HARD, half_of
from querist.simulation.places import Place
from querist.simulation.plan import AGAIN, BASELINE

Below = Mapping[tuple[int, str], tuple[int, int, int]]
SETTINGS_TESTED = fewest_pairs()


def rows_of(place: Place, below: Below) -> list[dict[str, Any]]:
    """A dict for each strategy of a setting; see `Findings.table`."""
    comparison, target = place.comparison, place.setting.target
    many = len(comparison.seeds) > 1
    base = place.areas(BASELINE)
    reach = {} if target is None else comparison.labels_to(target)
    rows = []
    for told in comparison.table():
        name = told["strategy"]
        row = place.setting.names | {"strategy": name, "seeds": len(comparison.seeds)}
        row |= {key: told[key] for key in ("aubc", "aubc_low", "aubc_high", "final")}
        row |= {key: told[key] for key in ("labels", "saved", "saved_low", "saved_high")}
        area = place.areas(name)
        other = many and name != BASELINE
        row |= _gain("gain", paired.paired_bootstrap(area, base) if other else None)
        if not many and name != BASELINE:
            row["gain"] = float((area - base)[0])
        row |= {"p": signed_rank(area, base) if other else None, "p_holm": None, "outcome": None}
        points, raw, sure = below.get((id(place), name), (None, None, None))
        row |= {"points": points, "below": raw, "below_bh": sure}
        if reach:
            found = reach[name]
            labels = found.labels.value
            row |= {"target": target, "reached": found.reached}
            row |= {"labels_to_target": labels if np.isfinite(labels) else None}
        for half in (EASY, HARD):
            row |= _gain(half, _half_gain(place, name, half) if other else None)
        row["others"] = {score: _other(place, name, score) for score in _further(place)}
        row |= {"seconds": told["seconds"], "memory": place.memory.get(name)}
        rows.append(row)
    _judge(rows)
    return rows


def _judge(rows: list[dict[str, Any]]) -> None:
    """Adjust the p values of a setting's strategies, and call wins and losses by them.

    Nothing is called on so few seeds that nothing could be. The null row is no claim: it
    stands alone.
    """
    tested = [row for row in rows if row["p"] is not None]
    claims = [row for row in tested if row["strategy"] != AGAIN]
    for family in (claims, [row for row in tested if row["strategy"] == AGAIN]):
        if not family:
            continue
        holm = paired.adjust([row["p"] for row in family], "holm")
        for row, value in zip(family, holm, strict=True):
            row["p_holm"] = float(value)
            way = "win" if row["gain"] > 0 else "loss"
            if row["seeds"] >= fewest_pairs(len(family)):
                row["outcome"] = way if value < SURE else "tie"


def _further(place: Place) -> list[str]:
    """Scores beside the first one, without those of its halves."""
    first, *rest = place.comparison.scores
    return [score for score in rest if score not in (half_of(first, EASY), half_of(first, HARD))]


def _other(place: Place, name: str, score: str) -> dict[str, float | None]:
    """Mean height of a curve in a further score, and its gain over random's."""
    mine, base = place.areas(name, score), place.areas(BASELINE, score)
    other = name != BASELINE and len(mine) > 1
    gain = _gain("gain", paired.paired_bootstrap(mine, base) if other else None)
    return {"aubc": float(mine.mean()), **gain}


def _half_gain(place: Place, name: str, half: str) -> Interval | None:
    score = half_of(place.comparison.scores[0], half)
    if score not in place.comparison.scores:
        return None
    return paired.paired_bootstrap(place.areas(name, score), place.areas(BASELINE, score))


def _gain(name: str, found: Interval | None) -> dict[str, float | None]:
    if found is None:
        return dict.fromkeys((name, f"{name}_low", f"{name}_high"))
    return {name: found.value, f"{name}_low": found.low, f"{name}_high": found.high}


def places_by_rank(places: Sequence[Place]) -> dict[str, float]:
    """Mean rank of each strategy over the settings it is in, by area; the null row has none."""
    found: dict[str, list[float]] = {}
    for place in places:
        names = [name for name in place.comparison.curves if name != AGAIN]
        heights = [[float(place.areas(name).mean()) for name in names]]
        for name, rank in zip(names, ranks(heights)[0].tolist(), strict=True):
            found.setdefault(name, []).append(rank)
    return {name: float(np.mean(values)) for name, values in found.items()}


def standing(
    name: str, rows: Sequence[Mapping[str, Any]], rank: float | None, areas: int | None
) -> dict[str, Any]:
    """A strategy over all its settings; see `Findings.ranking`."""
    gains = [row["gain"] for row in rows if row["gain"] is not None]
    worst = min((row for row in rows if row["gain"] is not None), key=_by_gain, default=None)
    points = sum(row["points"] or 0 for row in rows)
    saved = [row["saved"] for row in rows if row["saved"] is not None]
    memory = [row["memory"] for row in rows if row["memory"] is not None]
    outcomes = [row["outcome"] for row in rows]
    other = name != BASELINE
    known = other and any(outcomes)
    return {
        "strategy": name,
        "settings": len(rows),
        "seeds": min(row["seeds"] for row in rows),
        "rank": rank,
        "gain": float(np.mean(gains)) if gains else None,
        "worst": None if worst is None else worst["gain"],
        "worst_in": None if worst is None else where(worst),
        "wins": outcomes.count("win") if known else None,
        "ties": outcomes.count("tie") if known else None,
        "losses": outcomes.count("loss") if known else None,
        "points": points or None,
        "below": _share(rows, "below", points),
        "below_bh": _share(rows, "below_bh", points),
        "areas_below": areas if other else None,
        "saved": float(np.median(saved)) if saved else None,
        "p": signed_rank(gains, np.zeros(len(gains))) if len(gains) >= SETTINGS_TESTED else None,
        "p_holm": None,
        "easy": _mean(rows, EASY),
        "hard": _mean(rows, HARD),
        "seconds": _mean(rows, "seconds"),
        "memory": max(memory, default=None),
    }


def _by_gain(row: Mapping[str, Any]) -> float:
    return float(row["gain"])


def where(row: Mapping[str, Any]) -> str:
    """The setting of a row, as text."""
    return " / ".join((row["data"], row["representation"], row["model"]))


def _share(rows: Sequence[Mapping[str, Any]], key: str, points: int) -> float | None:
    return sum(row[key] or 0 for row in rows) / points if points else None


def _mean(rows: Sequence[Mapping[str, Any]], key: str) -> float | None:
    values = [row[key] for row in rows if row[key] is not None]
    return float(np.mean(values)) if values else None


def sentence(row: Mapping[str, Any]) -> str:
    """What a row of the ranking says, in words.

    Examples
    --------
    >>> row = {"strategy": "margin", "settings": 4, "seeds": 10, "gain": 0.012, "wins": 2,
    ...        "ties": 1, "losses": 1, "below": 0.05, "below_bh": 0.0, "worst": -0.02,
    ...        "worst_in": "iris / default / svm"}
    >>> print(sentence(row))  # doctest: +NORMALIZE_WHITESPACE
    margin: surely better than random in 2 of 4 settings, surely worse in 1; mean gain
    +1.20 points. 5.0 % of its curve points lie below random (raw p < 0.05), 0.0 % after
    Benjamini-Hochberg. Worst: -2.00 in iris / default / svm.
    """
    if row["below"] is None:
        return f"{row['strategy']}: one seed shows nothing; run ten."
    below, sure = (f"{100 * row[key]:.1f} %" for key in ("below", "below_bh"))
    called = (
        f"{row['seeds']} seeds are too few for a win or a loss, run ten"
        if row["wins"] is None
        else f"surely better than random in {row['wins']} of {row['settings']} settings, surely "
        f"worse in {row['losses']}"
    )
    return (
        f"{row['strategy']}: {called}; mean gain {100 * row['gain']:+.2f} points. {below} of "
        f"its curve points lie below random (raw p < 0.05), {sure} after Benjamini-Hochberg. "
        f"Worst: {100 * row['worst']:+.2f} in {row['worst_in']}."
    )
