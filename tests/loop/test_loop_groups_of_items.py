"""Groups of items: from the data to the quota, into the log, and into status and report."""

from __future__ import annotations

from collections import Counter
from itertools import chain

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression

import querist as q
from querist.core.errors import BadInput, MissingNeed
from querist.loop.report import build_report
from querist.strategies import Distinct, GroupQuota, Margin, Mix, Random

N = 400
RNG = np.random.default_rng(3)
GROUPS = np.where(np.arange(N) % 10 == 0, "rare", np.where(np.arange(N) % 2, "east", "west"))
X = RNG.normal(size=(N, 3)) + np.where(GROUPS == "rare", 2.0, 0.0)[:, None]
TRUTH = np.where(X[:, 0] > np.where(GROUPS == "rare", 2.5, 0.0), "b", "a")
MODEL = LogisticRegression()  # the default one searches for its settings at every step
IDS = [f"i{row}" for row in range(N)]


def campaign(strategy=None, log=None, groups=GROUPS, data=X, **more):
    settings = {"id": IDS, "batch": 20, "start": 20, "control": 0.0, "model": MODEL} | more
    return q.campaign(
        data,
        q.Choice(["a", "b"]),
        strategy=GroupQuota("margin", {"rare": 0.5}) if strategy is None else strategy,
        groups=groups,
        log=log,
        **settings,
    )


def answer(task):
    return TRUTH[int(task.item_id[1:])]


def run(made, rounds=3):
    for _ in range(rounds):
        made.tell_many((task, answer(task)) for task in made.ask(99))
        made.step()


def batches(made):
    """Groups of each batch's items, in the order they are served."""
    queued = [event.items for _, event in made.log.read() if type(event).__name__ == "Queued"]
    return [[str(GROUPS[int(item.item_id[1:])]) for item in items] for items in queued]


def test_every_batch_keeps_the_share_from_the_first_one_on():
    made = campaign()
    run(made)
    shares = [Counter(items)["rare"] / len(items) for items in batches(made)]
    assert len(shares) == 4 and min(shares[:3]) >= 0.5  # 40 rare items: 10 + 10 + 10 + what is left
    assert sum(share * 20 for share in shares) <= 40
    plain = campaign("margin")
    run(plain)
    assert (
        Counter(chain.from_iterable(batches(plain)))["rare"]
        < Counter(chain.from_iterable(batches(made)))["rare"]
    )


def test_a_group_that_runs_out_leaves_its_seats_to_the_others():
    made = campaign(GroupQuota(Random(), {"rare": 1.0}))
    run(made, 4)
    counts = [Counter(items)["rare"] for items in batches(made)]
    assert counts[:3] == [20, 20, 0] and all(len(items) == 20 for items in batches(made))


def test_half_a_batch_is_fair_as_well():
    made = campaign(GroupQuota("margin", "equal"))
    run(made)
    for items in batches(made):
        half = Counter(items[: len(items) // 2])
        assert {"rare", "east", "west"} == set(half) and min(half.values()) >= 3


def test_batches_of_one_take_turns():
    made = campaign(GroupQuota(Random(), "equal"), batch=1, start=1)
    for _ in range(60):
        made.tell_many((task, answer(task)) for task in made.ask(9))
        made.step()
    counts = Counter(chain.from_iterable(batches(made)))
    assert set(counts) == {"rare", "east", "west"} and min(counts.values()) >= 10


def test_near_copies_are_replaced_from_their_own_group():
    data = X.copy()
    rare = np.flatnonzero(GROUPS == "rare")
    data[rare[:20]] = data[rare[0]]
    made = campaign(GroupQuota(Random(), {"rare": 0.5}), data=data)
    assert Counter(batches(made)[0])["rare"] >= 10
    first = next(event.items for _, event in made.log.read() if type(event).__name__ == "Queued")
    copies = {IDS[row] for row in rare[:20]}
    assert sum(item.item_id in copies for item in first) <= 1


def test_the_log_says_for_which_group_an_item_was_asked():
    made = campaign(GroupQuota("margin", "equal"))
    run(made, 1)
    items = [e.items for _, e in made.log.read() if type(e).__name__ == "Queued"][-1]
    for item in items:
        assert item.strategy == f"Margin in {GROUPS[int(item.item_id[1:])]}"


def test_it_goes_on_after_a_restart(tmp_path):
    url = f"sqlite:///{tmp_path / 'log.db'}"
    with campaign(log=url) as made:
        run(made, 1)
        opened = next(event for _, event in made.log.read())
        assert opened.recipe["groups"].startswith("3 groups, sha256 ")
        assert "rare" in opened.recipe["strategy"]
    with campaign(log=url) as made:
        assert not [e for _, e in made.log.read() if type(e).__name__ == "RecipeChanged"]
        run(made, 1)
        assert Counter(batches(made)[-1])["rare"] >= 10
        again = batches(made)
    straight = campaign()
    run(straight, 2)
    assert batches(straight) == again
    with campaign(log=url, groups=np.roll(GROUPS, 1)) as made:
        changed = [e.name for _, e in made.log.read() if type(e).__name__ == "RecipeChanged"]
        assert changed == ["groups"]


def test_a_folder_keeps_the_column(tmp_path):
    lines = ["x,y,region", *(f"{a},{b},{g}" for (a, b, _), g in zip(X, GROUPS, strict=True))]
    (tmp_path / "data.csv").write_text("\n".join(lines) + "\n")
    from querist.loop.folder import create_folder

    with create_folder(
        tmp_path / "c",
        tmp_path / "data.csv",
        q.Choice(["a", "b"]),
        columns={"groups": "region"},
        settings={"strategy": "group_quota", "batch": 21},
    ) as made:
        assert set(made.ask()[0].item) == {"x", "y"}
    with q.open_folder(tmp_path / "c") as made:
        assert [row["group"] for row in made.status()["groups"]] == ["east", "rare", "west"]


def test_a_column_is_neither_feature_nor_shown_unless_features_name_it():
    rows = [
        {"x": float(a), "y": float(b), "region": g} for (a, b, _), g in zip(X, GROUPS, strict=True)
    ]
    pool = q.open_pool(rows, groups="region")
    assert pool.columns == ("x", "y") if hasattr(pool, "columns") else pool.kind == "array"
    np.testing.assert_array_equal(pool.groups(), GROUPS)
    named = q.open_pool(rows, groups="region", features="x, region")
    assert named.columns == ("x", "region") and named.groups() is not None
    texts = [{"text": f"a long text about {i}", "region": "n"} for i in range(4)]
    shown = q.open_pool(texts, text="text", groups="region", costs=[1.0, 2, 3, 4])
    assert shown.groups().tolist() == ["n"] * 4 and shown.costs().tolist() == [1, 2, 3, 4]
    assert "region" not in str(shown.show(0))


def test_status_and_report_score_each_group_on_the_holdout():
    made = campaign("margin", holdout=120)
    made.tell_many((task, answer(task)) for task in made.ask(200, job="holdout"))
    run(made)
    rows = {row["group"]: row for row in made.status()["groups"]}
    holdout = [row["id"] for row in made.labels() if row["arm"] == "holdout"]
    model = made.predict(X[[int(i[1:]) for i in holdout]])
    for name, row in rows.items():
        mine = [k for k, i in enumerate(holdout) if GROUPS[int(i[1:])] == name]
        assert row["measured"] == len(mine) and row["items"] == np.sum(name == GROUPS)
        right = np.mean([model[k] == TRUTH[int(holdout[k][1:])] for k in mine])
        if len(mine) >= 10:
            assert row["value"] == pytest.approx(right)
            assert row["low"] < right or right == 0
        else:
            assert row["value"] is None
    assert sum(row["asked"] for row in rows.values()) == 60
    assert rows["rare"]["value"] is None or rows["rare"]["high"] - rows["rare"]["low"] > 0.1
    assert sum(row["asked_share"] for row in rows.values()) == pytest.approx(1)
    (section,) = [s for s in build_report(made).sections if s.title == "Groups"]
    assert [row[0] for row in section.content.rows] == ["east", "rare", "west"]
    assert section.content.columns[-1] == "accuracy"
    assert (
        f"accuracy[group {max(rows, key=lambda n: rows[n]['measured'])}]" in made.history.to_csv()
    )


def test_small_groups_get_no_score_and_the_report_says_why():
    made = campaign("margin", holdout=60)
    made.tell_many((task, answer(task)) for task in made.ask(200, job="holdout"))
    run(made, 1)
    rare = next(row for row in made.status()["groups"] if row["group"] == "rare")
    assert 0 < rare["measured"] < 10 and rare["value"] is None
    (section,) = [s for s in build_report(made).sections if s.title == "Groups"]
    assert "fewer than 10" in next(row for row in section.content.rows if row[0] == "rare")[-1]


def test_without_a_holdout_the_control_slice_measures_the_groups():
    made = campaign("margin", control=0.4)
    run(made, 4)
    rows = made.status()["groups"]
    assert made.status()["measured_on"] == "control"
    assert sum(row["measured"] for row in rows) == sum(
        row["arm"] == "control" for row in made.labels()
    )
    assert any(row["value"] is not None for row in rows)


def test_without_groups_nothing_changes_and_the_error_says_how():
    made = campaign("margin", groups=None)
    assert "groups" not in next(event for _, event in made.log.read()).recipe
    assert made.status()["groups"] == []
    assert "Groups" not in [section.title for section in build_report(made).sections]
    with pytest.raises(MissingNeed, match="groups="):
        campaign("group_quota", groups=None)
    with pytest.raises(MissingNeed, match="groups="):
        made.change(strategy=GroupQuota())


def test_items_that_are_added_bring_their_groups():
    made = campaign()
    with pytest.raises(BadInput, match="groups="):
        made.add(X[:5] + 1, id=["n0", "n1", "n2", "n3", "n4"])
    made.add(X[:5] + 1, id=["n0", "n1", "n2", "n3", "n4"], groups=["rare"] * 5)
    assert made.pool.groups().tolist() == [*GROUPS.tolist(), *["rare"] * 5]


@pytest.mark.parametrize(
    ("groups", "said"),
    [
        (["a"] * 3, "one group per row"),
        ([None, *["a"] * (N - 1)], "row 0 has no group"),
        ([*["a"] * (N - 1), " "], f"row {N - 1} has no group"),
        ([*["a"] * (N - 1), float("nan")], f"row {N - 1} has no group"),
        ("region", "no columns"),
    ],
    ids=["short", "none", "blank", "nan", "column"],
)
def test_bad_groups_are_refused(groups, said):
    with pytest.raises(BadInput, match=said):
        campaign(groups=groups)


def test_a_column_of_ids_is_no_grouping():
    with pytest.raises(BadInput, match="no grouping"):
        q.open_pool(np.zeros((1200, 2)), groups=range(1200))


def test_a_share_for_a_group_that_is_not_there_is_refused_with_the_nearest_name():
    wrong = GroupQuota("margin", {"rear": 0.5})
    for strategy in (wrong, Distinct(wrong), Mix({wrong: 0.5, Random(): 0.5})):
        with pytest.raises(BadInput, match="did you mean 'rare'"):
            campaign(strategy)
    made = campaign("margin")
    with pytest.raises(BadInput, match="'rear', which no item is in"):
        made.change(strategy=wrong)


def test_a_pool_is_given_its_groups_where_it_is_opened():
    pool = q.open_pool(X, groups=GROUPS)
    assert campaign(GroupQuota(Margin()), groups=None, data=pool, id=None).status()["groups"]
    with pytest.raises(BadInput, match="give groups= where that pool is opened"):
        campaign(data=pool)
