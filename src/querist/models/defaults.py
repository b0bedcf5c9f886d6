"""The model of a campaign that names none: sound, quick, and chosen by measuring."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sklearn.decomposition import PCA
from sklearn.ensemble import (
    ExtraTreesClassifier,
    ExtraTreesRegressor,
    RandomForestClassifier,
    VotingClassifier,
)
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.kernel_approximation import RBFSampler
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.multiclass import OneVsRestClassifier
from sklearn.pipeline import Pipeline, make_pipeline, make_union
from sklearn.preprocessing import MaxAbsScaler, StandardScaler

from querist.core.errors import BadInput
from querist.core.protocols import Question
from querist.core.questions import Choices, Number
from querist.models.features import Pixels, TableEncoder

WORD = r"(?u)\b\w+\b"  # single letters and digits are words too: "I", "2", Chinese characters


def default_model(
    pool_kind: str,
    question: Question,
    *,
    columns: Sequence[str] | None = None,
    numeric: Sequence[bool] | None = None,
) -> tuple[Pipeline, str]:
    """An unfitted Pipeline for a kind of data and question, and what it is in plain words.

    Every classifier gives probabilities. The choices were measured on real data at 50 to
    1,000 random labels; a decision record holds the numbers.

    Parameters
    ----------
    pool_kind : str
        "text", "table", "array", "sparse" or "image".
    question : Question
        A `Number` gets a regressor, a `Choices` one classifier per label.
    columns, numeric : sequences, optional
        For tables: names of the columns, and which of them hold numbers.

    Raises
    ------
    BadInput
        For an unknown kind.

    Examples
    --------
    >>> from querist.core.questions import Choice
    >>> default_model("array", Choice(["a", "b"]))[1]
    'scaled features, mean of logistic regression and 100 extra trees'
    """
    features, seen = default_features(pool_kind, columns, numeric)
    predictor, said = _predictor(pool_kind, question)
    return make_pipeline(*features, predictor), f"{seen}, {said}"


def default_features(
    kind: str, columns: Sequence[str] | None, numeric: Sequence[bool] | None
) -> tuple[list[Any], str]:
    """The transformers ahead of a default model, and what they make in plain words."""
    if kind == "text":
        words = TfidfVectorizer(sublinear_tf=True, token_pattern=WORD, ngram_range=(1, 2))
        parts = TfidfVectorizer(sublinear_tf=True, analyzer="char_wb", ngram_range=(4, 4))
        return [make_union(words, parts)], "TF-IDF of words, word pairs and 4-letter parts"
    if kind == "table":
        encoder = TableEncoder(columns or None, numeric or None)
        return [encoder], "gaps filled, numbers scaled, categories one-hot"
    if kind == "image":
        kernel = RBFSampler(gamma="scale", n_components=1000)
        return [Pixels(), PCA(0.9), kernel], "pixels, principal components, random RBF features"
    if kind == "array":
        return [StandardScaler()], "scaled features"
    if kind == "sparse":
        return [MaxAbsScaler()], "scaled sparse features"
    raise BadInput(f"unknown kind of pool {kind!r}; known are: text, table, array, sparse, image")


def _predictor(kind: str, question: Question) -> tuple[Any, str]:
    if isinstance(question, Number):
        if kind in ("array", "table"):
            return ExtraTreesRegressor(100), "100 extra trees"
        return Ridge(), "ridge regression"
    if isinstance(question, Choices):
        return OneVsRestClassifier(_linear(kind)), "one logistic regression per label"
    if kind == "table":
        # Half of the columns at each split: one-hot columns drown the few that matter.
        return RandomForestClassifier(100, max_features=0.5), "random forest of 100 trees"
    if kind == "array":
        # Trees bend where the line cannot, the line holds where trees starve: never far off.
        both = [("linear", _linear(kind)), ("trees", ExtraTreesClassifier(100))]
        return (
            VotingClassifier(both, voting="soft"),
            "mean of logistic regression and 100 extra trees",
        )
    if kind in ("text", "sparse") and len(getattr(question, "labels", ())) > 2:
        # One against the rest by liblinear: a third of the time of the multinomial fit.
        return OneVsRestClassifier(_linear(kind)), "one logistic regression per class"
    return _linear(kind), "logistic regression"


def _linear(kind: str) -> LogisticRegression:
    if kind in ("text", "sparse"):
        return LogisticRegression(C=10 if kind == "text" else 1, solver="liblinear")
    return LogisticRegression(C=30 if kind == "image" else 1, max_iter=1000)
