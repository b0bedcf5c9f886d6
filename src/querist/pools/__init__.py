"""Hands: the unlabelled data, whatever holds it. `open_pool` is the door."""

from querist.pools.base import Duplicates, duplicates
from querist.pools.opening import open_pool
from querist.pools.options import Options

__all__ = ["Duplicates", "Options", "duplicates", "open_pool"]
