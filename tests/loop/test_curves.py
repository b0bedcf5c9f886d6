"""The curve of a campaign: which rounds count, how far it looks, what is drawn."""

from querist.core.types import Interval, Round
from querist.loop.curves import curve_figure, leading_metric, outlook, plateau, target_of

SCORES = [0.62, 0.7, 0.74, 0.765, 0.78, 0.79]


def measured(number, labels, score, **extra):
    found = {"accuracy": Interval(score, score - 0.03, score + 0.03)}
    return Round(number, labels=labels, bought=labels, metrics=found, **extra)


def rounds(scores=SCORES, step=100):
    return [Round(0), *(measured(i, step * i, s) for i, s in enumerate(scores, start=1))]


def test_the_leading_metric_is_the_one_measured_last():
    assert leading_metric(rounds()) == "accuracy"
    assert leading_metric([*rounds(), Round(7, labels=700)]) == "accuracy"


def test_the_outlook_ends_where_the_budget_ends():
    assert outlook(rounds(), "accuracy", 900, 5000).labels[-1] == 900
    assert outlook(rounds(), "accuracy", None, 5000).labels[-1] == 1200
    assert outlook(rounds(), "accuracy", 600, 5000).labels == ()
    assert outlook(rounds(), "accuracy", None, 700).labels[-1] == 700
    assert outlook(rounds(), "accuracy", None, 600).labels == ()
    assert "too few points" in outlook(rounds()[:4], "accuracy", 900, 5000).reason
    assert "too few points" in outlook([Round(0)], "accuracy", 900, 5000).reason


def test_a_model_trained_again_on_the_same_labels_is_no_new_point():
    again = [*rounds(SCORES[:4]), measured(5, 400, 0.5), measured(6, 400, 0.9)]
    assert "4 measured rounds" in outlook(again, "accuracy", None, 5000).reason


def test_targets_are_found_inside_combined_rules():
    spec = {
        "rule": "any",
        "rules": [
            {"rule": "budget", "labels": 9},
            {
                "rule": "all",
                "rules": [
                    {"rule": "target", "score": 0.8, "metric": "f1_macro"},
                    {"rule": "target", "score": 0.9},
                ],
            },
        ],
    }
    assert target_of(spec, "accuracy") == 0.9
    assert target_of(spec, "f1_macro") == 0.8
    assert target_of({}, "accuracy") is None


def test_the_figure_holds_the_run_its_forecast_and_the_target():
    ahead = outlook(rounds(), "accuracy", 900, 5000)
    figure = curve_figure(rounds(), "accuracy", {"rule": "target", "score": 0.8}, ahead=ahead)
    named = {trace.name: trace for trace in figure.data if trace.name}
    assert list(named["this run"].y) == SCORES
    assert list(named["forecast"].x) == list(ahead.labels)
    assert named["forecast"].line.dash == "dot" and named["forecast"].mode == "lines"
    assert named["forecast"].line.color == named["this run"].line.color
    assert "target 0.8" in named
    without = curve_figure(rounds(), "accuracy", {})
    assert [trace.name for trace in without.data if trace.name] == ["this run"]


def test_a_flat_end_is_marked():
    flat = [0.6, 0.7, 0.8, 0.801, 0.802, 0.803]
    found = plateau(rounds(flat), "accuracy")
    assert (found.at, found.after) == (300, 300)
    figure = curve_figure(rounds(flat), "accuracy", {})
    assert [note.text for note in figure.layout.annotations] == ["plateau from 300"]
