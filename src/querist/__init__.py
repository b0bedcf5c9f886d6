"""Active learning: decide what to label next, collect the labels, retrain, know when to stop."""

__version__ = "0.1.0"
