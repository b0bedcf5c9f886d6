"""Questions: what they accept, what they refuse and how they say it."""

import numpy as np
import pytest

import querist as q
from querist.core.errors import BadInput, BadLabel, QueristError


def test_choice_checks_encodes_and_decodes():
    question = q.Choice(["spam", "ham"])
    assert question.check("spam") == "spam"
    codes = np.asarray(question.encode(["ham", "spam", "ham"]))
    assert codes.shape == (3,)
    assert codes[0] == codes[2] != codes[1]
    assert list(question.decode(codes)) == ["ham", "spam", "ham"]
    assert isinstance(question.view, str)


def test_an_unknown_label_is_refused_with_the_allowed_ones():
    with pytest.raises(BadLabel) as caught:
        q.Choice(["spam", "ham"]).check("eggs")
    for word in ("eggs", "spam", "ham"):
        assert word in str(caught.value)


@pytest.mark.parametrize("labels", [[0, 1], np.array([0, 1]), (0, 1), range(2)])
def test_labels_may_be_numbers(labels):
    question = q.Choice(labels)
    question.check(1)
    question.check(np.int64(0))
    assert len(question.labels) == 2
    with pytest.raises(BadLabel):
        question.check(2)


def test_labels_may_come_as_booleans():
    question = q.Choice([True, False])
    assert question.check(True) == question.labels[0]


@pytest.mark.parametrize("labels", [[], ["only"], ["a", "a"]])
def test_a_choice_needs_two_distinct_labels(labels):
    with pytest.raises((BadInput, ValueError)):
        q.Choice(labels)


def test_a_string_is_not_a_list_of_labels():
    with pytest.raises(BadInput):
        q.Choice("spam")


def test_none_is_no_label():
    with pytest.raises(BadLabel):
        q.Choice(["a", "b"]).check(None)


def test_several_labels_may_hold():
    question = q.Choices(["red", "green", "blue"])
    question.check(["red", "blue"])
    question.check([])
    targets = np.asarray(question.encode([["red", "blue"], []]))
    assert targets.shape == (2, 3)
    assert [sorted(v) for v in question.decode(targets)] == [["blue", "red"], []]
    with pytest.raises(BadLabel, match="pink"):
        question.check(["pink"])
    with pytest.raises(BadLabel):
        question.check("red, blue")


def test_a_number_within_bounds():
    question = q.Number(0, 10)
    assert question.check(3) == 3.0
    assert question.check(np.float32(2.5)) == 2.5
    for wrong in (11, -1, "many", float("nan"), None):
        with pytest.raises(BadLabel):
            question.check(wrong)
    assert list(question.decode(question.encode([1.5, 2]))) == [1.5, 2.0]


@pytest.mark.parametrize("kind", ["Pairwise", "Spans"])
def test_questions_to_come_say_so_at_construction(kind):
    with pytest.raises((QueristError, NotImplementedError, TypeError)) as caught:
        getattr(q, kind)(["a", "b"])
    assert "yet" in str(caught.value)


def test_library_errors_are_also_the_builtin_ones():
    with pytest.raises(ValueError, match="eggs"):
        q.Choice(["spam", "ham"]).check("eggs")
