"""Mistakes of unequal price: through the door into decisions, scores, rules, strategies, report."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.svm import LinearSVC

import querist as q
from querist.core.errors import BadInput
from querist.loop.config import read_config
from querist.loop.folder import create_folder, open_folder
from querist.loop.report import build_report
from querist.strategies import CostSensitive, Distinct, Mix, Random, ValueOfInformation

N = 400
RNG = np.random.default_rng(8)
X = RNG.normal(size=(N, 3))
TRUTH = np.where(X[:, 0] + 0.8 * RNG.normal(size=N) > 0.8, "spam", "ham")
ROW = {f"i{row}": row for row in range(N)}
QUESTION = q.Choice(["spam", "ham"])
MISSED = [[0.0, 10.0], [1.0, 0.0]]
PAIR = {("spam", "ham"): 10}


def campaign(log=None, **more):
    settings = {"batch": 20, "start": 40, "control": 0, "holdout": 100, "strategy": "margin"}
    settings |= {"mistakes": PAIR, "model": LogisticRegression()} | more
    return q.campaign(X, QUESTION, id=list(ROW), log=log, **settings)


def answer(task):
    return TRUTH[ROW[task.item_id]]


def turn(made, rounds=1):
    for _ in range(rounds):
        for job in ("holdout", "train"):
            made.tell_many((task, answer(task)) for task in made.ask(N, job=job))
        made.step()
    return made.history.rounds[-1]


def picked(made):
    return [task.item_id for task in made.ask(N)]


def held_out(made):
    return [ROW[row["id"]] for row in made.labels() if row["arm"] == "holdout"]


@pytest.mark.parametrize(
    "given",
    [PAIR, {("spam", "ham"): 10.0, ("ham", "spam"): 1}, MISSED, np.array(MISSED), "spam,ham=10"],
    ids=["pair", "pairs", "lists", "array", "text"],
)
def test_every_form_says_the_same(given):
    made = campaign(mistakes=given)
    assert made.parts.recipe.mistakes == ((0.0, 10.0), (1.0, 0.0))
    assert made.status()["mistakes"] == "spam decided as ham 10; any other 1"


def test_labels_that_are_numbers():
    made = q.campaign(X, q.Choice([0, 1, 2]), mistakes={(2, 0): 5}, batch=20)
    assert made.parts.recipe.mistakes == ((0, 1, 1), (1, 0, 1), (5, 1, 0))
    assert q.campaign(X, q.Choice([0, 1, 2]), batch=20).status()["mistakes"] is None


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({("spam", "hm"): 2}, "did you mean 'ham'"),
        ({"spam": 2}, "no pair"),
        ({("spam", "ham"): -1}, "not negative"),
        ({("spam", "ham"): np.nan}, "finite"),
        ({("spam", "ham"): "ten"}, "is a number"),
        ({("spam", "spam"): 1}, "right decision costs nothing"),
        ({}, "is empty"),
        ([[0, 1]], "square"),
        ([[0, 1], [1, 2]], "right decision costs nothing"),
        ([[0, np.inf], [1, 0]], "finite"),
        (1 - np.eye(3), "3 labels, but the question has 2"),
        (np.zeros((2, 2)), "every decision is as good"),
        ("spam,ham", "not understood"),
        ("spam,ham=ten", "not understood"),
        ("spam=3", "no pair"),
        (object(), "not understood"),
    ],
    ids=[
        *("unknown label", "no pair", "negative", "nan", "text as cost", "right pair", "empty"),
        *("not square", "diagonal", "infinite", "other size", "all free"),
        *("text without cost", "text with words", "text of one label", "anything"),
    ],
)
def test_what_makes_no_sense_is_refused(given, said):
    with pytest.raises(BadInput, match=f"(?i){said}"):
        campaign(mistakes=given)


@pytest.mark.parametrize("question", [q.Choices(["a", "b"]), q.Number()], ids=["choices", "number"])
def test_mistakes_are_between_single_labels(question):
    with pytest.raises(BadInput, match=r"q\.Choice"):
        q.campaign(X, question, mistakes=MISSED)


def test_the_cost_of_the_cheapest_decision_is_measured():
    made = campaign()
    last = turn(made, 2)
    rows = held_out(made)
    estimator = made.model.scorer_view
    proba = estimator.predict_proba(X[rows])[:, list(estimator.classes_).index("spam")]
    says = np.where(10 * proba >= 1 - proba, "spam", "ham")
    assert (says != np.where(proba >= 0.5, "spam", "ham")).any()
    truth = TRUTH[rows]
    cost = np.where(truth == says, 0, np.where(truth == "spam", 10, 1)).mean()
    found = last.metrics["cost"]
    assert np.isclose(found.value, cost) and found.low <= cost <= found.high
    assert np.isclose(last.metrics["accuracy"].value, (says == truth).mean())
    assert made.predict(X[rows]) == says.tolist()
    own = made.history.score(last.number, X[rows], truth)
    assert np.isclose(own["cost"].value, cost)


def test_the_decision_pays_for_itself_and_equal_costs_change_nothing():
    unequal, equal, plain = (
        turn(campaign(mistakes=given), 2).metrics for given in (PAIR, {("spam", "ham"): 1}, None)
    )
    assert unequal["recall[spam]"].value > plain["recall[spam]"].value
    assert "cost" not in plain
    assert np.isclose(equal["cost"].value, 1 - plain["accuracy"].value)
    assert {name: s for name, s in equal.items() if name != "cost"} == plain


def test_a_model_without_probabilities_is_scored_on_its_own_answers():
    made = campaign(model=LinearSVC())
    last = turn(made)
    rows = held_out(made)
    says, truth = np.array(made.predict(X[rows])), TRUTH[rows]
    cost = np.where(truth == says, 0, np.where(truth == "spam", 10, 1)).mean()
    assert np.isclose(last.metrics["cost"].value, cost)


def test_the_control_slice_measures_it_as_well():
    made = campaign(holdout=0, control=0.5)
    last = turn(made, 2)
    assert last.measured_on == "control" and last.metrics["cost"].value > 0


def test_groups_are_told_their_cost():
    made = campaign(groups=np.where(np.arange(N) % 2, "odd", "even"))
    turn(made)
    row, _ = made.status()["groups"]
    assert row["metric"] == "cost" and row["low"] <= row["value"] <= row["high"]


def test_rules_read_it_as_lower_is_better():
    made = campaign(until="target=cost:0.0001, plateau")
    turn(made, 2)
    stop = made.status()["stop"]
    assert not stop["target"]["stop"] and "does not meet" in stop["target"]["reason"]
    assert stop["plateau"]["reason"].startswith("cost gained")
    made.change(until="target=cost:9")
    assert made.status()["stop"]["target"]["stop"]


def test_a_target_must_say_what_it_is_of():
    with pytest.raises(BadInput, match=r"target=cost:0\.9"):
        campaign(until="plateau, target=0.9")
    made = campaign(until="target=0.9", mistakes=None)
    with pytest.raises(BadInput, match=r"target=accuracy:0\.9"):
        made.change(mistakes=PAIR)
    assert made.parts.recipe.mistakes is None
    campaign(until="target=accuracy:0.9 & plateau")


def test_strategies_take_the_costs_of_the_campaign():
    turned = [campaign(strategy=strategy, mistakes=given) for strategy, given in (
        (CostSensitive(), PAIR),
        (CostSensitive(MISSED), None),
        (Distinct(CostSensitive()), PAIR),
        (CostSensitive(), None),
    )]  # fmt: skip
    for made in turned:
        turn(made)
    took, own, within, alike = map(picked, turned)
    assert took == own == within != alike
    ranked = [made.history.ranking(20) for made in turned]
    assert ranked[0] == ranked[1] != ranked[3]


def test_a_strategys_own_costs_come_first():
    made = [campaign(strategy=CostSensitive([[0, 1], [10, 0]]), mistakes=m) for m in (PAIR, None)]
    for each in made:
        turn(each)
    assert picked(made[0]) == picked(made[1])


def test_value_of_information_takes_them_too():
    turned = [
        campaign(strategy=strategy, mistakes=given)
        for strategy, given in (
            (ValueOfInformation(), PAIR),
            (ValueOfInformation(MISSED), None),
            (Mix([(ValueOfInformation(), 1), (Random(), 1)]), PAIR),
        )
    ]
    for made in turned:
        turn(made)
    took, own, mixed = map(picked, turned)
    assert took == own and set(took) & set(mixed)


def test_a_reopened_campaign_keeps_them(tmp_path):
    log = f"sqlite:///{tmp_path / 'log.db'}"
    with campaign(log) as made:
        turn(made)
    with campaign(log, mistakes=None) as again:
        assert again.parts.recipe.mistakes == ((0.0, 10.0), (1.0, 0.0))
        events = [type(event).__name__ for _, event in again.log.read()]
        assert "RecipeChanged" not in events
        again.change(mistakes="ham,spam=4", by="ann")
        change = [event for _, event in again.log.read()][-1]
        assert (change.name, change.old, change.new, change.by) == (
            "mistakes",
            MISSED,
            [[0.0, 1.0], [4.0, 0.0]],
            "ann",
        )
        assert turn(again).metrics["cost"].value < 1
    with campaign(log, mistakes=None) as third:
        assert third.status()["mistakes"] == "ham decided as spam 4; any other 1"
        third.change(mistakes=None)
        assert third.status()["mistakes"] is None and "cost" not in turn(third).metrics


def test_a_folder_keeps_them(tmp_path):
    data = tmp_path / "mails.csv"
    data.write_text("body\n" + "\n".join(f"mail {k}" for k in range(40)))
    for name, given in (("array", np.array(MISSED)), ("text", "spam,ham=10"), ("pair", PAIR)):
        columns, settings = {"text": "body"}, {"mistakes": given, "batch": 10}
        folder = tmp_path / name
        create_folder(folder, data, QUESTION, columns=columns, settings=settings).log.close()
        assert read_config(folder)["recipe"]["mistakes"] in (MISSED, "spam,ham=10")
        with open_folder(folder) as again:
            assert again.parts.recipe.mistakes == ((0.0, 10.0), (1.0, 0.0))


def test_the_report_draws_the_cost():
    made = campaign(until="target=cost:0.2")
    turn(made, 2)
    report = build_report(made)
    assert "cost" in [tile.label for tile in report.tiles]
    goals = next(section for section in report.sections if section.title == "Goals").content
    assert goals[0].wanted == "at most 0.2"
    settings = {"model": LogisticRegression(), "strategies": ["margin"], "seeds": 2}
    sizes = {"start": 20, "batch": 20, "budget": 60, "progress": False, "mistakes": PAIR}
    scored = q.compare(X, TRUTH, scoring="neg_cost", **settings, **sizes)
    figure = _figure(build_report(made, scored))
    drawn = next(line for line in figure.data if line.name and line.name.startswith("margin"))
    assert min(drawn.y) > 0
    plain = build_report(made, q.compare(X, TRUTH, **settings, **sizes))
    assert not any(line.name and line.name.startswith("margin") for line in _figure(plain).data)
    assert any("scored accuracy, not cost" in note for note in plain.notes)


def _figure(report):
    return next(s for s in report.sections if s.title == "Learning curve").content


def test_a_replay_scores_the_cost_of_its_decisions():
    settings = {"model": LogisticRegression(), "start": 40, "batch": 20, "budget": 80}
    curve = q.simulate(
        X,
        TRUTH,
        strategy="cost_sensitive",
        mistakes=PAIR,
        scoring=["neg_cost", "accuracy"],
        **settings,
    )
    rows = np.setdiff1d(np.arange(N), curve.test_rows)
    assert set(curve.picked.tolist()) <= set(rows.tolist())
    known = curve.picked[:40]
    fitted = LogisticRegression().fit(X[known], TRUTH[known])
    proba = fitted.predict_proba(X[curve.test_rows])[:, 1]
    truth = TRUTH[curve.test_rows]
    says = np.where(10 * proba >= 1 - proba, "spam", "ham")
    cost = np.where(truth == says, 0, np.where(truth == "spam", 10, 1)).mean()
    assert np.isclose(curve.score("neg_cost")[0], -cost, atol=0.02)
    same = q.simulate(X, TRUTH, strategy=CostSensitive([[0, 1], [10, 0]]), **settings)
    assert curve.picked.tolist() == same.picked.tolist()  # labels of y are sorted: ham, spam
    with pytest.raises(BadInput, match="give mistakes="):
        q.simulate(X, TRUTH, strategy="margin", scoring="neg_cost", **settings)
