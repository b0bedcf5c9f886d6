"""The signed-rank test and shared ranks, against their definitions."""

from itertools import product

import numpy as np
import pytest
from scipy import stats

from querist.core.errors import BadInput
from querist.metrics import paired
from querist.metrics.ranks import ranks, signed_rank


def by_all_signs(gaps):
    """The two-sided p value by writing down every way the signs can fall."""
    gaps = np.array([gap for gap in gaps if gap != 0])
    order = stats.rankdata(np.abs(gaps))
    seen = min(order[gaps > 0].sum(), order[gaps < 0].sum())
    sums = [
        sum(r for r, sign in zip(order, signs, strict=True) if sign)
        for signs in product((0, 1), repeat=len(gaps))
    ]
    return min(1.0, 2 * np.mean(np.array(sums) <= seen + 1e-9))


@pytest.mark.parametrize("seed", range(8))
def test_the_signed_rank_test_counts_all_signs(seed):
    rng = np.random.default_rng(seed)
    gaps = rng.integers(-4, 7, size=9).astype(float)  # ties and zeros
    assert signed_rank(gaps, np.zeros(9)) == pytest.approx(by_all_signs(gaps), abs=1e-12)


def test_without_ties_it_is_scipys_exact_test():
    rng = np.random.default_rng(1)
    a, b = rng.normal(0.3, size=25), rng.normal(size=25)
    assert signed_rank(a, b) == pytest.approx(stats.wilcoxon(a, b, method="exact").pvalue)


def test_many_pairs_are_as_the_normal_has_it():
    rng = np.random.default_rng(2)
    a = rng.normal(0.15, size=300)
    scipys = stats.wilcoxon(a, correction=True, method="asymptotic").pvalue
    assert signed_rank(a, np.zeros(300)) == pytest.approx(scipys, rel=1e-9)


def test_hand_counted():
    # ranks 1..6, only rank 1 negative: 2 of 64 sums are <= 1, on either side
    assert signed_rank([-1, 2, 3, 4, 5, 6], [0] * 6) == pytest.approx(4 / 64)
    assert signed_rank([1, 1], [1, 1]) == 1.0
    assert signed_rank([3, 2, 1, 4, 5], [0] * 5) == 2 / 32  # five pairs never reach 0.05
    assert signed_rank([0.1 + 0.2, 1], [0.3, 1]) == 1.0  # the last bit is no difference
    with pytest.raises(BadInput, match="takes pairs"):
        signed_rank([1, 2], [1])


def test_holm_and_benjamini_hochberg_by_their_definitions():
    p = np.array([0.04, 0.001, 0.03, 0.2, 0.01])
    m = len(p)
    holm, bh = np.empty(m), np.empty(m)
    for i in range(m):
        smaller = sorted(p[p <= p[i]])
        holm[i] = min(1, max((m - k) * value for k, value in enumerate(smaller)))
        larger = sorted(p[p >= p[i]])
        first = m - len(larger) + 1
        bh[i] = min(1, min(m / (first + k) * value for k, value in enumerate(larger)))
    assert paired.adjust(p, "holm") == pytest.approx(holm)
    assert paired.adjust(p, "bh") == pytest.approx(bh)


def test_equal_scores_share_their_rank():
    assert ranks([[0.9, 0.9, 0.9, 1.0]]).tolist() == [[3, 3, 3, 1]]
    assert ranks([[0.1 + 0.2, 0.3]]).tolist() == [[1.5, 1.5]]
