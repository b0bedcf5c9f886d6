"""Scores with intervals, and paired comparisons of learning curves."""

from querist.core.measures import gains_of, higher_is_better, is_share, leading, primary
from querist.metrics.classification import classification
from querist.metrics.cost import cheapest, mean_cost
from querist.metrics.multilabel import multilabel
from querist.metrics.regression import regression
from querist.metrics.screening import discovery_time, recall_at, work_saved

__all__ = [
    "cheapest",
    "classification",
    "discovery_time",
    "gains_of",
    "higher_is_better",
    "is_share",
    "leading",
    "mean_cost",
    "multilabel",
    "primary",
    "recall_at",
    "regression",
    "work_saved",
]
