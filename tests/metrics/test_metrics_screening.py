"""The measures of a search, against values worked out by hand and the definition written out."""

from __future__ import annotations

import numpy as np
import pytest

from querist.errors import BadInput
from querist.metrics import discovery_time, recall_at, work_saved

READ = [1, 0, 1, 1, 0, 0, 0, 0, 0, 1] + [0] * 10  # 20 records, relevant at 1, 3, 4 and 10


def test_values_worked_out_by_hand():
    assert work_saved(READ, 0.75) == pytest.approx(3 / 4 - 4 / 20)
    assert work_saved(READ) == work_saved(READ, 1.0) == pytest.approx(1 - 10 / 20)
    assert recall_at(READ) == pytest.approx(1 / 4)  # two records of twenty
    assert recall_at(READ, 0.2) == pytest.approx(3 / 4)
    assert recall_at(READ, 0.01) == pytest.approx(1 / 4)  # rounded up to one record
    assert discovery_time(READ) == pytest.approx((1 + 3 + 4 + 10) / 4 / 20)


def test_a_recall_on_the_edge_is_reached_by_the_whole_number():
    hits = np.zeros(1000, dtype=int)
    hits[:19], hits[500] = 1, 1
    assert work_saved(hits, 0.95) == pytest.approx(0.95 - 19 / 1000)
    assert work_saved(hits, 0.951) == pytest.approx(1 - 501 / 1000)


def test_a_search_that_ended_early():
    part = READ[:5]
    whole = {"records": 20, "relevant": 4}
    assert work_saved(part, 0.75, **whole) == work_saved(READ, 0.75)
    assert recall_at(part, 0.2, **whole) == recall_at(READ, 0.2)
    assert np.isnan(work_saved(part, **whole))
    assert np.isnan(recall_at(part, 0.5, **whole)) and np.isnan(discovery_time(part, **whole))
    done = READ[:10]  # all found: what was not read does not matter
    assert discovery_time(done, records=20) == discovery_time(READ)
    assert recall_at(done, 0.9, records=20) == 1


def test_reading_at_random_saves_nothing_on_average():
    rng = np.random.default_rng(0)
    runs = [rng.permutation(np.repeat([1, 0], [40, 960])) for _ in range(400)]
    assert abs(np.mean([work_saved(run, 0.5) for run in runs])) < 0.02
    assert abs(np.mean([recall_at(run, 0.3) for run in runs]) - 0.3) < 0.02
    assert abs(np.mean([discovery_time(run) for run in runs]) - 0.5) < 0.02


@pytest.mark.parametrize("hits", [[], [[1, 0]], [0, 2], [0.5], [0, 0]])
def test_what_is_no_search_is_refused(hits):
    with pytest.raises(BadInput, match=r"relevant|hits"):
        discovery_time(hits)


@pytest.mark.parametrize("whole", [{"records": 3}, {"relevant": 1}, {"records": 5, "relevant": 9}])
def test_counts_that_cannot_be_are_refused(whole):
    with pytest.raises(BadInput, match="do not fit"):
        work_saved([1, 1, 0, 0], **whole)


@pytest.mark.parametrize("share", [0, 1.5, float("nan")])
def test_shares_are_shares(share):
    with pytest.raises(BadInput, match="share"):
        work_saved([1, 0], share)
    with pytest.raises(BadInput, match="share"):
        recall_at([1, 0], share)
