"""Plans: counts, money, and what is out of range."""

import math

import pytest

import querist as q
from querist.core.errors import BadInput
from querist.metrics.intervals import wilson, wilson_size


@pytest.mark.parametrize("share", [0.5, 0.8, 0.95, 1.0])
@pytest.mark.parametrize("width", [0.02, 0.05, 0.2])
def test_the_holdout_is_the_smallest_that_is_narrow_enough(width, share):
    n = wilson_size(width, share)

    def wide(m):
        found = wilson(share * m, m)
        return found.high - found.low

    assert wide(n) <= width < wide(n - 1)


def test_the_parts_add_up_and_so_does_the_money():
    found = q.plan(50_000, budget=5_000, price=0.2)
    assert found.labels == 5_000
    money = found.money
    assert money["seed"] + money["batches"] + money["holdout"] == pytest.approx(money["total"])
    assert money["total"] == pytest.approx(1000)
    assert found.cycles == math.ceil((5_000 - found.seed - found.holdout) / found.batch)
    assert found.flags == ()


def test_half_a_million_at_a_fifth_breaks_the_usual_ranges():
    """15 cycles of 1,000 and a seed of 5 % make 40,000, never 100,000."""
    found = q.plan(500_000, budget=100_000, price=0.2)
    assert (found.money["total"], found.money["everything"]) == (20_000, 100_000)
    assert any("cycles are outside" in flag for flag in found.flags)
    fewer = q.plan(500_000, budget=100_000, cycles=15, start=25_000)
    assert fewer.cycles == 15
    assert fewer.batch > 1000
    assert any("outside the usual 200 to 1,000" in flag for flag in fewer.flags)
    usual = q.plan(500_000, cycles=15, batch=1000, start=25_000, holdout=0)
    assert (usual.labels, usual.flags) == (40_000, ())


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"batch": 10, "budget": 2000, "seconds": 5.0}, "0.5 s per label"),
        ({"batch": 10, "budget": 2000}, "batch 10 is outside"),
        ({"start": 20}, "seed 20 is 0.04 %"),
        ({"start": 0.1}, "seed 5,000 is 10 %"),
        ({"start": 5000}, "seed 5,000 is 10 %"),
        ({"cycles": 3}, "3 cycles are outside"),
        ({"budget": 1000, "holdout": 300}, "holdout 300 is 30 % of all labels"),
        ({"budget": 1000}, "holdout 200 is a fifth of the budget; an interval 0.05 wide takes"),
        ({"budget": 60_000}, "this labels all 50,000 items"),
        ({"width": 0.01}, "is a tenth of the pool"),
    ],
    ids=[
        "slow",
        "batch",
        "seed",
        "share",
        "large-seed",
        "cycles",
        "holdout",
        "fifth",
        "all",
        "width",
    ],
)
def test_what_is_unusual_is_flagged_and_never_refused(settings, said):
    assert any(said in flag for flag in q.plan(50_000, **settings).flags)


@pytest.mark.parametrize("budget", [600, 1000, 3000])
def test_most_of_a_small_budget_goes_to_training(budget):
    found = q.plan(5_000, budget=budget)
    assert found.holdout <= 0.2 * budget and found.labels == budget
    assert 5 <= found.cycles <= 15


@pytest.mark.parametrize("items", [2, 10, 57, 300, 5001])
@pytest.mark.parametrize("budget", [None, 2, 30, 10_000])
def test_no_plan_has_more_labels_than_items_or_money(items, budget):
    found = q.plan(items, budget=budget, holdout=0)
    assert 0 < found.labels <= min(items, budget or items)


@pytest.mark.parametrize(
    ("items", "settings", "said"),
    [
        (1, {}, "2 or more"),
        (100, {"cycles": 0}, "cycles is a count"),
        (100, {"holdout": 100}, "holdout is a count"),
        (100, {"budget": 20, "holdout": 30}, "raise the budget"),
        (100, {"width": 0}, "width"),
        (100, {"price": -1}, "price"),
    ],
    ids=["items", "cycles", "holdout", "budget", "width", "price"],
)
def test_nonsense_is_refused_with_what_to_do(items, settings, said):
    with pytest.raises(BadInput, match=said):
        q.plan(items, **settings)
