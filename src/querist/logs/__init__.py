"""Logs: the append-only record, one file per technology."""
