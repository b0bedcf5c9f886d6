"""What owners change, through a real server: settings, guidelines, classes, export, overview."""

import csv
import io
import json
import sqlite3
from contextlib import closing

import pytest

from nursery import nursery
from querist.loop.folder import open_folder


@pytest.fixture
def api(server, make_folder):
    """A client of a server over 60 mails with a budget and a price."""
    return server(make_folder(budget=40, price=0.5, until="target=0.99, plateau")).client()


def label_some(api, n=6, by="ann"):
    tasks = api.post("ask", json={"n": n, "by": by}).json()["tasks"]
    answers = [
        {"task_id": t["task_id"], "value": "spam" if "cash" in t["item"] else "ham", "by": by}
        for t in tasks
    ]
    assert api.post("tell", json={"answers": answers}).status_code == 200
    return tasks


def test_settings_are_shown_as_people_write_them(api):
    found = api.get("settings").json()
    shown = found["settings"]
    assert (shown["budget"], shown["price"], shown["batch"]) == (40, 0.5, 10)
    assert shown["until"] == "target=0.99, plateau"
    assert (shown["paused"], shown["overlap"], shown["order"]) == (False, 1.0, "rank")
    assert shown["strategy"] == "Auto()"
    assert found["log"] == [] and found["items"] == 60


def test_a_change_holds_and_is_logged(api):
    wanted = {"budget": 50, "until": "target=0.9", "overlap": 1.5, "by": "zoe"}
    changed = api.post("settings", json=wanted)
    assert changed.status_code == 200
    shown = changed.json()["settings"]
    assert (shown["budget"], shown["until"], shown["overlap"]) == (50, "target=0.9", 1.5)
    log = {line["name"]: line for line in changed.json()["log"]}
    assert (log["budget"]["old"], log["budget"]["new"], log["budget"]["by"]) == (40, 50, "zoe")
    assert log["budget"]["text"] == "zoe changed budget from 40 to 50"
    assert api.get("status").json()["budget"] == 50
    assert api.get("insight").json()["spend"]["budget"] == 50


def test_without_a_budget_the_other_rules_are_shown(server, make_folder):
    with server(make_folder(until="target=0.99, plateau")).client() as api:
        assert api.get("settings").json()["settings"]["until"] == "target=0.99, plateau"
        log = api.post("settings", json={"until": "plateau", "by": "zoe"}).json()["log"]
        assert log[0]["text"] == "zoe changed until from target=0.99, plateau to plateau"
        assert (log[0]["old"], log[0]["new"]) == ("target=0.99, plateau", "plateau")


def test_an_added_class_is_in_the_log_of_changes(api):
    api.post("settings", json={"batch": 12, "by": "zoe"})
    assert api.post("classes", json={"add": "newsletter", "by": "zoe"}).status_code == 200
    api.post("settings", json={"batch": 14, "by": "ann"})
    log = api.get("settings").json()["log"]
    assert [line["name"] for line in log] == ["batch", "classes", "batch"]
    added = log[1]
    assert (added["by"], added["old"], added["new"]) == ("zoe", 2, "newsletter")
    assert added["text"] == "zoe added the class “newsletter”"


def test_a_suggested_stop_is_said_beside_the_settings(api):
    assert api.get("settings").json()["stop"] == ""
    label_some(api, n=10)
    changed = api.post("settings", json={"budget": 10})
    assert changed.status_code == 200, changed.text
    assert "10 of 10 labels bought" in changed.json()["stop"]


@pytest.mark.parametrize(
    ("wanted", "field"),
    [
        ({"budget": -1}, "budget"),
        ({"budget": "many"}, "budget"),
        ({"batch": 1000, "price": 2}, "batch"),
        ({"price": 2, "until": "target"}, "until"),
        ({"overlap": 0}, "overlap"),
        ({"paused": "yes"}, "paused"),
        ({"colour": "red"}, "colour"),
        ({"seed": 3}, "seed"),
        ({"strategy": "no such"}, "strategy"),
        ({"strategy": 7}, "strategy"),
    ],
)
def test_what_is_not_allowed_names_its_field_and_changes_nothing(api, wanted, field):
    before = api.get("settings").json()
    refused = api.post("settings", json=wanted)
    assert refused.status_code == 422
    assert refused.json()["field"] == field and len(refused.json()["error"]) > 20
    assert api.get("settings").json() == before


@pytest.mark.parametrize("body", [b"", b"[]", b"{", b'{"budget": NaN}', b"{}", b'{"by": 3}'])
def test_a_body_that_is_none_is_refused(api, body):
    before = api.get("settings").json()
    assert api.post("settings", content=body).status_code == 422
    assert api.get("settings").json() == before


def test_pausing_holds_tasks_back_and_answers_still_count(api):
    [task] = api.post("ask", json={"n": 1, "by": "ann"}).json()["tasks"]
    api.post("settings", json={"paused": True})
    asked = api.post("ask", json={"n": 1, "by": "ann"}).json()
    assert asked["tasks"] == [] and "paused" in asked["reason"]
    answer = {"task_id": task["task_id"], "value": "ham", "by": "ann"}
    assert api.post("tell", json={"answers": [answer]}).json()["results"][0]["ok"]
    api.post("settings", json={"paused": False})
    assert len(api.post("ask", json={"n": 1, "by": "ann"}).json()["tasks"]) == 1


def test_the_strategy_is_changed_by_a_process_of_its_own(api):
    found = api.post("settings", json={"strategy": "margin", "by": "zoe"}, timeout=120)
    assert found.status_code == 200, found.text
    assert found.json()["settings"]["strategy"] == "Margin()"
    assert found.json()["log"][0]["by"] == "zoe"


def test_guidelines_have_versions_and_old_ones_stay_readable(api):
    assert api.get("guidelines").json()["version"] == 0
    first = {"text": "# One\n\nMails that *sell*.", "labels": {"spam": {"examples": ["win"]}}}
    found = api.post("guidelines", json={**first, "by": "zoe"}).json()
    assert found["version"] == 1 and "<em>sell</em>" in found["html"]
    assert found["labels"]["spam"]["examples"] == ["win"]
    second = api.post("guidelines", json={"text": "Two", "version": 1}).json()
    assert second["version"] == 2
    assert [(one["version"], one["by"]) for one in second["versions"]] == [(2, "me"), (1, "zoe")]
    old = api.get("guidelines", params={"version": 1}).json()
    assert old["text"] == first["text"] and old["version"] == 1
    assert api.get("question").json()["guidelines"]["version"] == 2
    assert api.get("guidelines", params={"version": 9}).status_code == 404


def test_guidelines_written_from_an_old_version_are_refused(api):
    api.post("guidelines", json={"text": "One", "version": 0})
    late = api.post("guidelines", json={"text": "Mine", "version": 0})
    assert late.status_code == 422 and "version 1 by now" in late.json()["error"]
    assert api.get("guidelines").json()["text"] == "One"
    wrong = api.post("guidelines", json={"text": "x", "labels": {"no such": {"text": "y"}}})
    assert wrong.status_code == 422 and "no label" in wrong.json()["error"]


def test_markup_in_guidelines_stays_text(api):
    bad = "<script>alert(1)</script> [x](javascript:alert(1)) [y](https://example.org)"
    html = api.post("guidelines/preview", json={"text": bad}).json()["html"]
    assert "<script" not in html and 'href="javascript' not in html
    assert 'rel="noopener' in html and html.count("<a ") == 1
    assert api.get("guidelines").json()["version"] == 0


def test_an_added_class_can_be_answered_at_once(api):
    label_some(api)
    found = api.post("classes", json={"add": "newsletter", "by": "zoe"})
    assert found.status_code == 200
    assert found.json()["labels"] == ["spam", "ham", "newsletter"]
    [task] = api.post("ask", json={"n": 1, "by": "ann"}).json()["tasks"]
    answer = {"task_id": task["task_id"], "value": "newsletter", "by": "ann"}
    assert api.post("tell", json={"answers": [answer]}).json()["results"][0]["ok"]
    rows = {row["class"]: row for row in api.get("insight").json()["classes"]["rows"]}
    assert rows["newsletter"]["labels"] + rows["newsletter"]["held_out"] == 1
    for name in ("spam", "newsletter", " "):
        assert api.post("classes", json={"add": name}).status_code == 422
    assert api.get("question").json()["labels"] == ["spam", "ham", "newsletter"]
    assert "added the class" in api.get("insight").json()["activity"][1]["text"]


def test_an_export_holds_exactly_the_labels(api):
    label_some(api, 6)
    label_some(api, 3, by="bea")
    labels = api.get("labels").json()["labels"]
    whole = api.get("export", params={"format": "json"}).json()
    assert whole["labels"] == labels and "not representative" in whole["warning"]
    lines = api.get("export", params={"format": "jsonl"}).text.splitlines()
    assert [json.loads(line) for line in lines] == labels
    table = api.get("export")
    assert table.headers["content-type"].startswith("text/csv")
    assert 'filename="mails-labels.csv"' in table.headers["content-disposition"]
    rows = list(csv.DictReader(io.StringIO(table.text)))
    assert [(row["id"], row["value"]) for row in rows] == [(r["id"], r["value"]) for r in labels]
    assert rows[0]["probability"] == (
        "" if labels[0]["probability"] is None else str(labels[0]["probability"])
    )


def test_answers_and_the_log_come_out_too(api):
    label_some(api, 4)
    text = api.get("export", params={"what": "answers"}).text
    answers = list(csv.DictReader(io.StringIO(text)))
    assert len(answers) == 4 and {row["by"] for row in answers} == {"ann"}
    log = api.get("export", params={"what": "log", "format": "jsonl"}).text.splitlines()
    events = [json.loads(line) for line in log]
    assert [event["position"] for event in events] == list(range(1, len(events) + 1))
    assert sum(event["kind"] == "told" for event in events) == 4
    assert api.get("export", params={"what": "log"}).status_code == 422
    assert api.get("export", params={"format": "xml"}).status_code == 422


def test_the_export_agrees_with_the_command_line(server, make_folder):
    folder = make_folder()
    api = server(folder).client()
    label_some(api, 5)
    said = nursery().run("export", folder)
    assert said.returncode == 0
    assert api.get("export").text == said.stdout


def test_an_empty_campaign_exports_an_empty_file(api):
    assert api.get("export", params={"format": "json"}).json()["labels"] == []
    assert api.get("export").text == "id,value,confidence,votes,arm,probability\n"
    assert api.get("export", params={"format": "jsonl"}).text == ""


def test_several_labels_in_one_cell(server, make_folder):
    from querist.core.questions import Choices

    api = server(make_folder(question=Choices(["a", "b", "c"]))).client()
    [task] = api.post("ask", json={"n": 1, "by": "ann"}).json()["tasks"]
    answer = {"task_id": task["task_id"], "value": ["c", "a"], "by": "ann"}
    api.post("tell", json={"answers": [answer]})
    [row] = csv.DictReader(io.StringIO(api.get("export").text))
    assert json.loads(row["value"]) == ["a", "c"]


def test_campaigns_stand_side_by_side_also_a_broken_one(server, make_folder):
    one = make_folder("one", budget=20, price=0.5)
    two = make_folder("two", n=30, holdout=4)
    with open_folder(two) as campaign:
        for job in ("holdout", "train"):
            for task in campaign.ask(20, by="ann", job=job):
                campaign.tell(task, "spam" if "cash" in task.item else "ham", by="ann")
        campaign.step()
    broken = one.parent / "three"
    broken.mkdir()
    (broken / "campaign.toml").write_text("x = [")
    running = server(one.parent)
    running.client(base="/c/one").post("settings", json={"paused": True})
    found = running.client().get("overview").json()["campaigns"]
    cards = {card["name"]: card for card in found}
    assert list(cards) == ["one", "three", "two"]
    assert (cards["one"]["budget"], cards["one"]["paused"], cards["one"]["score"]) == (
        20,
        True,
        None,
    )
    assert cards["two"]["metric"] == "accuracy" and cards["two"]["labels"] == 14
    assert cards["two"]["last"] is not None and cards["two"]["base"] == "/c/two"
    assert "cannot be opened" in cards["three"]["error"]


def test_a_rule_is_shown_where_there_is_no_budget(server, make_folder):
    api = server(make_folder(until="target=0.9")).client()
    assert api.get("settings").json()["settings"]["until"] == "target=0.9"


def test_a_log_that_breaks_does_not_hide_the_other_campaigns(server, make_folder, tmp_path):
    make_folder("good", n=40)
    bad = make_folder("bad", n=40)
    running = server(tmp_path)
    assert running.client(base="/c/bad").get("status").status_code == 200
    with closing(sqlite3.connect(bad / "log.sqlite")) as log:  # as a later querist might write
        (last,) = log.execute("SELECT position FROM meta").fetchone()
        row = (last + 1, '{"kind": "told", "v": 99}', "")
        log.execute("INSERT INTO events VALUES (?, ?, ?)", row)
        log.execute("UPDATE meta SET position = ?", (last + 1,))
        log.commit()
    found = running.client().get("overview").json()["campaigns"]
    cards = {card["name"]: card for card in found}
    assert cards["good"]["items"] == 40 and "error" not in cards["good"]
    assert "querist" in cards["bad"]["error"]
