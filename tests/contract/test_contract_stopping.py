"""Stopping rules, called directly with a history of rounds."""

import pytest

import querist as q
from querist.core.types import Interval
from querist.stopping import AllOf, AnyOf, Budget, Plateau, Target


def history(scores, batch=200, width=0.02, price=None):
    return [
        q.Round(
            number=i,
            labels=batch * (i + 1),
            bought=batch * (i + 1),
            spent=batch * (i + 1) * (price or 0.0),
            metrics={"accuracy": Interval(score, score - width, score + width)},
        )
        for i, score in enumerate(scores)
    ]


def test_a_verdict_has_stop_reason_and_progress():
    verdict = Budget(400)(history([0.5]))
    assert isinstance(verdict, q.Verdict)
    assert verdict.stop is False
    assert verdict.reason
    assert verdict.progress == pytest.approx(0.5)


def test_budget_in_labels_and_money():
    assert Budget(400)(history([0.5, 0.6])).stop
    assert Budget(money=80)(history([0.5, 0.6], price=0.2)).stop
    assert not Budget(money=81)(history([0.5, 0.6], price=0.2)).stop


def test_target_stops_at_the_first_round_that_meets_it_and_shows_its_interval():
    rule = Target(0.9)
    assert not rule(history([0.5, 0.89])).stop
    verdict = rule(history([0.5, 0.91]))
    assert verdict.stop
    for number in ("0.9", "0.89", "0.93"):
        assert number in verdict.reason


def test_a_sure_target_wants_the_whole_interval():
    assert not Target(0.9, sure=True)(history([0.91])).stop
    assert Target(0.9, sure=True)(history([0.93])).stop


def test_plateau_ends_a_flat_curve_and_not_a_rising_one():
    flat = [0.5, 0.7, 0.8, 0.85, 0.852, 0.853, 0.854, 0.855, 0.855]
    rising = [0.5, 0.55, 0.6, 0.65, 0.7, 0.75, 0.8, 0.85, 0.9]
    assert Plateau()(history(flat)).stop
    assert not Plateau()(history(rising)).stop
    assert "0.5" in Plateau()(history(flat)).reason


def test_one_flat_noisy_round_does_not_stop():
    noisy = [0.5, 0.6, 0.7, 0.7, 0.75, 0.8, 0.79, 0.84]
    for length in range(1, len(noisy) + 1):
        assert not Plateau()(history(noisy[:length])).stop


def test_any_and_all():
    either, both = Budget(200) | Target(0.9), Budget(200) & Target(0.9)
    assert isinstance(either, AnyOf)
    assert isinstance(both, AllOf)
    assert either(history([0.5])).stop
    assert not both(history([0.5])).stop
    assert both(history([0.95])).stop
    assert AnyOf([Budget(200), Target(0.9)])(history([0.5])).stop


def test_an_empty_history_never_stops():
    for rule in (Budget(10), Target(0.9), Plateau(), Budget(10) & Plateau()):
        verdict = rule([])
        assert not verdict.stop
        assert verdict.reason


def test_a_plain_function_may_be_a_rule():
    def after_two(history):
        return q.Verdict(len(history) >= 2, "two rounds are enough")

    texts = [f"{'cash' if i % 2 else 'lunch'} {i}" for i in range(80)]
    c = q.campaign(texts, q.Choice(["a", "b"]), batch=8)
    rounds = c.run(lambda t: "a" if "cash" in t.item else "b", until=after_two)
    assert "two rounds" in str(rounds[-1].verdicts)


def test_each_rule_says_its_state_every_round():
    texts = [f"{'cash' if i % 2 else 'lunch'} {i}" for i in range(80)]
    c = q.campaign(texts, q.Choice(["a", "b"]), batch=8, budget=40, holdout=10,
                   until="target=0.999 & plateau")  # fmt: skip
    for r in c.run(lambda t: "a" if "cash" in t.item else "b"):
        assert {"budget"} < set(r.verdicts)
        assert all(v.reason for v in r.verdicts.values())


@pytest.mark.parametrize("make", [lambda: Budget(), lambda: Budget(-1), lambda: Target("x")])
def test_nonsense_rules_are_refused(make):
    with pytest.raises((q.errors.QueristError, ValueError, TypeError)):
        make()
