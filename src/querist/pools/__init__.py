"""Hands: the unlabelled data, whatever holds it. `open_pool` is the door."""

from querist.pools.base import BasePool, Duplicates, duplicates
from querist.pools.joined import Joined, extend
from querist.pools.opening import open_pool
from querist.pools.options import Options

__all__ = ["BasePool", "Duplicates", "Joined", "Options", "duplicates", "extend", "open_pool"]
