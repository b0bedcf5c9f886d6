import pytest

from querist.core.events import QueuedItem
from querist.reports import why


def item(**changes):
    parts = {
        "task_id": "b3-4",
        "item_id": "42",
        "arm": "open",
        "strategy": "Margin",
        "score": -0.03,
        "rank": 4,
        "probability": 1.0,
        "candidates": 1204,
    }
    return QueuedItem(**parts | changes)


def test_a_scored_item():
    assert why("42", asked=[(item(), 3, 3)]) == (
        "Item 42 was asked in round 3 (rank 5) because Margin scored it -0.03 with model 3.\n"
        "1,204 candidates remained. Chance of being picked: certain (no draw was involved)."
    )


def test_a_drawn_item_before_any_model():
    drawn = item(score=None, strategy="Random", probability=0.004, candidates=1)
    text = why("42", asked=[(drawn, 0, None)])
    assert "because Random picked it before any model was trained" in text
    assert "1 candidate remained. Chance of being picked: 0.004, about 1 in 250." in text
    unknown = item(probability=None)
    assert "not known" in why("42", asked=[(unknown, 1, 1)])


@pytest.mark.parametrize(
    ("arm", "said"),
    [
        ("control", "drawn uniformly at random, to keep the measurement honest"),
        ("holdout", "no strategy ever sees it"),
        ("requested", "because Margin requested it by name"),
    ],
)
def test_other_arms(arm, said):
    assert said in why("42", asked=[(item(arm=arm), 3, 3)])


def test_not_asked():
    assert why("7") == "Item 7 was not asked so far by any strategy."
    assert "reserved for the holdout" in why("7", role="holdout")


def test_answers_and_skips_say_who_and_when():
    text = why("7", votes=[("ann", ["a", "ü"], 60.0)], skips=[("bob", "too long", 120.0)])
    assert 'Labelled ["a", "ü"] by ann on 1970-01-01 00:01 UTC.' in text
    assert "Skipped by bob (too long) on 1970-01-01 00:02 UTC." in text


def test_control_characters_never_reach_a_terminal():
    escape = "\x1b[2J"
    text = why(escape, votes=[(escape, escape, 0.0)], skips=[(escape, escape, 0.0)])
    assert "\x1b" not in text
