import pytest

from querist.core.errors import BadInput
from querist.core.types import Interval, Round, Verdict
from querist.stopping import AllOf, AnyOf, Budget, Plateau, Target, from_spec
from querist.testing.stopping import StoppingContract


class TestAny(StoppingContract):
    read = staticmethod(from_spec)

    def rule(self):
        return Budget(120) | Target(0.9) | Plateau()


class TestAll(StoppingContract):
    read = staticmethod(from_spec)

    def rule(self):
        return Target(0.8) & (Plateau() | Budget(money=15))


class TestFunction(StoppingContract):
    def rule(self):
        return Budget(100) | ten_rounds


def ten_rounds(history):
    return Verdict(len(history) > 10, f"{len(history)} rounds", min(1.0, len(history) / 10))


def at(bought, accuracy):
    return [Round(1, labels=bought, bought=bought, metrics={"accuracy": Interval(accuracy, 0, 1)})]


def test_any_names_the_rule_that_decided():
    verdict = (Budget(100) | Target(0.9))(at(40, 0.93))
    assert verdict.stop
    assert verdict.reason.startswith("target: accuracy 0.930")
    assert "budget" not in verdict.reason


def test_all_waits_for_the_last_one():
    rule = Budget(100) & Target(0.9)
    waiting = rule(at(100, 0.8))
    assert not waiting.stop
    assert waiting.reason.startswith("still waiting for target")
    assert rule(at(100, 0.9)).reason.startswith("all hold: budget: 100 of 100")


def test_states_show_every_rule_and_the_combined_one():
    rule = Budget(100) | (Target(0.9) & Target(0.8, "f1_macro")) | ten_rounds
    states = rule.states(at(100, 0.8))
    assert list(states) == ["budget", "target", "target 2", "ten_rounds", "stop"]
    assert states["budget"].stop and states["stop"].stop and not states["target"].stop
    assert list(Budget(5).states([])) == ["budget", "stop"]


def test_operators_flatten():
    assert (Budget(1) | Budget(2) | Budget(3)).rules == (Budget(1), Budget(2), Budget(3))
    assert len((Budget(1) & Budget(2) & (Budget(3) & Budget(4))).rules) == 4


def test_without_rules():
    assert not AnyOf()([]).stop
    with pytest.raises(BadInput, match="at least one"):
        AllOf([])
    with pytest.raises(BadInput, match="parse"):
        AnyOf(["budget=5"])


def test_a_plain_function_has_no_json_form():
    with pytest.raises(BadInput, match="ten_rounds"):
        AnyOf([ten_rounds]).to_spec()
