import numpy as np
import pytest

from querist.selection.single import lefts, looseness, rights


@pytest.mark.parametrize("scale", [1e-10, 1.0, 1e10])
@pytest.mark.parametrize("d", [1, 10, 300])
def test_distances_are_never_too_large_and_little_too_small(d, scale):
    rng = np.random.default_rng(d)
    rows, points = scale * rng.normal(size=(200, d)), scale * rng.normal(size=(50, d))
    points[:20] = rows[:20]
    squares, others = (np.einsum("ij,ij->i", some, some) for some in (rows, points))
    table = lefts(rows, squares) @ rights(points, others).T
    exact = ((rows[:, None] - points) ** 2).sum(axis=2)
    assert table.dtype == np.float32
    assert (table <= exact).all()
    slack = 2.0 * looseness(d) * (squares[:, None] + others)
    assert (exact <= table + slack).all()
