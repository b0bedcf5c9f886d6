"""Strategies by text: names, names of elsewhere, and expressions."""

from __future__ import annotations

import pytest

from querist.core.errors import BadInput
from querist.strategies import Entropy, KCenter, Margin, Random, Top, get, names
from querist.strategies.aliases import NEAR, SAME

WRITTEN = [
    "0.7 * Entropy() + 0.3 * Density()",
    "Entropy() >> Top(100) >> KCenter()",
    "Margin() >> KMeansSampling()",
    "Mix({Margin(): 0.9, Random(): 0.1})",
    "Subsample(base=ValueOfInformation(points=50), size=500)",
    "PowerSampling(base=Entropy(), beta=2.0, form='softrank')",
    "ClassBalanced(base=Entropy())",
]


@pytest.mark.parametrize("text", WRITTEN)
def test_what_a_strategy_prints_builds_it(text):
    assert repr(get(text)) == text


def test_names_stand_for_strategies_within_expressions():
    assert repr(get("entropy >> Top(9) >> kcenter")) == repr(Entropy() >> Top(9) >> KCenter())
    assert repr(get("subsample(voi, 500)")) == "Subsample(base=ValueOfInformation(), size=500)"


@pytest.mark.parametrize(
    "text",
    [
        "Margin(",
        "Margin().score()",
        "__import__('os').system('true')",
        "open('x')",
        "Margin()()",
        "(lambda: 1)()",
        "Margin(**{})",
        "Margin(no_such=1)",
        "Margin() + 1",
        "[Margin() for x in y] + 1",
        "Entropy() >> KCenter()",
    ],
)
def test_anything_else_is_refused(text):
    with pytest.raises(BadInput):
        get(text)


@pytest.mark.parametrize("alias", sorted(SAME))
def test_names_of_elsewhere(alias):
    assert repr(get(alias)) == repr(get(SAME[alias]))
    assert SAME[alias] in names()


def test_the_spelling_of_a_name_is_free():
    for text in ("core_set", "Coreset", "core-set", "CORE SET"):
        assert isinstance(get(text), KCenter)


@pytest.mark.parametrize("text", sorted(NEAR))
def test_names_of_several_things_say_what_to_choose_from(text):
    with pytest.raises(BadInput) as caught:
        get(text)
    assert f"did you mean {NEAR[text]}?" in str(caught.value)


def test_a_slip_is_seen_through():
    with pytest.raises(BadInput, match="did you mean 'margin'"):
        get("margn")


def test_own_names_win():
    assert isinstance(get("random"), Random) and isinstance(get("Margin"), Margin)
