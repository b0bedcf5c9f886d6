"""Settings changed while a campaign runs: what is refused, what is kept, who follows."""

import pytest

import querist as q
from querist.core.errors import BadInput
from querist.core.events import RecipeChanged
from querist.logs.memory import MemoryLog
from querist.loop import folder as folders
from querist.loop.live import LIVE
from querist.stopping import Budget, Target


def settings_of(c):
    return c.desk.journal.state.recipe


def test_a_campaign_begins_with_the_usual_settings(points):
    c = points()
    assert {name: settings_of(c)[name] for name in LIVE} == dict(LIVE)
    assert points(overlap=1.5).parts.recipe.overlap == 1.5


def test_a_change_is_one_fact_and_the_same_value_none(points):
    log = MemoryLog()
    c = points(log)
    c.desk.change("depth", 2, "owner")
    last = [event for _, event in log.read()][-1]
    assert isinstance(last, RecipeChanged)
    assert (last.name, last.old, last.new, last.by) == ("depth", 1, 2, "owner")
    position = log.position
    c.desk.change("depth", 2.0, "owner")
    assert log.position == position


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("overlap", 0.9, "1.2 for two people"),
        ("overlap", "2", "such as 1.2"),
        ("overlap", float("nan"), "such as 1.2"),
        ("depth", 0, "how many batches"),
        ("depth", 1.5, "how many batches"),
        ("depth", True, "how many batches"),
        ("order", "random", "'similar'"),
        ("paused", "yes", "true or false"),
        ("suggestions", 1, "true or false"),
        ("budget", 5, "below batch 10"),
        ("batch", 0, "count of labels"),
        ("price", -1, "money per label"),
        ("until", "targget=0.9", "target"),
        ("until", {"rule": "plateau"}, "is a text"),
        ("strategy", "random", "querist change"),
        ("control", 0.5, "not changed here"),
        ("guidelines", 5, "are a text"),
        ("guidelines", {"words": "x"}, "are a text"),
        ("guidelines", {"text": 5}, "is a text"),
        ("guidelines", {"text": "", "labels": {"c": "x"}}, "labels are: a, b"),
        ("guidelines", {"text": "", "labels": {"a": {"examples": "x"}}}, "list of texts"),
        ("guidelines", {"text": "", "labels": {"a": 5}}, "are a text"),
    ],
)
def test_what_is_refused_says_what_is_expected_and_changes_nothing(points, name, value, said):
    log = MemoryLog()
    c = points(log, budget=30)
    position, before = log.position, dict(settings_of(c))
    with pytest.raises(BadInput, match=said):
        c.desk.change(name, value, "owner")
    assert log.position == position and settings_of(c) == before


def test_a_pause_hands_nothing_out_and_takes_answers_in(points):
    log = MemoryLog()
    c, other = points(log), points(log)
    task = c.ask(by="ann")[0]
    other.desk.change("paused", True, "owner")
    assert c.ask(5, by="bob") == [] and c.ask(1, job="holdout") == []
    assert c.desk.tell([{"task": task, "value": "a", "by": "ann"}], strict=True)
    assert c.desk.retract(task, "ann", lease=60).task_id == task.task_id
    other.change(paused=False)
    assert len(c.ask(5, by="bob")) == 5


def test_guidelines_count_their_versions(points):
    c = points()
    c.desk.change("guidelines", "Be **kind**.", "owner")
    first = {"version": 1, "text": "Be **kind**.", "labels": {}}
    assert settings_of(c)["guidelines"] == first
    more = {"text": "Be kind.", "labels": {"b": {"text": "B", "examples": ["x"]}, "a": "A"}}
    c.desk.change("guidelines", more, "owner")
    second = settings_of(c)["guidelines"]
    assert second["version"] == 2 and list(second["labels"]) == ["a", "b"]
    assert second["labels"]["a"] == {"text": "A", "examples": []}
    position = c.log.position
    c.desk.change("guidelines", more, "owner")  # the same again is no new version
    assert c.log.position == position
    with pytest.raises(BadInput, match="at version 2 by now"):
        c.desk.change("guidelines", {"text": "mine", "version": 1}, "owner")
    c.desk.change("guidelines", {"text": "mine", "version": 2}, "owner")
    assert settings_of(c)["guidelines"]["version"] == 3
    old = [change.new for change in c.desk.journal.state.changes]
    assert [form["version"] for form in old] == [1, 2, 3]


def test_a_running_process_follows_what_another_one_changes(points, side):
    log = MemoryLog()
    one, two = (
        points(log, budget=50, until="target=0.9"),
        points(log, budget=50, until="target=0.9"),
    )
    two.desk.change("batch", 4, "owner")
    two.desk.change("budget", 24, "owner")
    two.desk.change("price", 0.5, "owner")
    for task in one.ask(10):
        one.tell(task, side(task.item_id))
    turn = one.step()
    assert one.parts.recipe.batch == 4 and one.parts.recipe.price == 0.5
    assert turn.queued == 4 and turn.spent == 5.0
    assert one.parts.rule.rules == (Budget(labels=24), Target(score=0.9))
    two.desk.change("until", "target=0.8", "owner")
    one.status()
    assert one.parts.rule.rules == (Budget(labels=24), Target(score=0.8))
    two.desk.change("until", None, "owner")
    two.desk.change("budget", None, "owner")
    assert one.status()["budget"] is None and one.parts.rule.rules == ()


def test_a_change_does_not_undo_what_another_process_changed(points):
    log = MemoryLog()
    one, two = points(log, budget=50), points(log, budget=50)
    two.change(budget=40)
    one.change(batch=5)
    assert two.status()["budget"] == 40
    assert points(log, budget=40, batch=5).status()["budget"] == 40


def test_a_rule_of_ones_own_stays_when_the_budget_changes(points):
    class Never(Target):
        pass

    log = MemoryLog()
    own = Never(0.99)
    one, two = points(log, budget=50, until=own), points(log, budget=50, until=own)
    two.change(budget=60)
    one.status()
    assert one.parts.rule.rules == (Budget(labels=60), own)


def test_what_is_resumed_keeps_the_settings_of_the_log(points):
    log = MemoryLog()
    points(log).desk.change("overlap", 2, "owner")
    points(log).desk.change("paused", True, "owner")
    position = log.position
    again = points(log)
    assert again.parts.recipe.overlap == 2 and settings_of(again)["paused"]
    assert log.position == position


def test_campaign_toml_agrees_with_the_log(tmp_path):
    source = tmp_path / "t.csv"
    source.write_text("id,text\n" + "".join(f"m{k},text {k}\n" for k in range(40)))

    settings = {"batch": 5, "budget": 30, "overlap": 1.5, "until": "target=0.99"}
    folder = tmp_path / "c"
    with folders.create_folder(
        folder,
        source,
        q.Choice(["a", "b"]),
        columns={"id": "id", "text": "text"},
        settings=settings,
    ):
        pass
    desk = folders.open_desk(folder)
    new = {"overlap": 2.0, "budget": 20, "until": "plateau", "price": 0.5}
    for name, value in {**new, "depth": 3, "paused": True}.items():
        desk.change(name, value, "owner")
    assert folders.read_config(folder)["recipe"] == {**settings, **new}
    position = desk.journal.state.position
    desk.journal.log.close()
    with folders.open_folder(folder) as c:
        assert c.log.position == position  # nothing is changed back
        assert (c.parts.recipe.depth, c.parts.recipe.budget, c.parts.recipe.overlap) == (3, 20, 2)
        with pytest.raises(BadInput):
            c.desk.change("budget", 1, "owner")
    assert folders.read_config(folder)["recipe"]["budget"] == 20
