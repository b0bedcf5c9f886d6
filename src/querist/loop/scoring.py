"""Signals: exactly what a strategy declared, each computed once per model version."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from querist import models, strategies
from querist.core.errors import MissingNeed
from querist.core.formulas import mentions
from querist.core.keys import seed_for, uniform
from querist.core.progress import tick
from querist.core.protocols import Model, Pool, Question
from querist.core.remarks import remark
from querist.core.signals import MEMBERS, POINTS
from querist.core.types import Floats, Ints, Labelled, Picks, Signals
from querist.loop.ledger import Ledger
from querist.loop.mistakes import Mistakes
from querist.loop.needs import costs_of, groups_of, learns, reach, supplied
from querist.loop.space import Space
from querist.loop.training import TrainingSet
from querist.selection.distinct import holds_copies

if TYPE_CHECKING:
    from querist.strategies import Strategy

BLOCK = 1 << 16  # rows predicted at a time: contiguous, so an array pool is never copied
_SALT = 0x636F7665


class Scorer:
    """Fills signals for a strategy from the pool, the model and the labels."""

    def __init__(self, pool: Pool, ledger: Ledger, space: Space, question: Question) -> None:
        self.pool = pool
        self.ledger = ledger
        self.space = space
        self.question = question

    def signals(
        self,
        strategy: Strategy,
        rows: Ints,
        training: TrainingSet,
        model: Model | None,
        untrained: Model,
        seed: int,
        past: Sequence[Model] = (),
        *,
        seconds: dict[str, float] | None = None,
        mistakes: Mistakes | None = None,
    ) -> Signals:
        """What `strategy` needs and wants, one row per candidate row.

        Training a committee, and asking it, is added to `seconds` as "committee"; `mistakes`
        are the costs of the recipe.

        Raises
        ------
        MissingNeed
            When neither the model nor the pool can give a need; names strategies that work.
        """
        names = supplied(strategy, self.gives(model))
        parts: dict[str, Any] = {"ids": self.ledger.keys[rows]}
        if mistakes is not None and "mistakes" in strategy.wants:
            parts["mistakes"] = np.array(mistakes)
        if model is not None and (asked := frozenset(names & {"proba", "decision"})):
            parts |= self._predict(model, rows, asked)
        if model is not None and "marginals" in names:
            parts["marginals"] = self._predict(model, rows, frozenset({"proba"}))["proba"]
        begun = time.perf_counter()
        if model is not None and "predicted" in names:
            parts["predicted"] = self._predicted(strategy, rows, training, model, untrained, seed)
        if "draws" in names:
            committee = getattr(strategy, "committee", MEMBERS)
            if hasattr(committee, "kind"):
                assert model is not None
                items, keys = self.pool.items(rows), self.ledger.keys[rows]
                parts["draws"] = models.draws_from(committee, model, past, items, keys, seed)
            else:
                parts["draws"] = self._draws(committee, rows, training, untrained, seed)
        if seconds is not None and strategies.members(strategy):
            seconds["committee"] = time.perf_counter() - begun
        vectors = self._vectors_for(strategy, model)
        if "vectors" in names:
            parts["vectors"] = vectors(rows)
        if "labelled" in names:
            known = vectors(training.rows) if "vectors" in names else None
            labels = tuple(getattr(self.question, "labels", ()))
            proba = None
            if model is not None and "labelled_proba" in names and len(training):
                proba = self._predict(model, training.rows, frozenset({"proba"}))["proba"]
            alone = None
            if model is not None and "labelled_marginals" in names and len(training):
                alone = self._predict(model, training.rows, frozenset({"proba"}))["proba"]
            if known is not None and len(training) and names & {"distances", "neighbours"}:
                found = self.space.nearest(rows, training.rows, strategy.nearest)
                parts["distances"], parts["neighbours"] = found
            queries = training.queries if "labelled_queries" in names else None
            parts["labelled"] = Labelled(known, training.targets, labels, proba, alone, queries)
        if "cost" in names:
            costs = costs_of(self.pool)
            assert costs is not None
            parts["cost"] = costs[rows]
        if "groups" in names:
            groups = groups_of(self.pool)
            assert groups is not None
            parts["groups"] = groups[rows]
        if "reference" in names:
            parts["reference"] = vectors(self._reference(strategy))
        return Signals(**parts)

    def _reference(self, strategy: Strategy) -> Ints:
        """Rows to be covered, in order; of many a sample by item key, where each one costs."""
        rows = self.ledger.covered_rows()
        if len(rows) <= POINTS or not mentions(strategy.cost_class, "r"):
            return rows
        remark(f"{POINTS:,} of {len(rows):,} items stand for the pool, drawn by item")
        order = np.argsort(uniform(self.ledger.keys[rows], _SALT), kind="stable")
        return rows[np.sort(order[:POINTS])]

    def pick(
        self, strategy: Strategy, signals: Signals, n: int, draws: np.random.SeedSequence
    ) -> Picks:
        """The strategy's picks, on one BLAS thread."""
        with models.one_thread():
            return strategy.pick(signals, n, np.random.default_rng(draws))

    def pick_distinct(
        self,
        strategy: Strategy,
        signals: Signals,
        rows: Ints,
        n: int,
        draws: np.random.SeedSequence,
    ) -> Picks:
        """The strategy's picks, kept free of near-copies of each other.

        Only the picks are looked at first: vectors of all candidates, which cost a copy of the
        pool, are gathered when there are copies among them.
        """
        picks = self.pick(strategy, signals, n, draws)
        radius = self.space.copy_radius(self.ledger.keys)
        if not holds_copies(self.space.vectors()[rows[picks.positions]], radius):
            return picks
        if signals.vectors is None:
            signals = replace(signals, vectors=self.space.vectors()[rows])
        # what is near in a learned space is settled there
        distinct = strategies.Distinct(strategy, radius=None if learns(strategy) else radius)
        return self.pick(distinct, signals, n, draws)

    def _predicted(
        self,
        strategy: Strategy,
        rows: Ints,
        training: TrainingSet,
        model: Model,
        untrained: Model,
        seed: int,
    ) -> Floats:
        """Numbers by the model alone, by a committee, or by a committee behind the model."""
        committee, columns = getattr(strategy, "committee", None), []
        if hasattr(committee, "kind"):
            raise MissingNeed(
                f"{strategy} reads numbers of several models, and {committee} gives class "
                "probabilities; name so many copies instead: committee=5"
            )
        if committee is None or strategy.leads_committee:
            columns.append(self._predict(model, rows, frozenset({"value"}))["value"][:, None])
        if committee is not None:
            members = models.committee_numbers(
                committee,
                untrained,
                self.pool.items(training.rows),
                training.targets,
                self.pool.items(rows),
                seed=seed_for(seed, 2),
            )
            columns.append(members)
        return np.hstack(columns)

    def _vectors_for(self, strategy: Strategy, model: Model | None) -> Callable[[Ints], Floats]:
        """Vectors of rows: of the pool's space, or as the model has learned them."""
        if model is None or not learns(strategy):
            return lambda rows: self.space.vectors()[rows]
        needs = frozenset({"vectors"})
        return lambda rows: self._predict(model, rows, needs)["vectors"]

    def gives(self, model: Model | None) -> frozenset[str]:
        """What the model supplies, nothing while there is none; prices where the pool has them."""
        return reach(model, self.question, self.pool)

    def _predict(self, model: Model, rows: Ints, needs: frozenset[str]) -> dict[str, Floats]:
        """Predict contiguous blocks when most rows are wanted: a view costs nothing to slice."""
        n = len(self.pool)
        dense = len(rows) > n // 2
        wanted = np.arange(n) if dense else rows
        found: dict[str, list[Floats]] = {name: [] for name in needs}
        for start in range(0, len(wanted), BLOCK):
            tick("items scored", start, len(wanted))
            said = model.predict(self.pool.items(wanted[start : start + BLOCK]), needs)
            for name in needs:
                found[name].append(getattr(said, name))
        joined = {
            name: parts[0] if len(parts) == 1 else np.concatenate(parts)
            for name, parts in found.items()
        }
        return {name: part[rows] for name, part in joined.items()} if dense else joined

    def _draws(
        self, committee: Any, rows: Ints, training: TrainingSet, untrained: Model, seed: int
    ) -> Floats:
        return models.committee_draws(
            committee,
            untrained,
            self.pool.items(training.rows),
            training.targets,
            self.pool.items(rows),
            question=self.question,
            seed=seed_for(seed, 2),
        )
