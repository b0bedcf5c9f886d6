"""export: labels that say how they were chosen, rounds, the log."""

import csv
import io
import json


def test_labels_say_arm_and_probability_and_warn(querist, folder, answer_all):
    answer_all(folder)
    ran = querist("export", folder)
    rows = list(csv.DictReader(io.StringIO(ran.out)))
    assert list(rows[0]) == ["id", "value", "confidence", "votes", "arm", "probability"]
    assert len(rows) == 19
    assert {row["arm"] for row in rows} == {"given", "open", "control"}
    control = [float(row["probability"]) for row in rows if row["arm"] == "control"]
    assert all(0 < chance <= 1 for chance in control)
    assert "not representative" in ran.err
    found = querist("export", folder, "--json").json
    assert len(found["labels"]) == 19
    assert "not representative" in found["warning"]


def test_rounds_and_log(querist, folder, answer_all, tmp_path):
    answer_all(folder)
    querist("step", folder)
    rounds = list(csv.DictReader(io.StringIO(querist("export", folder, "--what", "rounds").out)))
    assert [row["labels"] for row in rounds] == ["9", "19"]
    as_json = tmp_path / "rounds.json"
    assert querist("export", folder, "--what", "rounds", "--out", as_json).code == 0
    assert [turn["labels"] for turn in json.loads(as_json.read_text())] == [9, 19]
    log = querist("export", folder, "--what", "log").lines
    assert [row["position"] for row in log] == list(range(1, len(log) + 1))
    assert log[0]["kind"] == "opened"
