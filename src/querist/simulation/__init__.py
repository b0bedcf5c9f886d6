"""Replay of labelled data: simulate, compare, oracles."""
