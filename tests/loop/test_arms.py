"""The strategy against random, from the control slice of one campaign."""

import numpy as np
import pytest
from sklearn.datasets import load_digits
from sklearn.linear_model import LogisticRegression

import querist as q
from querist.loop.arms import arms_of, check_arms


@pytest.fixture(scope="module")
def digits():
    X, y = load_digits(return_X_y=True)
    return X / 16, [str(k) for k in y]


def run(digits, strategy, **settings):
    X, y = digits
    ids = [f"d{k}" for k in range(len(X))]
    answers = dict(zip(ids, y, strict=True))
    c = q.campaign(
        X,
        q.Choice([str(k) for k in range(10)]),
        model=LogisticRegression(max_iter=200),
        id=ids,
        strategy=strategy,
        batch=60,
        start=20,
        budget=320,
        **settings,
    )
    c.run(lambda task: answers[task.item_id])
    return c


def one_class(signals, n, rng):
    """Whatever the model is surest is its commonest class: teaches next to nothing."""
    common = signals.proba.sum(axis=0).argmax()
    return np.argsort(-signals.proba[:, common])[:n]


@pytest.mark.parametrize("holdout", [0, 60])
def test_a_sabotaged_strategy_is_found_out_and_the_advice_is_given(digits, holdout):
    c = run(digits, one_class, control=0.3, holdout=holdout)
    said = [note for note in c.history.rounds[-1].notes if "loses to random" in note]
    assert len(said) == 1, c.history.rounds[-1].notes
    assert "98 % interval" in said[0]
    assert 'strategy="random"' in said[0]
    assert any("loses to random" in note for note in c.status()["notes"])
    c.change(strategy="random")
    c.step()


def test_a_good_strategy_is_not_accused(digits):
    c = run(digits, "auto", control=0.3)
    assert not any("loses to random" in n for turn in c.history.rounds for n in turn.notes)


def test_the_arms_are_what_was_asked(digits):
    c = run(digits, "auto", control=0.3)
    worker = c.history._worker
    now = worker.growth
    training = now.book.training_set(now.ledger.training_rows())
    start, picked, control = arms_of(now.ledger, training)
    rows = {row["id"]: row["arm"] for row in c.labels()}
    assert {rows[training.ids[k]] for k in control} == {"control"}
    assert {rows[training.ids[k]] for k in [*start, *picked]} == {"open"}
    assert len(start) + len(picked) + len(control) == len(training)
    assert len(start) < 20
    holdout = now.book.training_set(now.ledger.measuring_rows())
    check = check_arms(c.parts, now.ledger, training, holdout, 0)
    assert check is not None
    assert check.arms.items == len(control)
    assert 0.6 * len(control) < check.n < len(control)


def test_too_few_control_labels_say_nothing(digits):
    c = run(digits, one_class, control=0.05)
    assert not any("loses to random" in n for n in c.history.rounds[-1].notes)
