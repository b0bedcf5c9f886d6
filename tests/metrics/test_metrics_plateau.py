import pytest

from querist.metrics import higher_is_better, leading, primary
from querist.metrics.plateau import Diminishing, diminishing_point


def test_marks_the_last_gain_that_counted():
    labels = range(50, 500, 50)
    scores = [0.6, 0.7, 0.701, 0.78, 0.8, 0.803, 0.801, 0.804, 0.8]
    assert diminishing_point(labels, scores) == Diminishing(at=250, after=200)


@pytest.mark.parametrize("scores", [[0.5], [], [0.5, 0.6, 0.7, 0.8], [0.5, 0.6, 0.6, 0.6]])
def test_no_point_while_it_rises_or_too_early_to_say(scores):
    assert diminishing_point(range(len(scores)), scores) is None


def test_errors_fall():
    assert diminishing_point([1, 2, 3, 4, 5], [9, 5, 5, 5, 5], metric="rmse").at == 2
    assert diminishing_point([1, 2, 3, 4, 5], [9, 8, 7, 6, 5], metric="rmse") is None


def test_names_of_metrics():
    assert (primary("number"), leading({"f1[a]": 1, "f1_macro": 1})) == ("rmse", "f1_macro")
    assert leading({}) is None and leading(["auc"]) == "auc"
    assert not higher_is_better("log_loss")
