"""Query strategies under their names in the literature: arrays in, positions out.

Modules load when their strategy is first asked for, so importing this costs numpy only.
"""

from __future__ import annotations

import difflib
import importlib
import pkgutil
import sys
from functools import cache, lru_cache
from importlib.metadata import distribution, entry_points
from typing import TYPE_CHECKING, Any

from querist.core.errors import BadInput

if TYPE_CHECKING:
    from querist.strategies.advice import Advice as Advice
    from querist.strategies.advice import Facts as Facts
    from querist.strategies.advice import recommend as recommend
    from querist.strategies.alfa_mix import ALFAMix as ALFAMix
    from querist.strategies.anchor_al import AnchorAL as AnchorAL
    from querist.strategies.arithmetic import Product as Product
    from querist.strategies.arithmetic import Sum as Sum
    from querist.strategies.auto import Auto as Auto
    from querist.strategies.badge import BADGE as BADGE
    from querist.strategies.bait import BAIT as BAIT
    from querist.strategies.bald import BALD as BALD
    from querist.strategies.bandit import Bandit as Bandit
    from querist.strategies.base import Score as Score
    from querist.strategies.base import Strategy as Strategy
    from querist.strategies.base import Weighable as Weighable
    from querist.strategies.batch_bald import BatchBALD as BatchBALD
    from querist.strategies.binary_minimum import BinaryMinimum as BinaryMinimum
    from querist.strategies.boundary import DistanceToBoundary as DistanceToBoundary
    from querist.strategies.certainty import Certainty as Certainty
    from querist.strategies.class_balanced import ClassBalanced as ClassBalanced
    from querist.strategies.clue import CLUE as CLUE
    from querist.strategies.cluster_margin import ClusterMargin as ClusterMargin
    from querist.strategies.committee import QueryByCommittee as QueryByCommittee
    from querist.strategies.committee_variance import CommitteeVariance as CommitteeVariance
    from querist.strategies.compose import Chain as Chain
    from querist.strategies.contrastive import ContrastiveAL as ContrastiveAL
    from querist.strategies.cost_sensitive import CostSensitive as CostSensitive
    from querist.strategies.density import Density as Density
    from querist.strategies.density import InformationDensity as InformationDensity
    from querist.strategies.direct import DIRECT as DIRECT
    from querist.strategies.discriminative import DiscriminativeAL as DiscriminativeAL
    from querist.strategies.distinct import Distinct as Distinct
    from querist.strategies.diverse_batch import DiverseBatch as DiverseBatch
    from querist.strategies.draw_sources import Checkpoints as Checkpoints
    from querist.strategies.draw_sources import Dropout as Dropout
    from querist.strategies.draw_sources import Members as Members
    from querist.strategies.draw_sources import Perturbations as Perturbations
    from querist.strategies.drop_query import DropQuery as DropQuery
    from querist.strategies.effort import Effort as Effort
    from querist.strategies.effort import Sizes as Sizes
    from querist.strategies.effort import estimate as estimate
    from querist.strategies.effort import members as members
    from querist.strategies.emcm import (
        ExpectedModelChangeMaximization as ExpectedModelChangeMaximization,
    )
    from querist.strategies.entropy import Entropy as Entropy
    from querist.strategies.epig import EPIG as EPIG
    from querist.strategies.error_reduction import ExpectedErrorReduction as ExpectedErrorReduction
    from querist.strategies.falcun import Falcun as Falcun
    from querist.strategies.foreign import as_strategy as as_strategy
    from querist.strategies.four_ds import FourDs as FourDs
    from querist.strategies.galaxy import GALAXY as GALAXY
    from querist.strategies.group_quota import GroupQuota as GroupQuota
    from querist.strategies.gsx import GSx as GSx
    from querist.strategies.gsy import GSy as GSy
    from querist.strategies.igs import iGS as iGS
    from querist.strategies.kcenter import KCenter as KCenter
    from querist.strategies.kmeans import KMeansSampling as KMeansSampling
    from querist.strategies.knapsack import Knapsack as Knapsack
    from querist.strategies.label_scores import AvgConfidence as AvgConfidence
    from querist.strategies.label_scores import AvgScore as AvgScore
    from querist.strategies.label_scores import MaxConfidence as MaxConfidence
    from querist.strategies.label_scores import MaxScore as MaxScore
    from querist.strategies.lci import LCI as LCI
    from querist.strategies.lcmd import LCMD as LCMD
    from querist.strategies.learned import Learned as Learned
    from querist.strategies.least_confidence import LeastConfidence as LeastConfidence
    from querist.strategies.margin import Margin as Margin
    from querist.strategies.max_herding import MaxHerding as MaxHerding
    from querist.strategies.max_loss import MaxLoss as MaxLoss
    from querist.strategies.max_loss import MeanMaxLoss as MeanMaxLoss
    from querist.strategies.mix import Mix as Mix
    from querist.strategies.mmc import MMC as MMC
    from querist.strategies.model_change import ExpectedModelChange as ExpectedModelChange
    from querist.strategies.per_cost import PerCost as PerCost
    from querist.strategies.power import PowerSampling as PowerSampling
    from querist.strategies.power_bald import PowerBALD as PowerBALD
    from querist.strategies.predictive_variance import PredictiveVariance as PredictiveVariance
    from querist.strategies.prob_cover import ProbCover as ProbCover
    from querist.strategies.quire import QUIRE as QUIRE
    from querist.strategies.random import Random as Random
    from querist.strategies.screening import Screening as Screening
    from querist.strategies.seals import SEALS as SEALS
    from querist.strategies.subsample import Subsample as Subsample
    from querist.strategies.top import Top as Top
    from querist.strategies.typi_clust import TypiClust as TypiClust
    from querist.strategies.uncertainty_herding import UncertaintyHerding as UncertaintyHerding
    from querist.strategies.value_of_information import ValueOfInformation as ValueOfInformation
    from querist.strategies.walk import unmet as unmet
    from querist.strategies.walk import within as within

    BUILTINS: dict[str, tuple[str, str]]  # text name -> (module of this package, class)

GROUP = "querist.strategies"

# what is no strategy to be had by a text name -> module; the others are registered
_PARTS: dict[str, str] = {
    **dict.fromkeys(("Strategy", "Score", "Weighable"), "base"),
    **dict.fromkeys(("Sum", "Product"), "arithmetic"),
    "Chain": "compose",
    "Top": "top",
    "Mix": "mix",
    "Distinct": "distinct",
    "as_strategy": "foreign",
    **dict.fromkeys(("Effort", "Sizes", "estimate", "members"), "effort"),
    **dict.fromkeys(("Advice", "Facts", "recommend"), "advice"),
    **dict.fromkeys(("unmet", "within"), "walk"),
    **dict.fromkeys(("Members", "Dropout", "Perturbations", "Checkpoints"), "draw_sources"),
}


@cache
def _builtins() -> dict[str, tuple[str, str]]:
    """What this package itself registers, by text name: the module here, and the class."""
    own = distribution("querist").entry_points.select(group=GROUP)
    return {point.name: (point.module.rpartition(".")[2], point.attr) for point in own}


def _modules() -> dict[str, str]:
    return _PARTS | {cls: module for module, cls in _builtins().values()}


def __getattr__(name: str) -> Any:
    if name == "BUILTINS":
        return _builtins()
    if name == "__all__":
        return sorted([*_modules(), "BUILTINS", "get", "names"])
    module = None if name.startswith("_") else _modules().get(name)
    if module is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(f"{__name__}.{module}"), name)


@lru_cache(maxsize=1)
def _plugins(path: tuple[str, ...]) -> dict[str, str]:
    """What the packages on a path register: reading it takes 7 ms, and names come up often."""
    return {point.name: point.value for point in entry_points(group=GROUP)}


def _specs() -> dict[str, str]:
    return _plugins(tuple(sys.path)) | {
        text: f"{__name__}.{m}:{cls}" for text, (m, cls) in _builtins().items()
    }


def _plain(text: str) -> str:
    return text.lower().replace("_", "").replace("-", "").replace(" ", "")


def names() -> list[str]:
    """Text names of all strategies, built-in and plugged in, sorted.

    Examples
    --------
    >>> "least_confidence" in names()
    True
    """
    return sorted(_specs())


def get(text: str) -> Strategy:
    """Build the strategy that goes by a text name, by its class name, or that an expression says.

    Names of other libraries are understood where they mean the same ("qbc", "coreset"). An
    expression is written as in Python, of strategies and plain values.

    Raises
    ------
    BadInput
        When none does; the message suggests the nearest name and lists all.

    Examples
    --------
    >>> get("least_confidence"), get("LeastConfidence")
    (LeastConfidence(), LeastConfidence())
    >>> get("0.7 * Entropy() + 0.3 * density"), get("Entropy() >> Top(100) >> coreset")
    (0.7 * Entropy() + 0.3 * Density(), Entropy() >> Top(100) >> KCenter())
    """
    from querist.strategies.expression import built, is_expression
    from querist.strategies.foreign import as_strategy

    return as_strategy(built(text, _found) if is_expression(text) else _found(text))


def _found(text: str) -> Any:
    """The class, object or function that goes by a name."""
    from querist.strategies.aliases import NEAR, SAME

    specs = _specs()
    parts = {cls: _PARTS[cls] for cls in ("Top", "Mix", "Distinct")}
    parts |= {cls: module for module, cls in _builtins().values()}
    known = {_plain(cls): f"{__name__}.{module}:{cls}" for cls, module in parts.items()}
    known |= {_plain(text): value for text, value in specs.items()}
    known = {alias: specs[name] for alias, name in SAME.items() if name in specs} | known
    plain = _plain(text)
    if plain not in known:
        near = [repr(name) for name in difflib.get_close_matches(text.lower(), specs, n=1)]
        meant = NEAR.get(plain, "".join(near))
        hint = f"did you mean {meant}? " if meant else ""
        raise BadInput(f"no strategy is called {text!r}; {hint}known: {', '.join(sorted(specs))}")
    return pkgutil.resolve_name(known[plain])
