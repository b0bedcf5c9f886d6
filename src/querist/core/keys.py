"""Randomness keyed by (seed, round, item), so that picks never depend on order or partition."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from querist.core.types import Floats

Keys = NDArray[np.uint64]

_GAMMA = np.uint64(0x9E3779B97F4A7C15)
_MIX1 = np.uint64(0xBF58476D1CE4E5B9)
_MIX2 = np.uint64(0x94D049BB133111EB)


def hash_ids(ids: Iterable[str]) -> Keys:
    """64-bit key of each id (BLAKE2b), the same on every machine.

    Examples
    --------
    >>> hash_ids(["a", "b"])[0] == hash_ids(["a"])[0]
    np.True_
    """
    blake = hashlib.blake2b
    texts = (i.encode(errors="surrogatepass") for i in ids)  # names of files may hold surrogates
    joined = b"".join([blake(text, digest_size=8).digest() for text in texts])
    return np.frombuffer(joined, dtype="<u8").astype(np.uint64)


def scramble(keys: Keys, *salt: int) -> Keys:
    """Mix the salt into the keys with the SplitMix64 finaliser (Steele et al., 2014).

    Examples
    --------
    >>> k = hash_ids(["a", "b"])
    >>> bool((scramble(k, 1) != scramble(k, 2)).all())
    True
    """
    mixed = keys
    with np.errstate(over="ignore"):
        for part in (*salt, 0):
            mixed = mixed + np.uint64(part & 0xFFFFFFFFFFFFFFFF) * _MIX1 + _GAMMA
            mixed = (mixed ^ (mixed >> np.uint64(30))) * _MIX1
            mixed = (mixed ^ (mixed >> np.uint64(27))) * _MIX2
            mixed = mixed ^ (mixed >> np.uint64(31))
    return mixed


def uniform(keys: Keys, *salt: int) -> Floats:
    """A uniform number in [0, 1) for each key, (n,), decided by the key and the salt alone.

    Examples
    --------
    >>> u = uniform(hash_ids(str(i) for i in range(10_000)), 7)
    >>> bool(abs(u.mean() - 0.5) < 0.01 and 0 <= u.min() and u.max() < 1)
    True
    """
    return (scramble(keys, *salt) >> np.uint64(11)).astype(np.float64) * 2.0**-53


def keys_of(ids: NDArray[Any] | Sequence[Any]) -> Keys:
    """Keys of whatever came as ids: hashed when text, scrambled as they are when integers."""
    array = np.asarray(ids)
    if array.dtype.kind in "iu":
        return array.astype(np.uint64)
    return hash_ids(str(i) for i in array)


def seed_for(seed: int, *salt: int) -> int:
    """A 32-bit seed for (seed, salt): what is handed to estimators as `random_state`.

    Examples
    --------
    >>> seed_for(0, 1) != seed_for(0, 2)
    True
    """
    key = scramble(np.array([seed & 0xFFFFFFFFFFFFFFFF], dtype=np.uint64), *salt)
    return int(key[0] >> np.uint64(32))
