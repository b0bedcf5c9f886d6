"""The command line: one file per family of verbs, loaded when `querist` is run."""

from querist.cli.app import app, main

__all__ = ["app", "main"]
