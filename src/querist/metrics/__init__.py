"""Scores with intervals, and paired comparisons of learning curves."""
