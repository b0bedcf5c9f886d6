"""Backends: where parallel work runs."""
