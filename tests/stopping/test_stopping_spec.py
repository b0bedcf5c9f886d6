import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from querist.core.errors import BadInput
from querist.stopping import RULES, AllOf, AnyOf, Budget, Plateau, Target, as_rule, from_spec, parse

leaves = st.one_of(
    st.builds(Budget, labels=st.integers(1, 10**6)),
    st.builds(Budget, labels=st.none(), money=st.floats(0.01, 1e6)),
    st.builds(
        Target,
        st.floats(0, 1),
        st.sampled_from([None, "accuracy", "f1[spam]"]),
        sure=st.booleans(),
    ),
    st.builds(Plateau, st.floats(0.01, 10), st.integers(1, 9)),
)
rules = st.recursive(
    leaves,
    lambda part: st.one_of(
        st.builds(AnyOf, st.lists(part, max_size=3)),
        st.builds(AllOf, st.lists(part, min_size=1, max_size=3)),
    ),
    max_leaves=6,
)


@given(rules)
def test_json_form_round_trips(rule):
    assert from_spec(json.loads(json.dumps(rule.to_spec()))) == rule


@given(rules)
def test_repr_builds_the_same_rule(rule):
    names = {cls.__name__: cls for cls in (Budget, Target, Plateau)}
    names |= {"AnyOf": lambda *parts: AnyOf(parts), "AllOf": lambda *parts: AllOf(parts)}
    assert eval(repr(rule), names) == rule


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        ("budget=500", Budget(500)),
        ("money=120.5", Budget(money=120.5)),
        (" target=0.9 , plateau ", AnyOf([Target(0.9), Plateau()])),
        ("target=90%", Target(0.9)),
        ("target=f1_macro:0.8 sure", Target(0.8, "f1_macro", sure=True)),
        ("plateau=0.2", Plateau(0.2)),
        ("plateau=0.5/4", Plateau(0.5, 4)),
        ("budget=9, target=0.9 & plateau", AnyOf([Budget(9), AllOf([Target(0.9), Plateau()])])),
        ("", AnyOf()),
    ],
)
def test_parse(text, rule):
    assert parse(text) == rule


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("budgt=500", "Did you mean 'budget'"),
        ("budget", "lacks its value"),
        ("budget=many", "a number is expected, but 'many' came"),
        ("budget=2.5", "whole number"),
        ("target=0.9 quite", "sure"),
        ("plateau=0.5/1.5", "whole number"),
        ("any=3", "JSON form"),
        ("target=90 & ", "unknown stopping rule ''"),
    ],
)
def test_parse_teaches(text, said):
    with pytest.raises(BadInput, match=said):
        parse(text)


def test_from_spec_teaches():
    with pytest.raises(BadInput, match="does not take"):
        from_spec({"rule": "budget", "label": 5})
    with pytest.raises(BadInput, match="known are: budget, target, plateau, any, all"):
        from_spec({})


def test_plug_in_rules_are_found_by_name():
    class Never(Plateau):
        name = "never"

    assert isinstance(parse("never", {**RULES, "never": Never}), Never)


def test_as_rule_takes_whatever_comes():
    assert as_rule("budget=5") == as_rule({"rule": "budget", "labels": 5}) == Budget(5)
    assert as_rule(Budget(5)) == Budget(5)
    assert as_rule(None) == AnyOf()
    assert as_rule(len).rules == (len,)
