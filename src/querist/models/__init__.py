"""Models: adapters, defaults, feature geometry, committees and the model store."""
