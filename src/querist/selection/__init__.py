"""Exact primitives that the set-wise strategies share."""
