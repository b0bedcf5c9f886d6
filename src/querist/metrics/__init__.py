"""Scores with intervals, and paired comparisons of learning curves.

The modules are imported one by one, since scikit-learn takes its time to load:
`classification`, `multilabel`, `regression`, `paired`, `plateau`.
"""

from querist.core.measures import gains_of, higher_is_better, is_share, leading, primary

__all__ = ["gains_of", "higher_is_better", "is_share", "leading", "primary"]
