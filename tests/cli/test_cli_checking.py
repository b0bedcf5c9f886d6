"""doctor, strategies, plugins."""

import sqlite3

import pytest


def run_sql(folder, statement):
    with sqlite3.connect(folder / "log.sqlite") as log:
        for (name,) in log.execute(
            "SELECT name FROM sqlite_master WHERE type = 'trigger'"
        ).fetchall():
            log.execute(f"DROP TRIGGER {name}")
        log.execute(statement)
    log.close()


def test_a_sound_folder_passes(shell, folder):
    ran = shell("doctor", folder)
    assert ran.code == 0, ran.out
    assert "hash chain whole" in ran.out
    assert "numpy" in ran.out


@pytest.mark.parametrize(
    ("statement", "said"),
    [
        ("UPDATE events SET payload = replace(payload, 'spam', 'ham') WHERE position = 3", "row 3"),
        ("DELETE FROM events WHERE position = 4", "row 4"),
        ("UPDATE events SET hash = 'x' WHERE position = 3", "row 3"),
    ],
)
def test_tampering_shows_and_names_the_row(querist, folder, statement, said):
    run_sql(folder, statement)
    ran = querist("doctor", folder, "--json")
    assert ran.code == 1
    assert ran.json["ok"] is False
    last = ran.json["checks"][-1]
    assert (last["name"], last["ok"]) == ("log", False)
    assert said in last["detail"]
    assert f"WRONG    log: {said}" in querist("doctor", folder).out


def test_other_wounds(querist, folder):
    def wrong():
        ran = querist("doctor", folder, "--json")
        assert ran.code == 1
        return ran.json["checks"][-1]["name"]

    (model,) = (folder / "models").glob("*.skops")
    model.rename(model.with_suffix(".gone"))
    assert wrong() == "models"
    model.with_suffix(".gone").rename(model)
    (pool,) = (folder / "pool").iterdir()
    content = pool.read_text()
    pool.write_text(content.replace("m3,", "other,"))
    assert wrong() == "pool"
    pool.write_text(content.replace("number 3\n", "number three\n").replace("number 3,", "x,"))
    assert wrong() == "training set"
    pool.write_text(content)
    assert querist("doctor", folder).code == 0
    (folder / "log.sqlite").unlink()
    assert wrong() == "log"


def test_strategies_are_listed_with_their_needs(querist):
    found = {row["name"]: row for row in querist("strategies", "--json").json}
    assert {"random", "margin", "auto"} <= set(found)
    assert found["margin"]["needs"] == ["proba"]
    assert found["margin"]["cost"] == "50 n k"
    assert all(row["summary"] and row["cost"] for row in found.values())
    assert "margin" in querist("strategies").out


def test_plugins_are_listed_with_where_they_come_from(querist):
    ran = querist("plugins", "--json")
    assert ran.code == 0, ran.out
    rows = {(row["kind"], row["name"]) for row in ran.json}
    assert {("logs", "sqlite"), ("strategies", "margin"), ("stopping", "plateau")} <= rows
    assert len(rows) == len(ran.json)


def test_strategies_tell_their_seconds_when_sizes_are_given(querist):
    plain = querist("strategies", "--json").json
    assert all("seconds" not in row for row in plain)
    assert {row["kind"] for row in plain} == {"score", "batch"}
    sized = querist("strategies", "--items", "100000", "--dimensions", "128", "--json").json
    seconds = {row["name"]: row["seconds"] for row in sized}
    assert 0 < seconds["margin"] < seconds["kcenter"] < seconds["value_of_information"]
    assert "seconds" in querist("strategies", "--items", "1000").out
    assert querist("strategies", "--items", "0").code == 2


def test_a_campaign_is_told_which_strategy_and_why(querist, folder):
    found = querist("recommend", folder, "--json").json
    assert found["strategy"] == "auto" and found["used"] == "Auto()"
    assert "coverage" in found["reason"] and "77 settings" in found["evidence"]
    assert found["fails"] and found["seconds"] < 60
    assert "auto" in querist("recommend", folder).out
    assert "seconds" in querist("status", folder).out


def test_a_data_file_is_told_which_strategy_as_well(querist, mails, folder, tmp_path):
    before = sorted(tmp_path.rglob("*"))
    columns = ("--id", "id", "--text", "body", "--label", "label", "--ask", "spam,ham")
    found = querist("recommend", mails, *columns, "--batch", 10, "--budget", 30, "--json").json
    of_folder = querist("recommend", folder, "--json").json
    assert {**found, "used": "Auto()"} == of_folder and found["used"] is None
    small = querist("recommend", mails, "--text", "body", "--ask", "number", "--json").json
    assert small["strategy"] == "lcmd"
    assert "evidence" in querist("recommend", mails, "--text", "body", "--ask", "spam,ham").out
    assert sorted(tmp_path.rglob("*")) == before


def test_a_model_and_labels_decide_what_is_recommended(querist, mails):
    columns = ("--id", "id", "--text", "body", "--label", "label", "--ask", "spam,ham")
    args = ("recommend", mails, *columns, "--batch", 2, "--json")
    plain = querist(*args).json
    assert plain["strategy"] == "auto"  # nine labels are fewer than ten a class
    rows = mails.read_text().splitlines()
    full = [
        f"{row}{'spam' if k % 3 == 0 else 'ham'}" if row.endswith(",") else row
        for k, row in enumerate(rows[1:-1])
    ]
    mails.write_text("\n".join([rows[0], *full, rows[-1]]))
    assert querist(*args).json["strategy"] == "margin"


def test_what_recommend_cannot_use_is_said(querist, folder, mails, tmp_path):
    assert "what is asked" in querist("recommend", mails, "--text", "body").err
    twice = querist("recommend", folder, "--ask", "a,b")
    assert twice.code == 2 and "leave out --ask" in twice.err
    assert "holds no campaign" in querist("recommend", tmp_path).err
    assert querist("recommend", tmp_path / "gone.csv", "--ask", "a,b").code != 0
