from __future__ import annotations

import pytest

from querist.core.errors import BadInput
from querist.server.names import LONGEST, check_name, looks_of


@pytest.mark.parametrize(
    "name", ["ann", "Ann Lee", "José", "annotator-1", "Анна", "山田 太郎", "o'neil"]
)
def test_ordinary_names_are_taken(name):
    assert check_name(name) == name


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("", "blank"),
        ("   ", "blank"),
        ("ann ", "write 'ann'"),
        ("\tann", "write 'ann'"),
        ("a" * (LONGEST + 1), "101 characters"),
        ("ann\u200b", "do not show"),
        ("an\u202en", "do not show"),
        ("a\x00nn", "do not show"),
        ("ann\u00a0lee", "do not show"),
        ("ann  lee", "two spaces"),
        ("ａｎｎ", "more than one way; write 'ann'"),
        ("e\u0301va", "more than one way"),
        ("..", "neither a letter nor a digit"),
        ("=1+1", "begin it with a letter"),
        ("@SUM(A1)", "begin it with a letter"),
        ("\ud800", "do not show"),
        ("аnn", "mixes letters of CYRILLIC and LATIN"),
        (None, "blank"),
        (7, "blank"),
    ],
)
def test_other_names_are_refused_with_the_reason(name, said):
    with pytest.raises(BadInput) as refused:
        check_name(name)
    assert said in str(refused.value)


@pytest.mark.parametrize(
    ("one", "other"),
    [("ann", "ANN"), ("cop", "сор"), ("bob", "b0b"), ("Zoë", "zoe"), ("straße", "STRASSE")],
)
def test_names_that_look_alike_are_one(one, other):
    assert looks_of(one) == looks_of(other)


def test_names_that_differ_stay_apart():
    names = ["ann", "anna", "ann lee", "ann-lee", "ali", "all", "team1", "team10", "Анна"]
    assert len({looks_of(name) for name in names}) == len(names)
