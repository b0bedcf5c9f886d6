"""Query strategies under their names in the literature: arrays in, positions out.

Modules load when their strategy is first asked for, so importing this costs numpy only.
"""

from __future__ import annotations

import difflib
import importlib
import pkgutil
from importlib.metadata import entry_points
from typing import TYPE_CHECKING, Any

from querist.core.errors import BadInput

if TYPE_CHECKING:
    from querist.strategies.advice import Advice, Facts, recommend
    from querist.strategies.alfa_mix import ALFAMix
    from querist.strategies.anchor_al import AnchorAL
    from querist.strategies.arithmetic import Product, Sum
    from querist.strategies.auto import Auto
    from querist.strategies.badge import BADGE
    from querist.strategies.bait import BAIT
    from querist.strategies.bald import BALD
    from querist.strategies.base import Score, Strategy, Weighable
    from querist.strategies.batch_bald import BatchBALD
    from querist.strategies.binary_minimum import BinaryMinimum
    from querist.strategies.boundary import DistanceToBoundary
    from querist.strategies.certainty import Certainty
    from querist.strategies.class_balanced import ClassBalanced
    from querist.strategies.clue import CLUE
    from querist.strategies.cluster_margin import ClusterMargin
    from querist.strategies.committee import QueryByCommittee
    from querist.strategies.committee_variance import CommitteeVariance
    from querist.strategies.committees import Checkpoints, Dropout, Members, Perturbations
    from querist.strategies.compose import Chain
    from querist.strategies.contrastive import ContrastiveAL
    from querist.strategies.cost_sensitive import CostSensitive
    from querist.strategies.density import Density, InformationDensity
    from querist.strategies.direct import DIRECT
    from querist.strategies.discriminative import DiscriminativeAL
    from querist.strategies.distinct import Distinct
    from querist.strategies.diverse_batch import DiverseBatch
    from querist.strategies.drop_query import DropQuery
    from querist.strategies.effort import Effort, Sizes, estimate, members
    from querist.strategies.emcm import ExpectedModelChangeMaximization
    from querist.strategies.entropy import Entropy
    from querist.strategies.epig import EPIG
    from querist.strategies.error_reduction import ExpectedErrorReduction
    from querist.strategies.falcun import Falcun
    from querist.strategies.foreign import as_strategy
    from querist.strategies.four_ds import FourDs
    from querist.strategies.galaxy import GALAXY
    from querist.strategies.group_quota import GroupQuota
    from querist.strategies.gsx import GSx
    from querist.strategies.gsy import GSy
    from querist.strategies.igs import iGS
    from querist.strategies.kcenter import KCenter
    from querist.strategies.kmeans import KMeansSampling
    from querist.strategies.knapsack import Knapsack
    from querist.strategies.label_scores import AvgConfidence, AvgScore, MaxConfidence, MaxScore
    from querist.strategies.lci import LCI
    from querist.strategies.lcmd import LCMD
    from querist.strategies.learned import Learned
    from querist.strategies.least_confidence import LeastConfidence
    from querist.strategies.margin import Margin
    from querist.strategies.max_herding import MaxHerding
    from querist.strategies.max_loss import MaxLoss, MeanMaxLoss
    from querist.strategies.mix import Mix
    from querist.strategies.mmc import MMC
    from querist.strategies.model_change import ExpectedModelChange
    from querist.strategies.per_cost import PerCost
    from querist.strategies.power import PowerSampling
    from querist.strategies.power_bald import PowerBALD
    from querist.strategies.predictive_variance import PredictiveVariance
    from querist.strategies.prob_cover import ProbCover
    from querist.strategies.quire import QUIRE
    from querist.strategies.random import Random
    from querist.strategies.seals import SEALS
    from querist.strategies.subsample import Subsample
    from querist.strategies.top import Top
    from querist.strategies.typi_clust import TypiClust
    from querist.strategies.uncertainty_herding import UncertaintyHerding
    from querist.strategies.value_of_information import ValueOfInformation
    from querist.strategies.walk import within

__all__ = [
    "BADGE",
    "BAIT",
    "BALD",
    "BUILTINS",
    "CLUE",
    "DIRECT",
    "EPIG",
    "GALAXY",
    "LCI",
    "LCMD",
    "MMC",
    "QUIRE",
    "SEALS",
    "ALFAMix",
    "Advice",
    "AnchorAL",
    "Auto",
    "AvgConfidence",
    "AvgScore",
    "BatchBALD",
    "BinaryMinimum",
    "Certainty",
    "Chain",
    "Checkpoints",
    "ClassBalanced",
    "ClusterMargin",
    "CommitteeVariance",
    "ContrastiveAL",
    "CostSensitive",
    "Density",
    "DiscriminativeAL",
    "DistanceToBoundary",
    "Distinct",
    "DiverseBatch",
    "DropQuery",
    "Dropout",
    "Effort",
    "Entropy",
    "ExpectedErrorReduction",
    "ExpectedModelChange",
    "ExpectedModelChangeMaximization",
    "Facts",
    "Falcun",
    "FourDs",
    "GSx",
    "GSy",
    "GroupQuota",
    "InformationDensity",
    "KCenter",
    "KMeansSampling",
    "Knapsack",
    "Learned",
    "LeastConfidence",
    "Margin",
    "MaxConfidence",
    "MaxHerding",
    "MaxLoss",
    "MaxScore",
    "MeanMaxLoss",
    "Members",
    "Mix",
    "PerCost",
    "Perturbations",
    "PowerBALD",
    "PowerSampling",
    "PredictiveVariance",
    "ProbCover",
    "Product",
    "QueryByCommittee",
    "Random",
    "Score",
    "Sizes",
    "Strategy",
    "Subsample",
    "Sum",
    "Top",
    "TypiClust",
    "UncertaintyHerding",
    "ValueOfInformation",
    "Weighable",
    "as_strategy",
    "estimate",
    "get",
    "iGS",
    "members",
    "names",
    "recommend",
    "within",
]

GROUP = "querist.strategies"

# text name -> (module of this package, class)
BUILTINS: dict[str, tuple[str, str]] = {
    "random": ("random", "Random"),
    "least_confidence": ("least_confidence", "LeastConfidence"),
    "margin": ("margin", "Margin"),
    "entropy": ("entropy", "Entropy"),
    "distance_to_boundary": ("boundary", "DistanceToBoundary"),
    "query_by_committee": ("committee", "QueryByCommittee"),
    "density": ("density", "Density"),
    "information_density": ("density", "InformationDensity"),
    "kcenter": ("kcenter", "KCenter"),
    "kmeans": ("kmeans", "KMeansSampling"),
    "diverse_batch": ("diverse_batch", "DiverseBatch"),
    "badge": ("badge", "BADGE"),
    "bait": ("bait", "BAIT"),
    "cluster_margin": ("cluster_margin", "ClusterMargin"),
    "gsx": ("gsx", "GSx"),
    "gsy": ("gsy", "GSy"),
    "igs": ("igs", "iGS"),
    "lcmd": ("lcmd", "LCMD"),
    "committee_variance": ("committee_variance", "CommitteeVariance"),
    "emcm": ("emcm", "ExpectedModelChangeMaximization"),
    "predictive_variance": ("predictive_variance", "PredictiveVariance"),
    "binary_minimum": ("binary_minimum", "BinaryMinimum"),
    "max_loss": ("max_loss", "MaxLoss"),
    "mean_max_loss": ("max_loss", "MeanMaxLoss"),
    "mmc": ("mmc", "MMC"),
    "lci": ("lci", "LCI"),
    "avg_score": ("label_scores", "AvgScore"),
    "max_score": ("label_scores", "MaxScore"),
    "avg_confidence": ("label_scores", "AvgConfidence"),
    "max_confidence": ("label_scores", "MaxConfidence"),
    "max_herding": ("max_herding", "MaxHerding"),
    "per_cost": ("per_cost", "PerCost"),
    "knapsack": ("knapsack", "Knapsack"),
    "prob_cover": ("prob_cover", "ProbCover"),
    "uncertainty_herding": ("uncertainty_herding", "UncertaintyHerding"),
    "typi_clust": ("typi_clust", "TypiClust"),
    "auto": ("auto", "Auto"),
    "batch_bald": ("batch_bald", "BatchBALD"),
    "epig": ("epig", "EPIG"),
    "class_balanced": ("class_balanced", "ClassBalanced"),
    "certainty": ("certainty", "Certainty"),
    "cost_sensitive": ("cost_sensitive", "CostSensitive"),
    "value_of_information": ("value_of_information", "ValueOfInformation"),
    "expected_error_reduction": ("error_reduction", "ExpectedErrorReduction"),
    "expected_model_change": ("model_change", "ExpectedModelChange"),
    "power_bald": ("power_bald", "PowerBALD"),
    "bald": ("bald", "BALD"),
    "power": ("power", "PowerSampling"),
    "clue": ("clue", "CLUE"),
    "drop_query": ("drop_query", "DropQuery"),
    "contrastive": ("contrastive", "ContrastiveAL"),
    "discriminative": ("discriminative", "DiscriminativeAL"),
    "alfa_mix": ("alfa_mix", "ALFAMix"),
    "falcun": ("falcun", "Falcun"),
    "four_ds": ("four_ds", "FourDs"),
    "galaxy": ("galaxy", "GALAXY"),
    "direct": ("direct", "DIRECT"),
    "seals": ("seals", "SEALS"),
    "anchor_al": ("anchor_al", "AnchorAL"),
    "quire": ("quire", "QUIRE"),
    "group_quota": ("group_quota", "GroupQuota"),
    "subsample": ("subsample", "Subsample"),
    "learned": ("learned", "Learned"),
}

_MODULES: dict[str, str] = {
    **{cls: module for module, cls in BUILTINS.values()},
    **dict.fromkeys(("Strategy", "Score", "Weighable"), "base"),
    **dict.fromkeys(("Sum", "Product"), "arithmetic"),
    "Chain": "compose",
    "Top": "top",
    "Mix": "mix",
    "Distinct": "distinct",
    "as_strategy": "foreign",
    **dict.fromkeys(("Effort", "Sizes", "estimate", "members"), "effort"),
    **dict.fromkeys(("Advice", "Facts", "recommend"), "advice"),
    "within": "walk",
    **dict.fromkeys(("Members", "Dropout", "Perturbations", "Checkpoints"), "committees"),
}


def __getattr__(name: str) -> Any:
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(f"{__name__}.{_MODULES[name]}"), name)


def _specs() -> dict[str, str]:
    plugins = {point.name: point.value for point in entry_points(group=GROUP)}
    return plugins | {text: f"{__name__}.{m}:{cls}" for text, (m, cls) in BUILTINS.items()}


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
    parts = {cls: _MODULES[cls] for cls in ("Top", "Mix", "Distinct")}
    parts |= {cls: module for module, cls in BUILTINS.values()}
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
