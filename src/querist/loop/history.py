"""What happened so far, for those who ask: rounds, training sets, models, reasons."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Sequence
from typing import Any

from querist import strategies
from querist.core.protocols import Model
from querist.core.types import Interval, Round
from querist.loop import measure
from querist.loop.facts import facts_of
from querist.loop.profile import strayed_table
from querist.loop.ranking import ranking
from querist.loop.reasons import reasons
from querist.loop.rounds import round_to_json
from querist.loop.summary import table
from querist.loop.training import TrainingSet
from querist.loop.worker import Worker
from querist.reports.page import Table
from querist.strategies import Advice


class History:
    """Reader of a campaign's past; never writes.

    Examples
    --------
    >>> import querist as q
    >>> c = q.campaign([f"text {i}" for i in range(40)], q.Choice(["odd", "even"]), batch=10)
    >>> c.history.rounds[0].queued
    10
    """

    def __init__(self, worker: Worker) -> None:
        self._worker = worker

    @property
    def rounds(self) -> list[Round]:
        """Every round, oldest first."""
        return list(self._worker.journal.state.rounds)

    def training_set(self, number: int) -> TrainingSet:
        """The exact training set of a round, rebuilt from the log and checked by its hash."""
        return self._worker.training_of(number)

    def model(self, number: int) -> Model:
        """The model of a round."""
        return self._worker.model_of(number)

    def score(self, number: int, items: Any, values: Sequence[Any]) -> dict[str, Interval]:
        """Scores of a round's model on labelled items of your own."""
        parts, growth = self._worker.parts, self._worker.growth
        targets, prices = parts.question.encode(values), parts.recipe.mistakes
        model, batch = self.model(number), growth.batch(items)
        return measure.on_items(parts.question, model, batch, targets, mistakes=prices)

    def ranking(self, n: int | None = None, *, strategy: Any = None) -> list[dict[str, Any]]:
        """Candidates in the order they are wanted now: rank, id, score; nothing is queued.

        Parameters
        ----------
        n : int, optional
            How many at most; all of them by default.
        strategy : str, Strategy or callable, optional
            Another one than the campaign's.
        """
        return ranking(self._worker, n, strategy)

    def recommend(self) -> Advice:
        """The strategy the evidence speaks for on this campaign's facts, with its reason."""
        return strategies.recommend(facts_of(self._worker))

    def strayed(self) -> tuple[Table, str, bool]:
        """Queries against the pool by region: a table, a sentence, and whether to warn."""
        growth, recipe = self._worker.growth, self._worker.parts.recipe
        with self._worker.journal.lock:
            self._worker.journal.sync()
            return strayed_table(growth.ledger, growth.scorer.space, recipe.seed)

    def why(self, item_id: str) -> str:
        """In plain words: why an item was asked, by which model, who labelled it, and when.

        Raises
        ------
        UnknownTask
            When the pool holds no such item.
        """
        with self._worker.journal.lock:
            self._worker.journal.sync()
            return reasons(self._worker.journal.state, self._worker.growth, item_id)

    def to_json(self) -> str:
        """All rounds as JSON."""
        return json.dumps([round_to_json(turn) for turn in self.rounds], indent=1)

    def to_csv(self) -> str:
        """All rounds as CSV, a row a round, a column a metric and its interval's ends."""
        rows = table(self.rounds)
        columns = list(dict.fromkeys(name for row in rows for name in row))
        out = io.StringIO()
        writer = csv.DictWriter(out, columns, lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
        return out.getvalue()
