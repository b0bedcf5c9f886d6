"""The contract of a stopping rule."""

from __future__ import annotations

import copy
import json
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from querist.core.protocols import Stopping
from querist.core.types import Interval, Round


def histories() -> dict[str, list[Round]]:
    """Histories every rule must cope with, by what is special about them.

    Examples
    --------
    >>> len(histories()["empty"])
    0
    """
    rising = [0.5 + 0.04 * i for i in range(10)]
    noisy = [0.7, 0.74, 0.72, 0.78, 0.75, 0.79, 0.79, 0.78, 0.79, 0.78]
    return {
        "empty": [],
        "cold start": [Round(0, queued=20)],
        "nothing measured": [Round(i, labels=20 * i, bought=20 * i) for i in range(5)],
        "rising": _curve("accuracy", rising),
        "flat": _curve("accuracy", [0.8] * 10),
        "noisy": _curve("accuracy", noisy),
        "regression": _curve("rmse", [3.0 - s for s in rising]),
        "unmeasured at the end": [*_curve("accuracy", rising), Round(10, labels=220, bought=220)],
    }


def _curve(metric: str, scores: Sequence[float]) -> list[Round]:
    return [
        Round(
            number=i,
            labels=20 * (i + 1),
            bought=20 * (i + 1),
            spent=2.0 * (i + 1),
            model_version=i,
            metrics={metric: Interval(score, score - 0.02, score + 0.02)},
            measured_on="holdout",
        )
        for i, score in enumerate(scores)
    ]


class StoppingContract(ABC):
    """Inherit, define `rule`, and pytest runs the contract.

    Where the rule has a JSON form, define `read` too, which builds it from that form.

    Examples
    --------
    >>> class TestMine(StoppingContract):
    ...     def rule(self):
    ...         return lambda history: Verdict(len(history) > 9, f"{len(history)} rounds")
    >>> from querist.core.types import Verdict
    >>> TestMine().test_copes_with_any_history()
    """

    read: Callable[[Mapping[str, Any]], Stopping] | None = None

    @abstractmethod
    def rule(self) -> Stopping:
        """The rule under test."""

    def test_copes_with_any_history(self) -> None:
        """Every history gets a verdict with a reason, and progress in [0, 1] or None."""
        for name, history in histories().items():
            verdict = self.rule()(history)
            assert isinstance(verdict.stop, bool), name
            assert verdict.reason.strip(), f"no reason for the history {name!r}"
            assert verdict.progress is None or 0 <= verdict.progress <= 1, name

    def test_does_not_stop_before_anything_happened(self) -> None:
        """An empty history never stops."""
        assert not self.rule()([]).stop

    def test_is_pure(self) -> None:
        """The same history gets the same verdict from any copy, and stays as it was."""
        rule = self.rule()
        for name, history in histories().items():
            before = copy.deepcopy(history)
            first = rule(history)
            for other in histories().values():
                rule(other)
            assert rule(history) == first == self.rule()(before), name
            assert history == before, f"the rule changed the history {name!r}"

    def test_takes_any_sequence(self) -> None:
        """A tuple of rounds is as good as a list."""
        for history in histories().values():
            assert self.rule()(tuple(history)) == self.rule()(history)

    def test_json_form_round_trips(self) -> None:
        """The JSON form survives JSON and builds an equal rule."""
        if self.read is None:
            return
        rule: Any = self.rule()
        form = rule.to_spec()
        assert json.loads(json.dumps(form)) == form
        assert self.read(form) == rule
