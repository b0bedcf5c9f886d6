"""The seed check: classes and regions the first labels reach."""

import numpy as np
from sklearn.linear_model import LogisticRegression

import querist as q


def test_a_narrow_seed_is_told_and_a_wide_one_is_not():
    rng = np.random.default_rng(0)
    centres = rng.normal(scale=20, size=(20, 4))
    X = np.repeat(centres, 30, axis=0) + rng.normal(size=(600, 4))
    ids = [str(i) for i in range(600)]
    options = {"model": LogisticRegression(max_iter=1000), "batch": 20, "id": ids}

    def notes(rows):
        labels = {str(i): "abc"[i % 2] for i in rows}
        c = q.campaign(X, q.Choice(["a", "b", "c"]), labels=labels, **options)
        return " ".join(c.history.rounds[0].notes)

    narrow = notes(range(30))  # one blob, two of three classes
    assert "reaches 2 of 3 classes; none yet of: c" in narrow
    assert "reaches 1 of 20 regions" in narrow
    assert "regions of the pool" not in notes(list(range(0, 600, 30)) + list(range(1, 600, 30)))
