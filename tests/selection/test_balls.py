import numpy as np
import pytest

from querist.selection.balls import cover_by_balls, purity_radius


def plain(vectors, n, radius, known):
    """Greedy straight from the definition, on the whole graph."""
    near = ((vectors[:, None] - vectors[None]) ** 2).sum(axis=2) <= radius**2
    owner = np.full(len(vectors), -1)
    for row in known:
        owner[((vectors - row) ** 2).sum(axis=1) <= radius**2] = -2
    picked, won = [], []
    while len(picked) < n:
        counts = (near & (owner == -1)).sum(axis=1)
        counts[picked] = -1
        best = int(np.argmax(counts))
        owner[near[best] & (owner == -1)] = len(picked)
        picked.append(best)
        won.append(counts[best])
    return picked, won, owner


@pytest.mark.parametrize("rows", [1, 511, 513, 1300])
@pytest.mark.parametrize("labelled", [0, 5])
@pytest.mark.parametrize("radius", [0.05, 0.4, 1.5, 20.0])
def test_picks_are_those_of_plain_greedy(rows, labelled, radius):
    """Rows after the last whole block have their out-edges too."""
    rng = np.random.default_rng(rows + labelled)
    vectors, known = rng.normal(size=(rows, 3)), rng.normal(size=(labelled, 3))
    n = min(rows, 40)
    picks, won, owner = cover_by_balls(vectors, n, lambda at: at / rows, radius, known)
    expected, gains, covered = plain(vectors, n, radius, known)
    assert picks.tolist() == expected
    assert won.tolist() == gains
    np.testing.assert_array_equal(owner, covered)


def test_distances_on_the_boundary_are_told_exactly():
    """A grid: a third of all distances equal the radius to the last place."""
    grid = np.stack(np.meshgrid(np.arange(30.0), np.arange(30.0)), axis=-1).reshape(-1, 2)
    picks, won, _ = cover_by_balls(grid, 60, lambda at: at / 900, 5.0)
    expected, gains, _ = plain(grid, 60, 5.0, [])
    assert picks.tolist() == expected and won.tolist() == gains


@pytest.mark.parametrize("radius", [0.3, 0.9, 30.0])
@pytest.mark.parametrize("labelled", [0, 3])
def test_rows_can_all_be_taken(radius, labelled):
    """Once nothing is left to cover, counts are 0 and rows go by key."""
    rng = np.random.default_rng(4)
    vectors, known = rng.normal(size=(560, 2)), rng.normal(size=(labelled, 2))
    key = rng.permutation(560)
    picks, won, owner = cover_by_balls(vectors, 560, lambda at: key[at], radius, known)
    order = np.argsort(key)
    expected, gains, covered = plain(vectors[order], 560, radius, known)
    assert picks.tolist() == order[expected].tolist() and won.tolist() == gains
    np.testing.assert_array_equal(owner[order], covered)


def test_far_from_the_origin():
    rng = np.random.default_rng(0)
    vectors = rng.normal(size=(400, 3)) + 1e4
    picks, _, _ = cover_by_balls(vectors, 20, lambda at: at / 400, 0.5)
    assert picks.tolist() == plain(vectors, 20, 0.5, [])[0]


@pytest.mark.parametrize("purity", [0.5, 0.9, 0.95])
def test_radius_is_the_largest_of_that_purity(purity):
    rng = np.random.default_rng(1)
    groups = rng.integers(0, 3, size=400)
    vectors = rng.normal(size=(400, 2)) + 3 * np.eye(3)[groups][:, :2]
    radius = purity_radius(vectors, groups, np.arange(400), purity)
    apart = np.sqrt(((vectors[:, None] - vectors[None]) ** 2).sum(axis=2))
    impure = groups[:, None] != groups[None]

    def share(r):
        return 1 - ((apart <= r) & impure).any(axis=1).mean()

    assert share(radius) >= purity - 1e-12 > share(radius * (1 + 1e-9))


def test_one_group_is_pure_however_wide():
    vectors = np.array([[0.0], [3.0], [7.0]])
    assert purity_radius(vectors, np.zeros(3, dtype=int), np.arange(3), 0.9) == 7.0
