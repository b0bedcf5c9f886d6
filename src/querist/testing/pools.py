"""What every pool must do, as tests: inherit `PoolContract` and say how your pool is made."""

from __future__ import annotations

import json
from itertools import combinations
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from querist.core.errors import UnknownTask
from querist.core.protocols import Pool
from querist.core.types import Ints


def contents(batch: Any) -> list[str]:
    """The items of a batch in a form that compares: equal content, equal text.

    Examples
    --------
    >>> contents(np.array([[1.0, np.nan], [2.0, 3.0]]))
    ['[1.0, nan]', '[2.0, 3.0]']
    """
    if hasattr(batch, "toarray"):  # sparse
        batch = batch.toarray()
    elif hasattr(batch, "iloc"):  # pandas
        batch = batch.to_numpy()
    elif hasattr(batch, "iter_rows"):  # polars
        batch = list(batch.iter_rows())
    return [repr(item.tolist() if isinstance(item, np.ndarray) else item) for item in batch]


def _every(pool: Pool) -> Ints:
    return np.arange(len(pool))


class PoolContract:
    """Tests for one kind of pool.

    Override `make_pool`. The pool must hold at least three rows, some with equal content.

    Examples
    --------
    >>> from querist.pools import open_pool  # doctest: +SKIP
    >>> class TestMine(PoolContract):  # doctest: +SKIP
    ...     def make_pool(self, tmp_path):
    ...         return open_pool("mine://table")
    """

    def make_pool(self, tmp_path: Path) -> Pool:
        """Open the pool; called twice with the same folder it opens the same data again."""
        raise NotImplementedError("say in make_pool how your pool is opened")

    @pytest.fixture
    def pool(self, tmp_path: Path) -> Pool:
        """The pool under test."""
        return self.make_pool(tmp_path)

    def test_is_a_pool(self, pool: Pool) -> None:
        """It has the methods of the protocol, a known kind and enough rows to test."""
        assert isinstance(pool, Pool)
        assert pool.kind in {"text", "table", "array", "sparse", "image"}
        assert len(pool) >= 3

    def test_ids_are_unique_texts(self, pool: Pool) -> None:
        """One str per row, none twice."""
        every = _every(pool)
        ids = pool.ids(every)
        assert len(set(ids)) == len(pool)
        assert all(type(name) is str and name for name in ids)

    def test_reopening_changes_nothing(self, pool: Pool, tmp_path: Path) -> None:
        """The same data has the same ids and digests the next time."""
        every = _every(pool)
        again = self.make_pool(tmp_path)
        assert again.ids(every) == pool.ids(every)
        assert again.digests(every) == pool.digests(every)

    def test_ids_and_rows_are_inverse(self, pool: Pool) -> None:
        """Rows go to ids and back, in any order and with repeats."""
        every = _every(pool)
        for rows in (every, every[::-1], every[[-1, 0, 1, 0]], every[:0]):
            back = pool.rows(pool.ids(rows))
            assert back.tolist() == rows.tolist()
            assert back.dtype == np.int64

    def test_unknown_id_is_named(self, pool: Pool) -> None:
        """An id that is not here raises UnknownTask with its name."""
        every = _every(pool)
        with pytest.raises(UnknownTask, match="no-such-item"):
            pool.rows([*pool.ids(every[:1]), "no-such-item"])

    def test_items_follow_the_rows(self, pool: Pool) -> None:
        """A batch is its rows one by one, whatever the order, repeats included."""
        every = _every(pool)
        single = [contents(pool.items(every[row : row + 1]))[0] for row in every]
        for rows in (every, every[1:], every[::-1], every[[-1, 0, 1, 0]], every[:0]):
            assert contents(pool.items(rows)) == [single[row] for row in rows]

    def test_digests_tell_content_apart(self, pool: Pool) -> None:
        """Equal digests for equal items, different ones for different items."""
        every = _every(pool)
        digests = pool.digests(every)
        items = contents(pool.items(every))
        pairs = [
            (digests[a] == digests[b], items[a] == items[b]) for a, b in combinations(every, 2)
        ]
        assert all(same_digest == same_item for same_digest, same_item in pairs)
        assert any(same for same, _ in pairs), "make_pool must hold two rows with equal content"
        assert not all(same for same, _ in pairs)
        assert all(len(bytes.fromhex(digest)) >= 16 for digest in digests)
        assert pool.digests(every[::-1]) == digests[::-1]

    def test_show_is_plain_json(self, pool: Pool) -> None:
        """What an annotator sees survives JSON unchanged."""
        every = _every(pool)
        for row in every.tolist():
            shown = pool.show(row)
            assert json.loads(json.dumps(shown, allow_nan=False)) == shown

    def test_vectors_are_one_per_row(self, pool: Pool) -> None:
        """A finite float matrix aligned with the rows, or None."""
        every = _every(pool)
        found = pool.vectors(every)
        if found is None:
            assert pool.vectors(every[:1]) is None
            return
        assert found.shape[0] == len(pool)
        assert found.dtype.kind == "f"
        assert np.isfinite(found).all()
        backwards = pool.vectors(every[::-1])
        assert backwards is not None
        np.testing.assert_array_equal(backwards, found[::-1])

    def test_is_read_only(self, pool: Pool) -> None:
        """Writing into a batch either fails or leaves the pool as it was."""
        every = _every(pool)
        before = contents(pool.items(every)), pool.digests(every)
        batches: tuple[Any, ...] = (pool.items(every), pool.vectors(every))
        for batch in batches:
            if isinstance(batch, list):
                batch.clear()
            elif isinstance(batch, np.ndarray) and batch.flags.writeable:
                batch[...] = batch[0].copy()
            elif hasattr(batch, "toarray"):
                batch.data[:] = -1
        assert (contents(pool.items(every)), pool.digests(every)) == before
