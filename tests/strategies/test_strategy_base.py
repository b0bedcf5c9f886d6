import ast
import importlib
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from querist import strategies
from querist.core.errors import BadInput, BadStrategy, MissingNeed
from querist.core.types import Signals
from querist.strategies import (
    BUILTINS,
    DistanceToBoundary,
    Entropy,
    KCenter,
    Margin,
    Random,
    Score,
    get,
    names,
)
from querist.strategies.base import tie_keys


class Broken(Score):
    def __init__(self, scores):
        self.scores = scores

    def score(self, signals):
        return self.scores


@pytest.mark.parametrize("scores", [np.ones(3), np.ones((4, 1)), np.array(list("abcd"))])
def test_a_score_gives_one_number_per_candidate(scores):
    with pytest.raises(BadStrategy, match=r"Broken must give one number per candidate.*\(4,\)"):
        Broken(scores).select(Signals(cost=np.ones(4)), 1, 0)


def test_a_score_is_not_nan():
    with pytest.raises(BadStrategy, match="Broken scored candidate 2 NaN"):
        Broken(np.array([0.0, 1.0, np.nan])).select(Signals(cost=np.ones(3)), 1, 0)


def test_a_missing_need_is_named_with_its_stand_in():
    with pytest.raises(MissingNeed, match=r"Margin needs proba \(or decision\).*only vectors"):
        Margin().select(Signals(vectors=np.ones((2, 2))), 1, 0)
    with pytest.raises(MissingNeed, match="DistanceToBoundary needs decision"):
        DistanceToBoundary().select(Signals(proba=np.full((2, 2), 0.5)), 1, 0)


def test_random_is_uniform_and_says_its_probability():
    signals = Signals(ids=np.arange(8))
    drawn = [Random().pick(signals, 2, seed) for seed in range(2000)]
    counts = np.bincount(np.concatenate([picks.positions for picks in drawn]), minlength=8)
    assert (np.abs(counts - 500) < 5 * np.sqrt(500 * 0.75)).all()
    assert drawn[0].probability.tolist() == [0.25, 0.25]
    assert drawn[0].names == ("Random", "Random")


def test_a_random_draw_is_the_items_own():
    whole = Signals(ids=np.arange(100))
    keys = tie_keys(whole, np.random.default_rng(4))
    part = tie_keys(Signals(ids=np.arange(30, 60)), np.random.default_rng(4))
    np.testing.assert_array_equal(keys[30:60], part)


def test_every_name_builds_its_strategy():
    assert set(BUILTINS) <= set(names())
    for text, (_, cls) in BUILTINS.items():
        assert type(get(text)).__name__ == type(get(cls)).__name__ == cls
    assert isinstance(get("k-center"), KCenter)
    assert repr(get("entropy")) == repr(Entropy()) == "Entropy()"


def test_an_unknown_name_gets_a_suggestion_and_the_list():
    with pytest.raises(BadInput, match=r"did you mean 'margin'.*entropy.*random"):
        get("margni")


def test_a_plugged_in_strategy_goes_by_its_name(tmp_path, monkeypatch):
    (tmp_path / "lastly.py").write_text(
        "import numpy as np\n"
        "def lastly(signals, n, rng):\n"
        "    return np.arange(len(signals))[::-1][:n]\n"
    )
    info = tmp_path / "lastly-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: lastly\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text("[querist.strategies]\nlastly = lastly:lastly\n")
    monkeypatch.syspath_prepend(tmp_path)
    assert "lastly" in names()
    assert get("lastly").select(Signals(cost=np.ones(5)), 2, 0).tolist() == [4, 3]


def test_importing_the_room_loads_numpy_only():
    code = (
        "import sys, querist.strategies as s; s.get('margin');"
        "print(*({'scipy', 'sklearn'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == ""


def test_what_is_typed_is_what_is_there():
    """Type checkers read the imports of the package; at run time its names come from elsewhere."""
    source = ast.parse(Path(strategies.__file__).read_text(encoding="utf-8"))
    (typed,) = (node for node in source.body if isinstance(node, ast.If))
    found = {
        alias.name: node.module
        for node in typed.body
        if isinstance(node, ast.ImportFrom)
        for alias in node.names
    }
    assert set(found) | {"BUILTINS", "get", "names"} == set(strategies.__all__)
    for name, module in found.items():
        assert getattr(importlib.import_module(module), name) is getattr(strategies, name)
