"""The report of a campaign, and what it is made of."""

import numpy as np
import pytest
from sklearn.datasets import load_digits
from sklearn.linear_model import LogisticRegression

import querist as q
from querist.loop.costs import cost_table, label_costs
from querist.loop.random_curve import random_curve
from querist.loop.report import build_report, reasons, write_report
from querist.loop.state import State
from querist.reports.page import Table

TEXTS = [f"{'win cash' if k % 3 == 0 else 'see you'} {k}" for k in range(90)]


def truth(task):
    return "spam" if "cash" in task.item else "ham"


def folded(c):
    state = State()
    state.fold(c.log.read())
    return state


def section(report, title):
    return next((s.content for s in report.sections if s.title.startswith(title)), None)


@pytest.fixture(scope="module")
def mails():
    c = q.campaign(
        TEXTS,
        q.Choice(["spam", "ham"]),
        labels=["spam", "ham", "ham", *[None] * 87],
        batch=20,
        budget=70,
        price=0.5,
        holdout=15,
        until="target=0.8",
    )
    for job in ("train", "holdout"):
        for task in c.ask(50, job=job, by="ann"):
            c.tell(task, truth(task), by="ann", seconds=2.0)
    free = next(i for i in c.pool.ids(np.arange(90)) if "not asked so far by" in c.history.why(i))
    c.tell(free, "ham", by="bob")
    told = c.labels()[5]
    c.tell(told["id"], "spam", by="bob")
    c.step()
    return c


def test_every_label_is_paid_once_and_the_sheet_adds_up(mails):
    state = folded(mails)
    costs = label_costs(state)
    bought = sum(n for name, n in costs.items() if name != "imported")
    assert bought == state.bought == mails.status()["bought"] == 37
    assert (costs["imported"], costs["holdout"], costs["repeat"]) == (3, 15, 1)
    assert costs["volunteered"] == 1
    table = cost_table(state, 0.5)
    money = {row[0]: row[2] for row in table.rows}
    assert money["total bought"] == 18.5
    assert money["imported"] == 0
    parts = [row[2] for row in table.rows if row[2] is not None and row[0] != "total bought"]
    assert sum(parts) == pytest.approx(18.5)
    assert any(row[0].startswith("computing") and row[3] > 0 for row in table.rows)


def test_goals_are_met_or_not(mails):
    goals = {goal.name: goal for goal in section(build_report(mails), "Goals")}
    last = mails.history.rounds[-1]
    assert goals["accuracy"].reached == last.metrics["accuracy"]
    assert goals["accuracy"].met is (last.metrics["accuracy"].value >= 0.8)
    assert (goals["labels"].met, goals["labels"].reached) == (True, 37)
    assert goals["money"].wanted == "at most 35.00"


def test_it_says_why_and_by_whom(mails):
    report = build_report(mails, notes=["mind the gap"])
    why = section(report, "Why these items")
    assert isinstance(why, Table)
    assert {"open", "control"} <= {row[1] for row in why.rows}
    people = {row[0]: row[1] for row in section(report, "Annotators").rows}
    assert people["ann"] == 35
    assert report.data_version == mails.history.rounds[-1].data_version
    assert "mind the gap" in report.notes
    assert any("not representative" in note for note in report.notes)
    assert report.recipe["budget"] == 70


def test_a_campaign_without_a_measurement_has_a_report_too(tmp_path):
    c = q.campaign(TEXTS, q.Choice(["spam", "ham"]), batch=10)
    page = write_report(c, tmp_path / "deep" / "r.html").read_text(encoding="utf-8")
    assert "not measured" in page
    c = q.campaign(np.eye(30), q.Number(0, 1), batch=5, until="target=rmse:0.1")
    for task in c.ask(5):
        c.tell(task, 0.5)
    c.step()
    assert "Which number?" in write_report(c, tmp_path / "n.html").read_text(encoding="utf-8")


def test_reasons_are_plain_json(mails):
    item = mails.labels()[5]["id"]
    found = reasons(mails, item)
    assert found["asked"][0]["item_id"] == item
    assert [vote["by"] for vote in found["votes"]] == ["ann", "bob"]


@pytest.fixture(scope="module")
def digits():
    X, y = load_digits(return_X_y=True)
    answers = dict(zip([f"d{k}" for k in range(600)], map(str, y), strict=False))
    c = q.campaign(
        X[:600] / 16,
        q.Choice([str(k) for k in range(10)]),
        model=LogisticRegression(max_iter=300),
        id=list(answers),
        batch=40,
        budget=240,
        control=0.25,
    )
    return c, answers


def test_random_is_estimated_from_thirty_control_labels_on(digits):
    c, answers = digits
    seen = []
    for _ in range(6):
        for task in c.ask(40):
            c.tell(task, answers[task.item_id])
        c.step()
        line = random_curve(c, folded(c), "accuracy")
        seen.append((sum(row["arm"] == "control" for row in c.labels()), line))
    assert all((line is not None) == (control >= 30) for control, line in seen)
    control, line = seen[-1]
    assert line.role == "random"
    assert max(line.labels) < control  # scored on the ones left out
    assert line.mean[-1] > line.mean[0] > 0.2
    assert all(
        low <= mean <= high for low, mean, high in zip(line.low, line.mean, line.high, strict=True)
    )
    again = random_curve(c, folded(c), "accuracy")
    assert again == line
    assert any("estimated" in note for note in build_report(c).notes)


def test_a_comparison_gives_the_random_curve_and_the_saving(digits):
    c, _ = digits
    X, y = load_digits(return_X_y=True)
    found = q.compare(
        *(X[:400] / 16, y[:400]),
        model=LogisticRegression(max_iter=300),
        strategies=["margin"],
        seeds=3,
        start=20,
        batch=20,
        budget=80,
        progress=False,
    )
    report = build_report(c, found)
    names = [trace.name for trace in section(report, "Learning curve").data if trace.name]
    assert {"this run", "margin, mean of 3 replays", "random, mean of 3 replays"} <= set(names)
    assert any("margin against random" in note for note in report.notes)
    tile = next(tile for tile in report.tiles if tile.label == "saved against random")
    assert (tile.value == "not proven") is not found.saved()["margin"].proven
