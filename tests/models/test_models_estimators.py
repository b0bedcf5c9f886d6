"""What is read off an estimator: its last step, its weights, its members' rows."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import sparse
from sklearn.ensemble import RandomForestClassifier, VotingClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC

from querist.models import estimators as ests


def test_the_last_step_is_found_inside_pipelines_and_searches() -> None:
    inner = SVC()
    pipe = make_pipeline(StandardScaler(), make_pipeline(StandardScaler(), inner))
    assert ests.last_step(pipe) is inner
    assert ests.last_step(GridSearchCV(pipe, {})) is inner
    assert ests.name_of(pipe) == "SVC"


def test_weight_arguments() -> None:
    nested = make_pipeline(StandardScaler(), make_pipeline(StandardScaler(), SVC()))
    assert ests.weight_argument(nested) == "pipeline__svc__sample_weight"
    assert ests.weight_argument(KNeighborsClassifier()) is None
    both = VotingClassifier([("a", SVC()), ("b", LogisticRegression())])
    assert ests.weight_argument(both) == "sample_weight"
    odd = VotingClassifier([("a", SVC()), ("b", KNeighborsClassifier())])
    assert ests.weight_argument(odd) is None


def test_fresh_sets_open_seeds_only() -> None:
    model = make_pipeline(StandardScaler(), RandomForestClassifier())
    assert ests.fresh(model, 2**32 + 5).steps[-1][1].random_state == 5
    assert ests.fresh(RandomForestClassifier(random_state=1), 5).random_state == 1
    assert model.steps[-1][1].random_state is None


@pytest.mark.parametrize("form", [np.asarray, sparse.csr_matrix])
def test_first_missing_row(form: type) -> None:
    x = np.ones((5, 3))
    assert ests.first_missing(form(x)) is None
    x[3, 1] = np.inf
    assert ests.first_missing(form(x)) == 3
    assert ests.first_missing(["a text"]) is None
