"""Rounds to JSON and back: how the log remembers a turn of the ring."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from querist.core.types import ArmCheck, Interval, Round, Verdict


def round_to_json(turn: Round) -> dict[str, Any]:
    """Plain dict of a round; the inverse of `round_from_json`.

    Examples
    --------
    >>> turn = Round(1, labels=20, metrics={"accuracy": Interval(0.9, 0.8, 0.95)})
    >>> round_from_json(round_to_json(turn)) == turn
    True
    """
    form = asdict(turn)
    form["notes"] = list(turn.notes)
    return form


def round_from_json(form: Mapping[str, Any]) -> Round:
    """A round from its plain dict; what an older log lacks is as it was then: none.

    Examples
    --------
    >>> round_from_json({"number": 0, "labels": 0}).check is None
    True
    """
    known = dict(form)
    known["metrics"] = {k: Interval(**v) for k, v in form.get("metrics", {}).items()}
    known["verdicts"] = {k: Verdict(**v) for k, v in form.get("verdicts", {}).items()}
    known["notes"] = tuple(form.get("notes", ()))
    if (check := form.get("check")) is not None:
        known["check"] = ArmCheck(**{**check, "gap": Interval(**check["gap"])})
    return Round(**known)
