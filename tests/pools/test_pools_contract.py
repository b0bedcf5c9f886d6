"""The contract must catch what it is there to catch."""

from __future__ import annotations

import numpy as np
import pytest

from querist.pools.base import hash_all
from querist.pools.memory import ArrayPool, TextPool
from querist.testing.pools import PoolContract

TEXTS = ["a", "b", "a", "c"]


class SameIds(TextPool):
    def ids(self, rows=None):
        return ["x"] * len(super().ids(rows))


class SortedItems(TextPool):
    def items(self, rows):
        return sorted(super().items(rows))


class BlindHashes(TextPool):
    def _hash(self):
        return hash_all(b"" for _ in range(len(self)))


class RestlessHashes(TextPool):
    count = 0

    def _hash(self):
        RestlessHashes.count += 1
        return hash_all(f"{RestlessHashes.count}{text}".encode() for text in self._texts)


class ShowsTuples(TextPool):
    def show(self, row):
        return (super().show(row),)


class SilentRows(TextPool):
    def rows(self, ids):
        return np.zeros(len(ids), dtype=np.int64)


class Writable(ArrayPool):
    def items(self, rows):
        self._matrix.flags.writeable = True
        return self._matrix[rows[0] : rows[-1] + 1]


@pytest.mark.parametrize(
    ("make", "test"),
    [
        (lambda: TextPool(TEXTS[:2]), "test_is_a_pool"),
        (lambda: SameIds(TEXTS), "test_ids_are_unique_texts"),
        (lambda: SortedItems(TEXTS), "test_items_follow_the_rows"),
        (lambda: BlindHashes(TEXTS), "test_digests_tell_content_apart"),
        (lambda: TextPool(TEXTS[1:]), "test_digests_tell_content_apart"),
        (lambda: ShowsTuples(TEXTS), "test_show_is_plain_json"),
        (lambda: SilentRows(TEXTS), "test_ids_and_rows_are_inverse"),
        (lambda: Writable(np.arange(6.0).reshape(3, 2)), "test_is_read_only"),
    ],
)
def test_a_broken_pool_fails(make, test):
    with pytest.raises(AssertionError):
        getattr(PoolContract(), test)(make())


def test_unknown_ids_must_raise():
    with pytest.raises(pytest.fail.Exception, match="DID NOT RAISE"):
        PoolContract().test_unknown_id_is_named(SilentRows(TEXTS))


def test_reopening_must_give_the_same_ids(tmp_path):
    contract = PoolContract()
    contract.make_pool = lambda folder: RestlessHashes(TEXTS)
    with pytest.raises(AssertionError):
        contract.test_reopening_changes_nothing(RestlessHashes(TEXTS), tmp_path)
