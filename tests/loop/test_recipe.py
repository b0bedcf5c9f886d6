"""Defaults, checks and remarks of the recipe."""

import pytest

from querist.core.errors import BadInput
from querist.loop.recipe import Recipe, make_recipe, plan_remarks, small_batch_remark


@pytest.mark.parametrize(
    ("size", "batch"), [(500, 50), (5_000, 200), (20_000, 400), (100_000, 1000), (10**6, 1000)]
)
def test_the_default_batch_scales_with_the_pool(size, batch):
    assert make_recipe(size, {}).batch == batch


def test_the_default_batch_leaves_about_ten_rounds_of_a_budget():
    assert make_recipe(100_000, {"budget": 1000}).batch == 100


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"batch": 0}, "batch is a count of labels"),
        ({"budget": -5}, "budget is a count of labels"),
        ({"budget": 2.5}, "budget is a count of labels"),
        ({"price": -1.0}, "price is money per label"),
        ({"batch": 50, "budget": 20}, "budget 20 is below batch 50"),
        ({"distinct": "yes"}, "distinct is one of"),
        ({"bugdet": 20}, "unknown settings"),
    ],
)
def test_settings_out_of_range_are_refused(settings, said):
    with pytest.raises(BadInput, match=said):
        make_recipe(1000, settings)


def test_a_usual_plan_needs_no_remark():
    assert plan_remarks(make_recipe(20_000, {"batch": 300, "budget": 3000}), 20_000) == ()


def test_odd_plans_are_remarked_on_not_refused():
    said = " ".join(plan_remarks(Recipe(batch=2, start=2, budget=400), 300))
    assert "make about 200 rounds" in said and "would label all 300" in said


def test_small_batches_quote_the_measured_seconds():
    assert small_batch_remark(10, 0.01) is None
    assert "0.2 s per label" in (small_batch_remark(10, 2.0) or "")


@pytest.mark.parametrize("enough", [99, 0, -1, 150.5, "many", True])
def test_too_few_control_labels_to_shrink_their_share_are_refused(enough):
    with pytest.raises(BadInput, match="100 or more"):
        make_recipe(1000, {"control_until": enough})


def test_a_count_of_enough_control_labels_is_kept():
    assert make_recipe(1000, {"control_until": 150.0}).control_until == 150
    assert make_recipe(1000, {}).control_until is None
