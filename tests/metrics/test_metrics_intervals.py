import numpy as np
import pytest
from scipy import stats

from querist.metrics.intervals import bootstrap_sums, divide, mean_known, percentile, wilson


@pytest.mark.parametrize(("k", "n"), [(0, 5), (5, 5), (3, 10), (997, 1000)])
def test_wilson_equals_scipy(k, n):
    expected = stats.binomtest(k, n).proportion_ci(0.9, method="wilson")
    found = wilson(k, n, 0.9)
    assert (found.low, found.high) == pytest.approx((expected.low, expected.high), abs=1e-12)
    assert found.value == k / n


def test_bootstrap_sums_have_the_moments_of_resampling():
    x = np.random.default_rng(1).normal(size=(300, 1))
    means = bootstrap_sums(x, np.random.default_rng(2), 4000)[:, 0] / 300
    assert means.mean() == pytest.approx(x.mean(), abs=4e-3)
    assert means.std() == pytest.approx(x.std() / np.sqrt(300), rel=0.05)


def test_bootstrap_sums_do_not_depend_on_blocks(monkeypatch):
    x = np.arange(10.0)[:, None]
    whole = bootstrap_sums(x, np.random.default_rng(0), 50)
    monkeypatch.setattr("querist.metrics.intervals._BLOCK", 30)
    assert np.array_equal(bootstrap_sums(x, np.random.default_rng(0), 50), whole)


def test_percentile_holds_the_estimate_and_skips_unknown_resamples():
    found = percentile(0.1, np.array([0.2, np.nan, 0.3]))
    assert (found.value, found.low) == (0.1, 0.1)
    assert found.high <= 0.3
    assert percentile(0.4, np.array([np.nan])).low == 0.4


def test_division_by_nothing_is_unknown_and_left_out_of_means():
    ratio = divide(np.array([[1.0, 3.0]]), np.array([[0.0, 4.0]]))
    assert np.isnan(ratio[0, 0])
    assert mean_known(ratio).tolist() == [0.75]
