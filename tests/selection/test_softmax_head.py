"""The softmax head against scikit-learn's, which minimises the same loss."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression

from querist.selection.softmax_head import softmax, softmax_head


def made(seed=0, m=80, d=5, k=3):
    rng = np.random.default_rng(seed)
    vectors = 3.0 + 2.0 * rng.normal(size=(m, d))
    targets = np.argmax(vectors @ rng.normal(size=(d, k)) + rng.normal(size=(m, k)), axis=1)
    return vectors, targets, rng


@pytest.mark.parametrize("weighted", [False, True])
def test_same_probabilities_as_scikit_learn(weighted):
    vectors, targets, rng = made()
    weights = rng.uniform(0.5, 2.0, size=len(targets)) if weighted else None
    slopes, offsets = softmax_head(vectors, targets, weights)
    moved = vectors - vectors.mean(axis=0)
    moved /= np.sqrt(np.mean(moved**2))
    reference = LogisticRegression(C=1.0, tol=1e-10, max_iter=5000)
    expected = reference.fit(moved, targets, sample_weight=weights).predict_proba(moved)
    np.testing.assert_allclose(softmax(vectors @ slopes + offsets), expected, atol=2e-3)


def test_neither_origin_nor_unit_matters():
    vectors, targets, _ = made(1)
    slopes, offsets = softmax_head(vectors, targets)
    others, others_offsets = softmax_head(100 + 7 * vectors, targets)
    np.testing.assert_allclose(
        softmax(vectors @ slopes + offsets),
        softmax((100 + 7 * vectors) @ others + others_offsets),
        atol=1e-4,
    )


def test_one_class_and_copies_are_no_obstacle():
    slopes, offsets = softmax_head(np.ones((3, 2), dtype=np.float32), np.array([1, 1, 1]))
    assert slopes.shape == (2, 1) and np.isfinite(slopes).all() and np.isfinite(offsets).all()
