"""Stopping rules: pure functions of the rounds so far."""
