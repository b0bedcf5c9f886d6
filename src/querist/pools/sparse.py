"""Sparse feature matrices."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from typing import Any

import numpy as np

from querist.core.errors import BadInput
from querist.core.types import Ints
from querist.pools.base import BasePool, Hashes, as_index, hash_all
from querist.pools.memory import ids_and_labels
from querist.pools.options import Options


class SparsePool(BasePool):
    """A SciPy sparse matrix (n, d), kept in CSR form.

    Examples
    --------
    >>> from scipy.sparse import csr_array
    >>> pool = SparsePool(csr_array([[0.0, 2.0], [1.0, 0.0]]))
    >>> pool.show(0), pool.items(np.array([1])).toarray()
    ({'1': 2.0}, array([[1., 0.]]))
    """

    kind = "sparse"

    def __init__(
        self,
        matrix: Any,
        *,
        names: tuple[str, ...] = (),
        ids: list[str] | None = None,
        labels: list[Any] | None = None,
    ) -> None:
        super().__init__(ids, labels)
        self._matrix = matrix.tocsr(copy=True)
        self._matrix.sum_duplicates()
        self._matrix.eliminate_zeros()
        if not np.isfinite(self._matrix.data).all():
            entry = int(np.argmin(np.isfinite(self._matrix.data)))
            row = int(np.searchsorted(self._matrix.indptr, entry, side="right")) - 1
            raise BadInput(
                f"row {row}, column {int(self._matrix.indices[entry])} holds "
                f"{self._matrix.data[entry]}, but every number must be finite; impute it"
            )
        if names and len(names) != matrix.shape[1]:
            raise BadInput(
                f"expected one feature name per column ({matrix.shape[1]}), but {len(names)} came"
            )
        self.columns = names

    def __len__(self) -> int:
        return int(self._matrix.shape[0])

    def items(self, rows: Ints) -> Any:
        """The rows as a CSR matrix (len(rows), d) of its own."""
        return self._matrix[as_index(rows, len(self))]

    def show(self, row: int) -> dict[str, float]:
        """Feature name (or column number) -> number, zeros left out."""
        one = self.items(np.array([row]))
        return {
            self.columns[at] if self.columns else str(at): value
            for at, value in zip(one.indices.tolist(), one.data.tolist(), strict=True)
        }

    def _hash(self) -> Hashes:
        def contents() -> Iterator[bytes]:
            columns = self._matrix.indices.astype("<i8")
            values = self._matrix.data.astype("<f8")
            ends = self._matrix.indptr.tolist()
            for start, end in pairwise(ends):
                yield columns[start:end].tobytes() + values[start:end].tobytes()

        return hash_all(contents())


def open_sparse(data: Any, options: Options) -> SparsePool | None:
    """A pool for a SciPy sparse matrix or array; None for anything else."""
    if not type(data).__module__.startswith("scipy.sparse") or not hasattr(data, "tocsr"):
        return None
    options.refuse("text", because="a sparse matrix has no columns of text")
    if len(data.shape) != 2:
        raise BadInput(f"expected a 2-D sparse matrix (items, features), but it is {data.shape}")
    if not data.shape[0] or not data.shape[1]:
        raise BadInput(f"the pool is empty: the matrix has shape {data.shape}; give some rows")
    ids, labels = ids_and_labels(data.shape[0], options)
    return SparsePool(data, names=options.feature_names(), ids=ids, labels=labels)
