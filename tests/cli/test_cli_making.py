"""new, change, import: from every kind of file."""

import json

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from PIL import Image

from querist.cli.options import count_or_share
from querist.core.errors import BadInput

TEXTS = [f"{'win cash' if k % 2 else 'see you'} {k}" for k in range(40)]


def test_a_folder_from_csv_starts_with_its_given_labels(shell, mails, tmp_path):
    made = shell(
        *("new", mails, "--id", "id", "--text", "body", "--label", "label", "--ask", "spam,ham"),
        *("--batch", 10, "--dir", tmp_path / "c", "--json"),
    )
    assert made.code == 0, made.err
    assert made.json["labels"] == 9
    assert made.json["bought"] == 0
    assert made.json["queue"]["waiting"] == 10
    assert made.json["round"] == 0
    again = shell("new", mails, "--text", "body", "--ask", "a,b", "--dir", tmp_path / "c")
    assert again.code == 2
    assert "holds a campaign already" in again.err
    other = shell("new", mails, "--text", "body", "--ask", "a,b", "--dir", tmp_path / "d")
    assert f"querist serve {tmp_path / 'd'}" in other.err


def test_a_column_of_prices_reaches_the_strategy(querist, tmp_path):
    path = tmp_path / "pool.jsonl"
    rows = [{"text": line, "fee": 1 + k % 7} for k, line in enumerate(TEXTS)]
    path.write_text("\n".join(map(json.dumps, rows)))
    args = ("--text", "text", "--ask", "a,b", "--strategy", "per_cost", "--dir", tmp_path / "c")
    assert querist("new", path, *args).code == 2
    assert querist("new", path, *args, "--costs", "fee").code == 0
    (task,) = querist("ask", tmp_path / "c", "--json").lines
    assert "fee" not in str(task["item"])


@pytest.mark.parametrize("kind", ["jsonl", "parquet"])
def test_other_files(querist, tmp_path, kind):
    path = tmp_path / f"pool.{kind}"
    rows = [{"key": f"k{i}", "text": line} for i, line in enumerate(TEXTS)]
    if kind == "jsonl":
        path.write_text("\n".join(map(json.dumps, rows)))
    else:
        pq.write_table(pa.Table.from_pylist(rows), path)
    args = ("--id", "key", "--text", "text", "--ask", "a,b", "--dir", tmp_path / "c")
    assert querist("new", path, *args).code == 0
    (task,) = querist("ask", tmp_path / "c", "--json").lines
    assert task["item"] in TEXTS or task["item"]["text"] in TEXTS


def test_a_folder_of_images(querist, tmp_path):
    pictures = tmp_path / "pictures"
    pictures.mkdir()
    for k in range(12):
        pixels = np.random.default_rng(k).integers(0, 255, (8, 8, 3), dtype=np.uint8)
        Image.fromarray(pixels).save(pictures / f"{k:02}.png")
    made = querist("new", pictures, "--ask", "cat,dog", "--batch", 4, "--dir", tmp_path / "c")
    assert made.code == 0, made.err
    assert len(querist("ask", tmp_path / "c", "-n", 9, "--json").lines) == 4


@pytest.mark.parametrize(
    ("asked", "good", "bad"),
    [
        (("--ask", "number"), 2.5, "many"),
        (("--number", "0,10"), 10, 11),
        (("--ask-many", "red,big"), ["big", "red"], ["blue"]),
    ],
)
def test_other_questions(querist, tmp_path, asked, good, bad):
    path = tmp_path / "pool.csv"
    path.write_text("x,y\n" + "\n".join(f"{k},{k * k}" for k in range(30)))
    args = ("--features", "x,y", "--batch", 5, "--dir", tmp_path / "c")
    assert querist("new", path, *asked, *args).code == 0
    (task,) = querist("ask", tmp_path / "c", "--json").lines
    for value, ok in ((bad, False), (good, True)):
        line = json.dumps({"task_id": task["task_id"], "value": value})
        assert querist("tell", tmp_path / "c", stdin=line).lines[0]["ok"] is ok


def test_bad_input_leaves_no_folder_behind(querist, mails, tmp_path):
    path = tmp_path / "c"
    for args, said in (
        (("--text", "nothing", "--ask", "a,b"), "nothing"),
        (
            (
                "--text",
                "body",
            ),
            "--ask",
        ),
        (("--text", "body", "--ask", "a,b", "--number", "0,1"), "--ask"),
        (("--text", "body", "--number", "low,high"), "LOW,HIGH"),
        (("--text", "body", "--ask", "a,b", "--holdout", "some"), "some"),
        (("--text", "body", "--ask", "a,b", "--batch", 50, "--budget", 20), "budget 20"),
        (("--text", "body", "--ask", "a,b", "--strategy", "margn"), "margin"),
        (("--text", "body", "--ask", "a,b", "--model", "no.where:X"), "no.where"),
        (("--text", "body", "--ask", "a,b", "--until", "soon"), "soon"),
    ):
        ran = querist("new", mails, *args, "--dir", path)
        assert (ran.code, said in ran.err) == (2, True), (args, ran.err)
        assert not (path / "campaign.toml").exists()
    good = ("--id", "id", "--text", "body", "--label", "label", "--ask", "spam,ham")
    texts = querist("new", mails, *good, "--model", "sklearn.svm:SVC", "--dir", path)
    assert (texts.code, "SVC refuses" in texts.err) == (2, True)
    assert querist("new", mails, *good, "--dir", path).code == 0


def test_change_is_kept_and_logged(querist, folder):
    ran = querist("change", folder, "--budget", 20, "--until", "target=0.9", "--json")
    assert ran.json["status"]["budget"] == 20
    found = querist("status", folder, "--json").json
    assert found["budget"] == 20
    assert "target" in found["stop"]
    log = [json.loads(row) for row in querist("export", folder, "--what", "log").out.splitlines()]
    changes = [row for row in log if row["kind"] == "recipe_changed"]
    assert {"budget", "until"} == {row["name"] for row in changes}
    assert {row["by"] for row in changes} == {"me"}
    assert querist("change", folder, "--budget", 5).code == 2  # below the batch
    assert querist("status", folder, "--json").json["budget"] == 20


def test_import_appends_items(querist, folder, tmp_path):
    more = tmp_path / "more.csv"
    more.write_text("id,body,label\n" + "\n".join(f"x{k},win cash {k}," for k in range(5)))
    assert querist("import", folder, more, "--json").json == {"imported": 5, "what": "items"}
    assert querist("status", folder, "--json").json["items"]["total"] == 65
    assert querist("import", folder, more).code == 2  # the same ids again
    assert querist("status", folder, "--json").json["items"]["total"] == 65
    assert querist("doctor", folder).code == 0


def test_import_takes_labels_back_in(querist, folder, answer_all, tmp_path):
    told = {task["item_id"] for task in answer_all(folder)}
    querist("export", folder, "--out", tmp_path / "labels.csv")
    one, two, three, four = [f"m{k}" for k in range(9, 60) if f"m{k}" not in told][:4]
    other = tmp_path / "other.csv"
    other.write_text(f"id,value\n{one},ham\n{two},spam\n{three},\n")
    assert querist("import", folder, other, "--labels", "--json").json["imported"] == 2
    found = querist("status", folder, "--json").json
    assert (found["labels"], found["bought"]) == (21, 10)  # imported ones are not paid for
    other.write_text(f"id,value\n{three},ham\n{four},eggs\n")
    assert querist("import", folder, other, "--labels").code == 2
    assert querist("status", folder, "--json").json["labels"] == 21  # all or none
    assert querist("import", folder, tmp_path / "labels.csv", "--labels").code == 0


def test_counts_and_shares():
    assert count_or_share("0.5") == 0.5
    with pytest.raises(BadInput, match="count such as 200"):
        count_or_share("half")


def test_mistakes_are_made_kept_and_changed(querist, mails, tmp_path):
    path = tmp_path / "m"
    args = ("new", mails, "--id", "id", "--text", "body", "--ask", "spam,ham", "--batch", 10)
    made = querist(*args, "--dir", path, "--mistakes", "spam,ham=10", "--json")
    assert made.json["mistakes"] == "spam decided as ham 10; any other 1"
    assert "spam decided as ham 10" in querist("status", path).out
    changed = querist("change", path, "--mistakes", "spam,ham=3; ham,spam=2")
    assert "-> spam decided as ham 3; ham decided as spam 2" in changed.out
    assert querist("status", path, "--json").json["mistakes"].startswith("spam decided as ham 3")
    wrong = querist(*args, "--dir", tmp_path / "w", "--mistakes", "spam,egg=10")
    assert wrong.code == 2 and "'egg' is not an allowed label" in wrong.err
    target = querist("change", path, "--until", "target=0.9")
    assert target.code == 2 and "target=cost:0.9" in target.err
