"""Group quotas: shares by definition, the base within each group, bad input, the contract."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest

from querist.core.errors import BadInput
from querist.core.types import Signals
from querist.strategies import (
    Auto,
    Distinct,
    Entropy,
    GroupQuota,
    KCenter,
    Margin,
    Random,
    get,
)
from querist.testing.strategies import StrategyContract, make_parts

EACH = {
    "equal margin": GroupQuota(),
    "proportional random": GroupQuota("random", "proportional"),
    "half north": GroupQuota(Entropy(), {"north": 0.5}),
    "gone": GroupQuota(Entropy(), {"elsewhere": 0.7, "south": 0.3}),
    "auto": GroupQuota("auto", {"north": 0.25, "west": 0.5}),
    "distinct": Distinct(GroupQuota(KCenter(), "equal")),
}


@pytest.fixture(params=EACH)
def each(request):
    request.cls.strategy = EACH[request.param]


@pytest.mark.usefixtures("each")
class TestGroupQuota(StrategyContract):
    pass


class TestDefinition:
    def signals(self, n=300, shares=(0.1, 0.3, 0.6), seed=0):
        rng = np.random.default_rng(seed)
        parts = make_parts(n, seed)
        parts["groups"] = np.array(["north", "south", "west"])[rng.choice(3, n, p=shares)]
        return Signals(**parts)

    def test_equal_shares(self):
        signals = self.signals()
        for n in (3, 10, 31):
            picks = GroupQuota(Margin(), "equal").select(signals, n, 0)
            counts = Counter(signals.groups[picks].tolist())
            assert all(n // 3 <= counts[name] <= -(-n // 3) for name in ("north", "south", "west"))

    def test_proportional_shares(self):
        signals = self.signals()
        sizes = Counter(signals.groups.tolist())
        picks = GroupQuota(Margin(), "proportional").select(signals, 50, 0)
        counts = Counter(signals.groups[picks].tolist())
        for name, size in sizes.items():
            assert abs(counts[name] - 50 * size / 300) < 1

    def test_within_a_group_the_base_decides(self):
        signals = self.signals()
        picks = GroupQuota(Margin(), {"north": 0.3, "south": 0.3, "west": 0.4}).pick(signals, 20, 0)
        top = np.sort(signals.proba, axis=1)
        gap = top[:, -1] - top[:, -2]
        for name, count in (("north", 6), ("south", 6), ("west", 8)):
            rows = np.flatnonzero(signals.groups == name)
            best = rows[np.argsort(gap[rows])[:count]]
            mine = picks.positions[signals.groups[picks.positions] == name]
            assert set(mine.tolist()) == set(best.tolist())
            assert mine.tolist() == best.tolist()  # most wanted first within the group
        assert (picks.probability == 1).all()
        assert set(picks.names) == {f"Margin in {g}" for g in ("north", "south", "west")}

    def test_what_is_not_promised_is_free(self):
        signals = self.signals()
        picks = GroupQuota(Margin(), {"north": 0.5}).pick(signals, 20, 0)
        assert Counter(picks.names)["Margin in north"] == 10
        free = [p for p, name in zip(picks.positions, picks.names, strict=True) if name == "Margin"]
        left = np.setdiff1d(np.arange(300), np.setdiff1d(picks.positions, free))
        best = left[Margin().select(signals.take(left), 10, 0)]
        assert set(free) == set(best.tolist())

    def test_the_chance_of_a_uniform_draw(self):
        signals = self.signals()
        picks = GroupQuota(Random(), {"north": 0.5, "west": 0.5}).pick(signals, 10, 0)
        sizes = Counter(signals.groups.tolist())
        for row, chance in zip(picks.positions, picks.probability, strict=True):
            assert chance == pytest.approx(5 / sizes[str(signals.groups[row])])
        odd = GroupQuota(Random(), {"north": 0.5, "west": 0.5}).pick(signals, 11, 0)
        assert np.isnan(odd.probability).all()  # who got the odd seat was drawn

    def test_a_group_that_ran_out(self):
        signals = self.signals(60, (0.05, 0.15, 0.8))
        few = np.sum(signals.groups == "north")
        picks = GroupQuota(Margin(), {"north": 1.0}).select(signals, 20, 0)
        assert np.sum(signals.groups[picks] == "north") == few and len(picks) == 20

    def test_the_cold_start_keeps_the_shares(self):
        assert GroupQuota("margin").cold_start.base.name == "Random"
        assert GroupQuota(KCenter()).cold_start is None
        start = GroupQuota(Auto(), {"north": 0.5}).cold_start
        assert isinstance(start, GroupQuota) and start.shares == {"north": 0.5}
        assert repr(get("group_quota")) == "GroupQuota(base=Margin())"
        assert "{'north': 0.5}" in repr(GroupQuota(Margin(), {"north": 0.5}))

    @pytest.mark.parametrize(
        ("shares", "said"),
        [
            ("fair", "'equal' or 'proportional'"),
            ({}, "dict of group and share"),
            ([0.5, 0.5], "dict of group and share"),
            ({"a": 0.7, "b": 0.4}, "add up to 1.1"),
            ({"a": 0}, "above 0"),
            ({"a": -0.1}, "above 0"),
            ({"a": float("nan")}, "above 0"),
            ({"a": True}, "above 0"),
            ({"a": "half"}, "above 0"),
        ],
        ids=["word", "empty", "list", "sum", "zero", "negative", "nan", "bool", "text"],
    )
    def test_bad_shares_are_refused(self, shares, said):
        with pytest.raises(BadInput, match=said):
            GroupQuota(Margin(), shares)

    def test_numbers_as_groups(self):
        signals = Signals(proba=np.full((4, 2), 0.5), groups=np.array([1, 1, 1, 2]))
        assert 3 in GroupQuota(Margin(), {"2": 0.5}).select(signals, 2, 0)
        assert 3 in GroupQuota(Margin(), {2: 0.5}).select(signals, 2, 0)
