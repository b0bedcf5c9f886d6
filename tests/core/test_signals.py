import tracemalloc

import numpy as np
import pytest

from querist.core.errors import BadInput
from querist.core.signals import Signals, check_proba

DTYPES = [np.float64, np.float32, np.float16]


def table(n, k=4, dtype=np.float64):
    return np.random.default_rng(0).dirichlet(np.ones(k), size=n).astype(dtype)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("row", [0, 16_383, 16_384, 49_999])
def test_a_row_that_does_not_sum_to_one_is_named_wherever_it_stands(dtype, row):
    proba = table(50_000, dtype=dtype)
    check_proba("proba", proba)
    proba[row] = 0.5
    for layout in (proba, np.asfortranarray(proba), np.repeat(proba, 2, axis=0)[::2]):
        with pytest.raises(BadInput, match=rf"proba row {row} sums to 2; every row"):
            check_proba("proba", layout)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("wrong", [np.nan, np.inf, -np.inf, -1e-6])
def test_what_is_no_probability_is_refused(dtype, wrong):
    proba = table(50_000, dtype=dtype)
    proba[49_000, 2] = wrong
    with pytest.raises(BadInput, match="proba holds NaN, infinite or negative"):
        check_proba("proba", proba)


def test_infinities_that_cancel_and_sums_that_overflow_are_refused_without_a_warning():
    largest = np.finfo(np.float32).max
    for row in ([np.inf, -np.inf], [largest, largest]):
        with pytest.raises(BadInput, match="proba holds NaN, infinite or negative"):
            check_proba("proba", np.array([row], dtype=np.float32))


def test_the_candidate_is_named_where_draws_are_wrong():
    draws = np.random.default_rng(0).dirichlet(np.ones(3), size=(9000, 5))
    check_proba("draws", draws, ndim=3)
    draws[8000, 4] *= 3
    with pytest.raises(BadInput, match=r"draws row 8000 sums to 3;"):
        check_proba("draws", draws, ndim=3)


def test_whole_numbers_and_truths_may_be_probabilities():
    for dtype in (np.int64, bool, np.uint8):
        check_proba("proba", np.eye(3).astype(dtype))
    with pytest.raises(BadInput, match="row 1 sums to 300"):
        check_proba("proba", np.array([[1, 0], [200, 100]], dtype=np.uint8))


def test_no_columns_are_no_probabilities_and_no_rows_are_fine():
    with pytest.raises(BadInput, match="give at least one column"):
        check_proba("proba", np.empty((2, 0)))
    check_proba("proba", np.empty((0, 3)))


@pytest.mark.parametrize("row", [0, 70_000])
def test_a_decision_value_that_is_not_finite_is_refused(row):
    decision = np.zeros((70_001, 2))
    Signals(decision=decision)
    decision[row, 1] = np.nan
    with pytest.raises(BadInput, match=r"decision row .* holds NaN"):
        Signals(decision=decision)


def test_checking_a_table_takes_no_second_one():
    parts = {"proba": table(500_000), "decision": np.zeros((500_000, 4))}
    tracemalloc.start()
    Signals(**parts)
    most = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert most < 2e6  # either table holds 16 MB
