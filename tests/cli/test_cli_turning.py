"""step and run: the ring turns, ends by itself, and says which rule ended it."""

import csv
import json

import pytest


@pytest.fixture
def rehearsal(querist, tmp_path):
    """A folder whose labels are all known, and kept aside."""
    path = tmp_path / "all.csv"
    with path.open("w", newline="") as out:
        rows = csv.writer(out)
        rows.writerow(["id", "body", "label"])
        for k in range(90):
            spam = k % 3 == 0
            rows.writerow([f"m{k}", f"{'win cash' if spam else 'see you'} {k}", "sh"[not spam]])
    folder = tmp_path / "r"
    args = ("--id", "id", "--text", "body", "--label", "label", "--ask", "s,h")
    made = querist("new", path, *args, "--batch", 15, "--budget", 40, "--dir", folder)
    assert made.code == 0, made.err
    return folder


def test_step_trains_and_refills(querist, folder, answer_all):
    assert querist("status", folder, "--json").json["step_due"] is False
    answer_all(folder)
    due = querist("status", folder, "--json").json
    assert due["step_due"] is True
    assert due["next"].startswith("step")
    turn = querist("step", folder, "--json").json
    assert (turn["number"], turn["labels"], turn["bought"], turn["queued"]) == (1, 19, 10, 10)
    assert turn["spent"] == 5.0
    assert querist("step", folder, "--json").json["number"] == 1  # nothing new, nothing done
    assert "19 labels" in querist("step", folder).out


def test_run_ends_by_itself_within_the_budget(querist, rehearsal):
    ran = querist("run", rehearsal)
    assert ran.code == 0, ran.err
    assert ran.out.splitlines()[-1] == "ended: budget: 40 of 40 labels bought"
    found = querist("status", rehearsal, "--json").json
    assert (found["bought"], found["round"]) == (40, 3)  # 15, 15, and a last batch of 10
    assert found["next"].startswith("stop: budget")
    assert querist("run", rehearsal, "--json").lines[-1]["stop"] is True


def test_run_with_a_file_noise_and_another_rule(querist, rehearsal, tmp_path):
    answers = tmp_path / "answers.csv"
    answers.write_text("id,value\n" + "\n".join(f"m{k},{'sh'[k % 3 > 0]}" for k in range(60)))
    args = ("--oracle", answers, "--noise", "0.2", "--until", "target=0.2", "--by", "file")
    rounds = querist("run", rehearsal, *args, "--json")
    assert rounds.code == 0, rounds.err
    rows = querist("export", rehearsal, "--json").json["labels"]
    assert {row["id"] for row in rows} <= {f"m{k}" for k in range(60)}  # the rest is passed on
    wrong = sum(row["value"] != "sh"[int(row["id"][1:]) % 3 > 0] for row in rows)
    assert 0 < wrong < len(rows) / 2
    log = [json.loads(x) for x in querist("export", rehearsal, "--what", "log").out.splitlines()]
    assert any(row["kind"] == "skipped" for row in log)


def test_run_says_what_it_lacks(querist, folder, tmp_path):
    assert querist("run", folder, "--oracle", tmp_path / "no.csv").code == 2
    path = tmp_path / "plain.csv"
    path.write_text("body\n" + "\n".join(f"text {k}" for k in range(30)))
    querist("new", path, "--text", "body", "--ask", "a,b", "--dir", tmp_path / "p")
    ran = querist("run", tmp_path / "p")
    assert ran.code == 2
    assert "--label COLUMN" in ran.err
