"""Queries of libraries that need an environment of their own; `cases_peers.py` runs this there.

    python benchmarks/peer_queries.py LIBRARY QUERY BATCH ARRAYS.npz

Prints {"cpu_s": ..., "rss_mb": ...} of the query alone: models say what they were given, except
where a query is to refit them. modAL and ALiPy stand still and need old packages:

    python -m venv PEERS
    PEERS/bin/pip install modAL-python alipy "numpy==1.23.5" "scipy==1.13.1" \\
        "scikit-learn==1.5.2" "pandas==2.2.3" "matplotlib<3.9" "contourpy<1.3"
    python benchmarks/strategies.py --peer-python PEERS/bin/python
"""

import collections.abc
import json
import sys

import numpy as np

from measuring import grown

collections.Iterable = collections.abc.Iterable  # ALiPy asks for it where it was until 3.9


class Says:
    """A fitted classifier that answers what it was given."""

    def __init__(self, proba):
        self.proba = proba

    def predict_proba(self, X):
        return self.proba


class Committee(list):
    """Members that answer what they were given: draws (n, s, k)."""

    def __init__(self, draws):
        super().__init__(range(draws.shape[1]))
        self.draws = draws

    def vote_proba(self, X):
        return self.draws


def split(m, n):
    """The first m rows are labelled."""
    return list(range(m)), list(range(m, n))


def logistic():
    from sklearn.linear_model import LogisticRegression

    return LogisticRegression()


def modal_entropy(batch, proba):
    from modAL.uncertainty import entropy_sampling

    return lambda: entropy_sampling(Says(proba), proba, n_instances=batch)


def modal_margin(batch, proba):
    from modAL.uncertainty import margin_sampling

    return lambda: margin_sampling(Says(proba), proba, n_instances=batch)


def modal_query_by_committee(batch, draws):
    from modAL.disagreement import max_disagreement_sampling

    return lambda: max_disagreement_sampling(Committee(draws), draws[:, 0], n_instances=batch)


def modal_information_density(batch, X, proba):
    from modAL.density import information_density
    from modAL.uncertainty import classifier_entropy
    from modAL.utils.selection import multi_argmax

    def run():
        score = classifier_entropy(Says(proba), X) * information_density(X, "euclidean")
        return multi_argmax(score, n_instances=batch)

    return run


def modal_expected_error_reduction(batch, X, y, m):
    from modAL.expected_error import expected_error_reduction
    from modAL.models import ActiveLearner

    learner = ActiveLearner(logistic(), X_training=X[:m], y_training=y[:m])
    return lambda: expected_error_reduction(learner, X[m:], loss="log", n_instances=batch)


def alipy_entropy(batch, proba, measure="entropy"):
    from alipy.query_strategy import QueryInstanceUncertainty

    rows = list(range(len(proba)))
    query = QueryInstanceUncertainty(proba, np.zeros(len(proba)), measure=measure)
    return lambda: query.select_by_prediction_mat(rows, proba, batch_size=batch)


def alipy_margin(batch, proba):
    return alipy_entropy(batch, proba, "margin")


def alipy_query_by_committee(batch, draws):
    from alipy.query_strategy import QueryInstanceQBC

    rows, members = list(range(len(draws))), [draws[:, i] for i in range(draws.shape[1])]
    query = QueryInstanceQBC(disagreement="KL_divergence")
    return lambda: query.select_by_prediction_mat(rows, members, batch_size=batch)


def alipy_information_density(batch, X, proba):
    from alipy.query_strategy import QueryInstanceDensityWeighted

    rows = list(range(len(X)))
    query = QueryInstanceDensityWeighted(X, np.zeros(len(X)))
    return lambda: query.select([], rows, batch_size=batch, proba_prediction=proba)


def alipy_expected_error_reduction(batch, X, y, m):
    from alipy.query_strategy import QueryExpectedErrorReduction

    query, (known, rest) = QueryExpectedErrorReduction(X, y), split(int(m), len(X))
    model = logistic().fit(X[:m], y[:m])
    return lambda: query.select(known, rest, model=model, batch_size=batch)


def alipy_kcenter(batch, X, m):
    from alipy.query_strategy import QueryInstanceCoresetGreedy

    query = QueryInstanceCoresetGreedy(X, np.zeros(len(X)), np.arange(len(X)))
    known, rest = split(int(m), len(X))
    return lambda: query.select(known, rest, batch_size=batch)


def alipy_quire(batch, X, y, m):
    from alipy.query_strategy import QueryInstanceQUIRE

    known, rest = split(int(m), len(X))

    def run():
        query = QueryInstanceQUIRE(X, 2 * y - 1, np.arange(len(X)))
        return query.select(known, rest)

    return run


def main():
    library, query, batch, path = sys.argv[1:]
    arrays = {name: value[()] for name, value in np.load(path).items()}
    run = globals()[f"{library}_{query}"](int(batch), **arrays)
    spent, rss = grown(run)
    print(json.dumps({"cpu_s": spent, "rss_mb": rss}))


if __name__ == "__main__":
    main()
