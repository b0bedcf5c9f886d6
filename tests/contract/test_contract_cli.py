"""The command line as a script meets it: real processes, JSON lines, exit codes."""

import csv
import json
import shutil
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from nursery import nursery

ROWS = [
    (f"m{i}", f"win {i} euros cash now" if i % 2 else f"minutes of meeting {i}") for i in range(120)
]
COMMAND = str(Path(sys.executable).with_name("querist"))


def querist(*words, stdin="", ok=True):
    done = nursery().run(*words, stdin=stdin)
    if ok:
        assert done.returncode == 0, done.stdout + done.stderr
    return done


def lines(text):
    return [json.loads(line) for line in text.splitlines() if line.strip()]


def answer(task):
    return "spam" if "cash" in str(task["item"]) else "ham"


def write(path, rows=ROWS, label=False):
    with path.open("w", newline="") as file:
        out = csv.writer(file)
        out.writerow(["id", "body"] + ["label"] * label)
        for id, body in rows:
            out.writerow([id, body] + ["spam" if "cash" in body else "ham"] * label)
    return path


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """A folder with a batch told and a round stepped, to be copied by the tests that write."""
    home = tmp_path_factory.mktemp("made")
    write(home / "mails.csv")
    querist("new", home / "mails.csv", "--id", "id", "--text", "body", "--ask", "spam,ham",
            "--dir", home / "mails", "--batch", 10, "--budget", 30)  # fmt: skip
    tasks = lines(querist("ask", home / "mails", "-n", 10, "--by", "ann", "--json").stdout)
    told = [json.dumps({"task_id": t["task_id"], "value": answer(t)}) for t in tasks]
    querist("tell", home / "mails", "--by", "ann", stdin="\n".join(told) + "\n")
    querist("step", home / "mails")
    return home / "mails"


@pytest.fixture
def folder(made, tmp_path):
    return Path(shutil.copytree(made, tmp_path / "mails"))


def test_a_campaign_folder_holds_what_the_design_says(made):
    for name in ("campaign.toml", "pool", "log.sqlite", "models"):
        assert (made / name).exists()
    assert "budget" in (made / "campaign.toml").read_text()


def test_ask_prints_a_task_a_line(folder):
    tasks = lines(querist("ask", folder, "-n", 5, "--by", "ann", "--json").stdout)
    assert len(tasks) == 5
    for task in tasks:
        assert set(task) == {"task_id", "item_id", "item"}
        assert task["item_id"].startswith("m")
    again = lines(querist("ask", folder, "-n", 5, "--by", "bob", "--json").stdout)
    assert not {t["item_id"] for t in tasks} & {t["item_id"] for t in again}


def test_ask_prints_nothing_when_nothing_waits(folder):
    querist("ask", folder, "-n", 500, "--json")
    done = querist("ask", folder, "-n", 5, "--json", ok=False)
    assert lines(done.stdout) == []


def test_tell_acknowledges_each_line_and_refuses_bad_ones(folder):
    tasks = lines(querist("ask", folder, "-n", 3, "--by", "ann", "--json").stdout)
    sent = [
        json.dumps({"task_id": tasks[0]["task_id"], "value": answer(tasks[0])}),
        json.dumps({"task_id": tasks[1]["task_id"], "value": "eggs"}),
        "this is not JSON",
        json.dumps({"task_id": "nonsense", "value": "spam"}),
        json.dumps({"value": "spam"}),
        json.dumps([1]),
        json.dumps({**tasks[2], "value": answer(tasks[2]), "seconds": 2.5}),
    ]
    done = querist("tell", folder, "--by", "ann", stdin="\n".join(sent) + "\n", ok=False)
    assert done.returncode == 1
    replies = lines(done.stdout)
    assert [r["ok"] for r in replies] == [True, False, False, False, False, False, True]
    assert replies[0]["task_id"] == tasks[0]["task_id"]
    assert isinstance(replies[0]["position"], int)
    assert replies[6]["position"] > replies[0]["position"]
    assert "spam" in replies[1]["error"]
    assert "nonsense" in replies[3]["error"]
    again = querist("tell", folder, "--by", "ann", stdin=sent[0] + "\n")
    assert lines(again.stdout) == replies[:1]
    for reply in replies:
        assert ("position" in reply) == reply["ok"] != ("error" in reply)


def test_an_acknowledged_line_is_durable_before_the_next_is_sent(folder):
    tasks = lines(querist("ask", folder, "-n", 2, "--by", "ann", "--json").stdout)
    with subprocess.Popen([COMMAND, "tell", str(folder), "--by", "ann"], text=True,
                          stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:  # fmt: skip
        process.stdin.write(json.dumps({"task_id": tasks[0]["task_id"], "value": "spam"}) + "\n")
        process.stdin.flush()
        assert json.loads(process.stdout.readline())["ok"]
        process.kill()
    assert json.loads(querist("status", folder, "--json").stdout)["labels"] == 11


def test_status_why_export_doctor(folder):
    status = json.loads(querist("status", folder, "--json").stdout)
    assert status["labels"] == 10
    labels = querist("export", folder).stdout
    rows = list(csv.DictReader(labels.splitlines()))
    assert len(rows) == 10
    assert {"id", "value", "confidence", "votes", "arm", "probability"} <= set(rows[0])
    said = querist("why", folder, rows[0]["id"]).stdout
    assert rows[0]["id"] in said
    assert "round" in said
    assert "ann" in said
    assert querist("doctor", folder).returncode == 0


def test_doctor_sees_tampering(folder):
    with sqlite3.connect(folder / "log.sqlite") as db:
        for (table,) in db.execute("select name from sqlite_master where type='table'").fetchall():
            for _, column, *_ in db.execute(f'pragma table_info("{table}")').fetchall():
                db.execute(
                    f'update "{table}" set "{column}" = replace(cast("{column}" as text), '
                    f"'\"spam\"', '\"ham\"') where cast(\"{column}\" as text) like '%told%'"
                )
                if db.total_changes:
                    break
    db.close()
    done = querist("doctor", folder, "--json", ok=False)
    assert done.returncode == 1
    assert "row" in done.stdout + done.stderr or "position" in done.stdout + done.stderr


@pytest.mark.parametrize(
    "words",
    [
        ("status", "nowhere"),
        ("ask", "nowhere", "--json"),
        ("why", "{dir}", "nonsense"),
        ("nonsense",),
        ("ask", "{dir}", "-n", "0"),
        ("new", "nowhere.csv", "--dir", "x", "--ask", "a,b"),
        ("new", "{csv}", "--dir", "{new}", "--ask", "a,b", "--text", "nonsense"),
        ("new", "{csv}", "--dir", "{new}", "--ask", "a", "--text", "body"),
        ("new", "{csv}", "--dir", "{dir}", "--ask", "a,b", "--text", "body"),
        ("simulate", "{csv}", "--label", "nonsense", "--text", "body"),
        ("simulate", "{csv}", "--label", "body", "--text", "body", "--strategy", "nonsense"),
    ],
    ids=" ".join,
)
def test_errors_go_to_standard_error_with_an_exit_code(folder, tmp_path, words):
    names = {"dir": folder, "csv": write(tmp_path / "x.csv"), "new": tmp_path / "new"}
    done = querist(*(word.format(**names) for word in words), ok=False)
    assert done.returncode not in (0, None)
    assert done.stderr.strip()
    assert "Traceback" not in done.stderr


def test_a_label_column_is_the_truth_of_a_rehearsal(tmp_path):
    write(tmp_path / "m.csv", label=True)
    querist("new", tmp_path / "m.csv", "--text", "body", "--label", "label", "--ask", "spam,ham",
            "--dir", tmp_path / "d", "--batch", 10, "--budget", 40, "--holdout", 20)  # fmt: skip
    rounds = lines(querist("run", tmp_path / "d", "--oracle", "truth", "--json").stdout)
    assert "40 of 40 labels" in json.dumps(rounds)
    querist("report", tmp_path / "d", "--out", tmp_path / "r.html")
    page = (tmp_path / "r.html").read_text()
    assert "plotly" in page.lower()
    assert "why these items" in page.lower()
    assert "<script src=" not in page


def test_simulate_prints_every_curve_as_json(tmp_path):
    write(tmp_path / "m.csv", label=True)
    done = querist("simulate", tmp_path / "m.csv", "--text", "body", "--label", "label",
                   "--strategy", "margin,random", "--start", 10, "--batch", 10, "--budget", 30,
                   "--seeds", 2, "--json")  # fmt: skip
    told = json.loads(done.stdout)
    assert set(told["curves"]) == {"margin", "random"}
    assert all(len(curves) == 2 for curves in told["curves"].values())
    assert told["curves"]["margin"][0]["labels"] == [10, 20, 30]
    assert done.stderr == ""


@pytest.mark.parametrize("word", ["--help", "--version", "strategies", "plugins"])
def test_plain_commands(word):
    assert querist(word).stdout.strip()
