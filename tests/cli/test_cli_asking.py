"""ask, tell, skip, retract: from people and scripts, one or many at once."""

import json
import subprocess
import sys
from pathlib import Path

from querist.logs.sqlite import SQLiteLog


def events(folder, kind):
    log = SQLiteLog(folder / "log.sqlite")
    found = [(position, event) for position, event in log.read() if event.kind == kind]
    log.close()
    return found


def tell(run, folder, *answers, by="ann"):
    lines = [answer if isinstance(answer, str) else json.dumps(answer) for answer in answers]
    return run("tell", folder, "--by", by, stdin="\n".join(lines) + "\n")


def test_ask_prints_a_task_a_line_and_tell_a_result_a_line(shell, folder):
    tasks = shell("ask", folder, "-n", 5, "--by", "ann", "--json").lines
    assert len(tasks) == 5
    assert all(set(task) == {"task_id", "item_id", "item"} for task in tasks)
    ran = tell(shell, folder, *({**task, "value": "spam"} for task in tasks))
    assert ran.code == 0
    told = events(folder, "told")[-5:]
    assert ran.lines == [
        {"task_id": event.task_id, "ok": True, "position": position} for position, event in told
    ]
    assert {event.by for _, event in told} == {"ann"}


def test_a_bad_line_never_stops_the_others(querist, folder):
    one, two, three = querist("ask", folder, "-n", 3, "--json").lines
    ran = tell(
        querist,
        folder,
        {"task_id": one["task_id"], "value": "spam"},
        "not json",
        "",
        '"a text"',
        {"task_id": two["task_id"], "value": "eggs"},
        {"task_id": two["task_id"]},
        {"value": "spam"},
        {"task_id": "b99-1", "value": "spam"},
        {"task_id": two["task_id"], "value": "spam", "colour": "red"},
        {"task_id": two["task_id"], "value": "spam", "seconds": "long"},
        {"task_id": two["task_id"], "value": "spam", "by": 7},
        {"task_id": two["task_id"], "value": "\ud800"},
        {"task_id": three["task_id"], "value": "ham", "seconds": 2.5, "key": "k1"},
    )
    assert ran.code == 1
    results = ran.lines
    assert [result["ok"] for result in results] == [True, *[False] * 10, True]
    assert [result.get("line") for result in results][1:4] == [2, 4, 5]
    assert "spam, ham" in results[3]["error"]
    assert results[3]["task_id"] == results[4]["task_id"] == two["task_id"]
    assert [event.task_id for _, event in events(folder, "told")[-2:]] == [
        one["task_id"],
        three["task_id"],
    ]


def test_a_line_that_is_not_utf8_is_refused_alone(querist, folder):
    (task,) = querist("ask", folder, "--json").lines
    good = json.dumps({**task, "value": "ham"}).encode()
    ran = querist("tell", folder, stdin=b'{"task_id": "\xff"}\n' + good)
    assert [result["ok"] for result in ran.lines] == [False, True]


def test_telling_twice_changes_nothing(querist, folder):
    (task,) = querist("ask", folder, "--by", "ann", "--json").lines
    answer = {"task_id": task["task_id"], "value": "spam"}
    first, second = tell(querist, folder, answer), tell(querist, folder, answer, answer)
    assert second.lines == [*first.lines, *first.lines]
    assert querist("status", folder, "--json").json["bought"] == 1


def test_an_unasked_label_and_one_from_the_command_line(querist, folder):
    told = tell(querist, folder, {"item_id": "m40", "value": "ham"})
    assert told.lines[0]["ok"]
    assert querist("tell", folder, "m41", "ham", "--by", "bob").json["task_id"] == "m41"
    assert querist("tell", folder, "m42").code == 2
    rows = {row["id"]: row for row in querist("export", folder, "--json").json["labels"]}
    assert rows["m40"]["value"] == rows["m41"]["value"] == "ham"


def test_two_processes_that_ask_at_once_get_different_tasks(folder):
    command = [str(Path(sys.executable).parent / "querist"), "ask", str(folder), "-n", "5"]
    running = [
        subprocess.Popen([*command, "--by", by, "--json"], stdout=subprocess.PIPE, text=True)
        for by in ("ann", "bob")
    ]
    given = [process.communicate()[0].splitlines() for process in running]
    items = [json.loads(line)["item_id"] for lines in given for line in lines]
    assert len(items) == 10
    assert len(set(items)) == 10


def test_an_empty_queue_is_no_error(querist, folder):
    assert len(querist("ask", folder, "-n", 100, "--json").lines) == 10
    ran = querist("ask", folder, "--json")
    assert (ran.code, ran.out) == (0, "")
    assert "querist status" in ran.err


def test_skip_and_retract(querist, folder):
    (task,) = querist("ask", folder, "--by", "ann", "--json").lines
    assert querist("skip", folder, task["task_id"], "--reason", "blurred", "--by", "ann").code == 0
    assert querist("status", folder, "--json").json["bought"] == 0
    assert task["item_id"] not in querist("ask", folder, "-n", 50, "--by", "ann").out
    assert task["item_id"] in querist("ask", folder, "-n", 50, "--by", "bob").out
    tell(querist, folder, {"task_id": task["task_id"], "value": "ham"}, by="bob")
    undone = querist("retract", folder, task["task_id"], "--by", "bob", "--json")
    assert undone.json == {"task_id": task["task_id"], "ok": True}
    assert querist("status", folder, "--json").json["bought"] == 0
    assert "blurred" in querist("why", folder, task["item_id"]).out


def test_items_by_name_and_the_holdout(querist, folder, mails, tmp_path):
    (task,) = querist("ask", folder, "--item", "m50", "--json").lines
    assert task["item_id"] == "m50"
    assert querist("ask", folder, "--item", "m50").code == 2
    kept = tmp_path / "kept"
    args = ("--id", "id", "--text", "body", "--ask", "spam,ham", "--holdout", "0.2", "--dir", kept)
    assert querist("new", mails, *args).code == 0
    querist("step", kept)
    tasks = querist("ask", kept, "-n", 50, "--job", "holdout", "--json").lines
    assert len(tasks) == 12
    refused = querist("ask", kept, "--item", tasks[0]["item_id"])
    assert refused.code == 2
    assert "holdout" in refused.err
