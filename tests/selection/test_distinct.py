import numpy as np
import pytest

from querist.selection.distinct import mean_distance, near, repeats


@pytest.mark.parametrize("n", [1, 40, 1300])
def test_repeats_equal_the_plain_loop(n):
    vectors = np.random.default_rng(n).uniform(size=(n, 2)).round(2)
    radius, kept, expected = 0.105, [], []
    for row in range(n):
        gaps = np.linalg.norm(vectors[kept] - vectors[row], axis=1)
        expected.append(bool((gaps <= radius).any()))
        if not expected[-1]:
            kept.append(row)
    of = repeats(vectors, radius)
    assert (of >= 0).tolist() == expected
    gaps = np.linalg.norm(vectors[of >= 0] - vectors[of[of >= 0]], axis=1)
    assert (gaps <= radius).all()


def test_near_is_within_the_radius():
    assert near(np.array([[0.0], [1.0], [2.5]]), np.array([[0.0]]), 1.0).tolist() == [
        True, True, False,
    ]  # fmt: skip


def test_mean_distance_of_all_pairs():
    vectors = np.random.default_rng(0).normal(size=(100, 3))
    pairs = np.linalg.norm(vectors[:, None] - vectors[None], axis=2)
    assert mean_distance(vectors, np.negative) == pytest.approx(pairs.sum() / (100 * 99))
    assert mean_distance(vectors[:1], np.negative) == 0
