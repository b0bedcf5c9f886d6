import pytest

from querist.core.errors import BadInput
from querist.core.types import Round
from querist.stopping import AllOf, AnyOf, Budget, Plateau, Target, from_spec
from querist.testing.stopping import StoppingContract


class TestLabels(StoppingContract):
    read = staticmethod(from_spec)

    def rule(self):
        return Budget(labels=120)


class TestMoney(StoppingContract):
    read = staticmethod(from_spec)

    def rule(self):
        return Budget(money=12.5)


def test_stops_at_exactly_the_budget():
    rule = Budget(labels=500)
    assert not rule([Round(1, bought=499)]).stop
    verdict = rule([Round(1, bought=499), Round(2, bought=500)])
    assert (verdict.stop, verdict.reason, verdict.progress) == (True, "500 of 500 labels bought", 1)


def test_money_stops_when_no_label_is_affordable():
    rule = Budget(money=10)
    assert rule([Round(1, bought=3, spent=9.0)]).stop
    assert not rule([Round(1, bought=3, spent=6.0)]).stop
    assert rule([Round(1, bought=100, spent=sum([0.1] * 100))]).stop


def test_last_batch_shrinks_to_fit_and_the_budget_is_never_passed():
    for rule, price in [(Budget(labels=107), 0.3), (Budget(money=10.7), 0.1), (Budget(107, 9), 1)]:
        bought = 0
        while (left := rule.remaining(bought, bought * price, price)) != 0:
            bought += min(20, left)
        assert bought == min(rule.labels or 107, int((rule.money or 1e9) / price + 1e-9))
        assert rule([Round(1, bought=bought, spent=bought * price)]).stop


def test_money_without_a_price_sets_no_limit_and_says_so():
    rule = Budget(money=5)
    assert rule.remaining(10) is None
    verdict = rule([Round(1, bought=10)])
    assert not verdict.stop
    assert "no price" in verdict.reason


def test_remaining_of_combinations():
    assert AnyOf([Budget(100), Budget(60), Plateau()]).remaining(50) == 10
    assert AllOf([Budget(100), Budget(60)]).remaining(50) == 50
    assert AllOf([Budget(100), Target(0.9)]).remaining(50) is None
    assert Plateau().remaining(50) is None


@pytest.mark.parametrize("wrong", [{}, {"labels": 0}, {"labels": 2.5}, {"money": -1.0}])
def test_refuses_limits_that_make_no_sense(wrong):
    with pytest.raises(BadInput):
        Budget(**wrong)
