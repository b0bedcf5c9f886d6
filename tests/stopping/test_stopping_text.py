"""Rules to text and back: what parse reads, to_text writes; what repr writes, read_repr reads."""

import pytest

from querist.core.errors import BadInput
from querist.stopping import AllOf, AnyOf, Budget, Plateau, Target, parse
from querist.stopping.text import read_repr, to_text

TEXTS = [
    "budget=500",
    "money=120",
    "budget=500, money=120",
    "target=0.9",
    "target=f1_macro:0.9",
    "target=0.9 sure",
    "plateau",
    "plateau=0.2/5",
    "budget=500, target=0.9 & plateau=0.2/5",
]


@pytest.mark.parametrize("text", TEXTS)
def test_text_comes_back_as_it_was(text):
    assert to_text(parse(text)) == text
    assert parse(to_text(parse(text))).to_spec() == parse(text).to_spec()


@pytest.mark.parametrize("text", TEXTS)
def test_a_repr_is_read_back(text):
    assert read_repr(repr(parse(text))) == parse(text)


def test_what_text_cannot_say_is_none():
    assert to_text(Plateau(metric="f1_macro")) is None
    assert to_text(AnyOf([Budget(9), Plateau(guard_labels=1)])) is None
    assert to_text(AllOf([Budget(9, money=3), Target(0.9)])) is None  # a comma would mean any
    assert to_text(AnyOf()) == ""


def test_an_empty_rule_comes_back():
    assert read_repr(repr(AnyOf())) == AnyOf()


@pytest.mark.parametrize(
    "text", ["", "Budget", "Budget(", "__import__('os')", "Wait(3)", "Budget(labels=open('x'))"]
)
def test_anything_else_is_refused(text):
    with pytest.raises(BadInput):
        read_repr(text)
