from __future__ import annotations

import numpy as np
import pytest
from scipy import sparse

from querist.core.errors import BadInput
from querist.pools import open_pool
from querist.testing.pools import PoolContract

DENSE = np.array([[0.0, 2.0, 0.0], [1.0, 0.0, 3.0], [0.0, 2.0, 0.0], [0.0, 0.0, 0.0]])


class TestSparse(PoolContract):
    def make_pool(self, tmp_path):
        return open_pool(sparse.csr_matrix(DENSE), label=["a", None, "b", ""])


class TestSparseArray(PoolContract):
    def make_pool(self, tmp_path):
        return open_pool(sparse.coo_array(DENSE), features="x,y,z")


def test_stored_zeros_and_order_do_not_change_the_content():
    stored = sparse.csr_array(DENSE + 1)
    stored.data -= 1
    assert open_pool(stored).digests() == open_pool(sparse.csc_array(DENSE)).digests()


def test_show_leaves_zeros_out():
    assert open_pool(sparse.csr_array(DENSE)).show(1) == {"0": 1.0, "2": 3.0}
    assert open_pool(sparse.csr_array(DENSE), features="x,y,z").show(0) == {"y": 2.0}


@pytest.mark.parametrize(
    ("matrix", "options", "said"),
    [
        (sparse.csr_array((0, 3)), {}, "pool is empty"),
        (sparse.csr_array(np.array([[0.0, 1.0], [np.nan, 0.0]])), {}, "row 1, column 0 holds nan"),
        (sparse.csr_array(DENSE), {"features": "x"}, "one feature name per column"),
        (sparse.csr_array(DENSE), {"text": "x"}, "text='x' cannot apply"),
        (sparse.coo_array(np.ones(3)), {}, "2-D sparse"),
    ],
)
def test_bad_input_is_explained(matrix, options, said):
    with pytest.raises(BadInput, match=said):
        open_pool(matrix, **options)
