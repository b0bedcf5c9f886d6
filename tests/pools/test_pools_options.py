from __future__ import annotations

import pytest

from querist.core.errors import BadInput
from querist.pools import Options


@pytest.mark.parametrize("features", ["age, dose", ["age", "dose"], ("age", "dose"), "age,dose,"])
def test_features_come_as_list_or_text(features):
    assert Options(features=features).feature_names() == ("age", "dose")


def test_no_features():
    assert Options().feature_names() == ()


def test_an_option_that_cannot_apply_is_refused():
    Options(text="a").refuse("features", because="there are no columns")
    with pytest.raises(BadInput, match="text='a' cannot apply: there are no columns"):
        Options(text="a").refuse("features", "text", because="there are no columns")
