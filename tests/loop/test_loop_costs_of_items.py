"""Prices of items: from the data to the strategy, and into the log."""

from __future__ import annotations

import numpy as np
import pytest

import querist as q
from querist.core.errors import BadInput, MissingNeed
from querist.strategies import Knapsack, Margin, PerCost

N = 120
PRICES = np.random.default_rng(0).uniform(1.0, 9.0, N)
X = np.random.default_rng(1).normal(size=(N, 3))


def answer(task):
    first = task.item["x0"] if isinstance(task.item, dict) else task.item[0]
    return "b" if first > 0 else "a"


def campaign(strategy, log=None, costs=PRICES, data=X, **more):
    return q.campaign(
        data, q.Choice(["a", "b"]), strategy=strategy, costs=costs, log=log, batch=12, **more
    )


def run(made, rounds=3):
    for _ in range(rounds):
        made.tell_many((task, answer(task)) for task in made.ask(99))
        made.step()


def batches(made):
    queued = [event.items for _, event in made.log.read() if type(event).__name__ == "Queued"]
    return [[item for item in items if item.arm == "open"] for items in queued]


def price(made, items):
    return PRICES[made.pool.rows([item.item_id for item in items])].sum()


def test_strategies_read_the_prices():
    made = campaign(PerCost(Margin()))
    made_dear = campaign(Margin())
    run(made)
    run(made_dear)
    last, dear = batches(made)[-1], batches(made_dear)[-1]
    assert {item.strategy for item in last} == {"PerCost"}
    assert price(made, last) < price(made_dear, dear)


def test_a_budget_per_batch_is_kept():
    made = campaign(Knapsack(Margin(), budget=15.0))
    run(made)
    later = batches(made)[1:]
    assert len(later) == 3
    assert all(0 < price(made, items) <= 15.0 for items in later)


def test_a_column_of_prices_is_neither_feature_nor_shown():
    rows = [{"x0": a, "x1": b, "x2": c, "fee": p} for (a, b, c), p in zip(X, PRICES, strict=True)]
    made = campaign("per_cost", costs="fee", data=rows)
    assert set(made.ask()[0].item) == {"x0", "x1", "x2"}
    np.testing.assert_array_equal(made.pool.costs(), PRICES)
    run(made)
    assert batches(made)[-1][0].strategy == "PerCost"


def test_a_column_beside_texts_and_mixed_tables():
    texts = [{"text": f"a long text about {i}", "fee": 1.0 + i} for i in range(4)]
    assert q.open_pool(texts, text="text", costs="fee").costs().tolist() == [1, 2, 3, 4]
    mixed = [{"x": i, "town": "AB"[i % 2], "fee": 2.0} for i in range(4)]
    pool = q.open_pool(mixed, costs="fee")
    assert pool.kind == "table" and "fee" not in pool.columns
    assert pool.costs().tolist() == [2, 2, 2, 2]


def test_the_log_names_the_prices(tmp_path):
    url = f"sqlite:///{tmp_path / 'log.db'}"
    with campaign("per_cost", log=url) as made:
        opened = next(event for _, event in made.log.read())
        assert "sha256" in opened.recipe["costs"]
    with campaign("per_cost", log=url, costs=PRICES + 1) as made:
        changed = [event for _, event in made.log.read() if type(event).__name__ == "RecipeChanged"]
        assert [event.name for event in changed] == ["costs"]


def test_without_prices_the_recipe_says_nothing_and_the_error_says_how():
    made = campaign("margin", costs=None)
    assert "costs" not in next(event for _, event in made.log.read()).recipe
    with pytest.raises(MissingNeed, match="costs="):
        campaign("per_cost", costs=None)
    with pytest.raises(MissingNeed, match="costs="):
        made.change(strategy="knapsack")


def test_items_that_are_added_bring_their_prices():
    made = campaign("per_cost")
    with pytest.raises(BadInput, match="costs="):
        made.add(X[:5] + 1)
    made.add(X[:5] + 1, costs=[2.0] * 5)
    assert made.pool.costs().tolist() == [*PRICES.tolist(), *[2.0] * 5]
    run(made)


@pytest.mark.parametrize(
    ("costs", "said"),
    [
        ([1.0] * 3, "one price per row"),
        ([0.0] * N, "row 0 is 0.0"),
        ([1.0] * (N - 1) + [np.nan], f"row {N - 1}"),
        (["dear"] * N, "numbers"),
        ("fee", "no columns"),
    ],
)
def test_bad_prices_are_refused(costs, said):
    with pytest.raises(BadInput, match=said):
        campaign("per_cost", costs=costs)


def test_a_pool_is_given_its_prices_where_it_is_opened():
    pool = q.open_pool(X, costs=PRICES)
    assert campaign("per_cost", costs=None, data=pool).pool.costs() is not None
    with pytest.raises(BadInput, match="where that pool is opened"):
        campaign("per_cost", data=pool)
