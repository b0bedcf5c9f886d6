"""Scores with intervals, and paired comparisons of learning curves."""

from querist.core.measures import gains_of, higher_is_better, is_share, leading, primary
from querist.metrics.classification import classification
from querist.metrics.cost import cheapest, mean_cost
from querist.metrics.multilabel import multilabel
from querist.metrics.regression import regression

__all__ = [
    "cheapest",
    "classification",
    "gains_of",
    "higher_is_better",
    "is_share",
    "leading",
    "mean_cost",
    "multilabel",
    "primary",
    "regression",
]
