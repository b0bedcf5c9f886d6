"""Query strategies: arrays in, positions out."""
