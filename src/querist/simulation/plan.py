"""What a study compares: settings, strategies and seeds, and the runs they make."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from typing import Any

from querist.simulation.estimators import Part

BASELINE, AGAIN = "random", "random again"


@dataclass(frozen=True)
class Source:
    """A labelled file and how it is read.

    Attributes
    ----------
    file : str
    digest : str
        Hash of its content: what names it in the key of a run.
    columns : tuple of (name, value)
        As `open_pool` takes them.
    vectors : str
        An NPY file of one vector a row that stands for the items; "" for the items themselves.
    vectors_digest : str
    """

    file: str
    digest: str
    columns: tuple[tuple[str, Any], ...]
    vectors: str = ""
    vectors_digest: str = ""


@dataclass(frozen=True)
class Setting:
    """Data, their representation and a model: what strategies are compared in.

    Attributes
    ----------
    data, representation, model : str
        Their names in the plan.
    source : Source
    features, estimator : Part
    options : tuple of (name, value)
        What `simulate` takes besides.
    target : float or None
        The score whose labels are told.
    """

    data: str
    representation: str
    model: str
    source: Source
    features: Part
    estimator: Part
    options: tuple[tuple[str, Any], ...]
    target: float | None = None

    @property
    def names(self) -> dict[str, str]:
        """How it is called in a row of findings."""
        return {"data": self.data, "representation": self.representation, "model": self.model}

    def __str__(self) -> str:
        return " / ".join(self.names.values())


@dataclass(frozen=True)
class Cell:
    """One run: a strategy in a setting on a seed.

    Attributes
    ----------
    setting : Setting
    strategy : str
        Its name in the plan; `expression` is what it is.
    expression : str
    seed : int
    draw : int
        Which of several random runs on that seed; 0 for any other strategy.
    easy_hard : bool
        Whether the test is also scored by halves.
    """

    setting: Setting
    strategy: str
    expression: str
    seed: int
    draw: int = 0
    easy_hard: bool = True

    @property
    def key(self) -> str:
        """Hash of everything that decides the result; the names of things do not.

        File contents enter it, their places do not.
        """
        setting = self.setting
        what = {
            "data": [setting.source.digest, setting.source.columns, setting.source.vectors_digest],
            "features": asdict(setting.features),
            "model": asdict(setting.estimator),
            "options": sorted(setting.options),
            "strategy": [self.expression, self.draw],
            "seed": self.seed,
            "easy_hard": self.easy_hard,
        }
        return hashlib.sha256(json.dumps(what, sort_keys=True).encode()).hexdigest()[:32]


@dataclass(frozen=True)
class Plan:
    """A study, checked: its settings, strategies and seeds.

    Attributes
    ----------
    name : str
    settings : tuple of Setting
    strategies : mapping of str to str
        Name -> expression; without random, which always runs along.
    seeds : tuple of int
    random_runs : int
        Random runs on each seed whose mean is the comparator; one more is the null row.
    easy_hard : bool
    """

    name: str
    settings: tuple[Setting, ...]
    strategies: Mapping[str, str]
    seeds: tuple[int, ...]
    random_runs: int
    easy_hard: bool

    def cells(self) -> Iterator[Cell]:
        """Every run, seed by seed: whatever stops a study, whole seeds are there first."""
        draws = range(self.random_runs + 1)
        for seed in self.seeds:
            for setting in self.settings:
                for draw in draws:
                    name = BASELINE if draw < self.random_runs else AGAIN
                    yield Cell(setting, name, BASELINE, seed, draw, self.easy_hard)
                for name, expression in self.strategies.items():
                    yield Cell(setting, name, expression, seed, 0, self.easy_hard)
