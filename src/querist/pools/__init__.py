"""Pools: the data, one file per technology."""
