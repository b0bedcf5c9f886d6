"""Bandit: its folds and shares by definition, its batches, recovery, restart = replay."""

from __future__ import annotations

from itertools import pairwise
from math import exp, log, sqrt

import numpy as np
import pytest
from scipy import stats
from sklearn.datasets import load_digits
from sklearn.linear_model import LogisticRegression

import querist as q
from querist.core.errors import BadInput, MissingNeed
from querist.core.remarks import remarks
from querist.core.types import Labelled, Queries, Signals
from querist.selection import bandit as folds
from querist.selection.exp4p import Exp4P
from querist.selection.softmax_head import softmax, softmax_head
from querist.strategies import Bandit, Distinct, Entropy, KCenter, Margin, Mix
from querist.testing.strategies import StrategyContract, make_parts

EACH = {
    "default": Bandit(),
    "one arm": Bandit("margin"),
    "mixed": Bandit([Mix({Margin(): 0.5, KCenter(): 0.5}), Entropy()], least=0.3),
    "exp4p": Bandit(["margin", "kcenter"], rule="exp4p", horizon=50),
    "distinct": Distinct(Bandit(["margin", "kmeans"])),
}


@pytest.fixture(params=EACH)
def each(request):
    request.cls.strategy = EACH[request.param]


@pytest.mark.usefixtures("each")
class TestContract(StrategyContract):
    pass


def asked(m, arms=("a", "b", "u"), seed=0, k=3, rounds=6):
    """Labels of `k` classes that some arms, and nobody, asked for over some rounds."""
    rng = np.random.default_rng(seed)
    targets = rng.integers(k, size=m)
    targets[:k] = np.arange(k)
    when = np.sort(rng.integers(-1, rounds, size=m))
    when[:k] = -1
    by = np.where(when < 0, "", rng.choice(arms, size=m))
    vectors = rng.normal(size=(m, 4)) + 2.0 * targets[:, None]
    queries = Queries(by, when, rng.uniform(0.05, 1, m), rng.uniform(size=m))
    return Labelled(vectors, targets, tuple("xyz"[:k]), queries=queries)


class TestThompson:
    def test_counts_round_by_round(self):
        known = asked(60)
        counts = np.zeros((3, 3))
        for number in range(known.queries.rounds.max() + 1):
            counts *= 0.9
            for row in np.flatnonzero(known.queries.rounds == number):
                counts["abu".index(known.queries.by[row]), known.targets[row]] += 1
        np.testing.assert_allclose(folds.class_counts(known, ["a", "b", "u"]), counts)

    def test_values_of_classes(self):
        known = Labelled(None, np.array([0] * 6 + [1] * 4), classes=("x", "y", "z"))
        np.testing.assert_allclose(folds.class_values(known), [-1 / 6, 1 / 4, 1.0])
        half = Labelled(None, np.array([0, 0, 1, 2]), classes=("x", "y", "z"))
        np.testing.assert_allclose(folds.class_values(half), [0.5, 1.0, 1.0])

    def test_surprise_is_what_a_head_on_earlier_labels_did_not_expect(self):
        known = asked(60)
        rounds, said = known.queries.rounds, folds.surprise(known, known.queries)
        assert np.isnan(said[rounds < 0]).all()
        for row in np.flatnonzero(rounds >= 0):
            before = rounds < rounds[row]
            slopes, offsets = softmax_head(known.vectors[before], known.targets[before])
            p = softmax(known.vectors[row : row + 1] @ slopes + offsets)[0, known.targets[row]]
            assert said[row] == pytest.approx(1 - p, abs=1e-9)

    def test_surprise_of_a_class_never_met_is_whole(self):
        queries = Queries(["", "", "a"], [-1, -1, 0], [np.nan] * 3, [np.nan] * 3)
        known = Labelled(np.arange(3.0)[:, None], [0, 2, 1], ("x", "y", "z"), queries=queries)
        assert folds.surprise(known, queries)[2] == 1.0
        alone = Labelled(np.arange(3.0)[:, None], [0, 0, 1], ("x", "y", "z"), queries=queries)
        assert np.isnan(folds.surprise(alone, queries)).all()

    def test_shares_are_chances_to_be_worth_most(self):
        known = asked(40)
        arms = ["a", "b", "u"]
        counts, value = folds.class_counts(known, arms), folds.class_values(known)
        won, lost = folds.surprise_counts(known, arms)
        rng, wins, draws = np.random.default_rng(9), np.zeros(3), 20_000
        for _ in range(draws):
            worth = [
                rng.dirichlet(1 + counts[a]) @ value / abs(value).max()
                + rng.beta(1 + won[a], 1 + lost[a])
                for a in range(3)
            ]
            wins[np.argmax(worth)] += 1
        told = [
            folds.thompson_shares(known, arms, 1e-9, np.random.default_rng(s)) for s in range(20)
        ]
        np.testing.assert_allclose(np.mean(told, axis=0), wins / draws, atol=0.012)
        assert np.abs(told[0] - wins / draws).max() > 0  # counted from draws, not exact

    def test_nothing_known_is_all_alike(self):
        none = Labelled(None, np.empty(0, dtype=int), classes=("x", "y"))
        shares = folds.thompson_shares(none, list("abcd"), 0.1, np.random.default_rng(0))
        assert stats.chisquare(shares * folds.DRAWS).pvalue > 1e-3

    def test_uniform_arm_keeps_its_share(self):
        shares = folds.at_least(np.array([0.7, 0.29, 0.01]), 0.1)
        np.testing.assert_allclose(shares, [0.9 * 70 / 99, 0.9 * 29 / 99, 0.1])
        np.testing.assert_allclose(folds.at_least(np.array([0.5, 0.5]), 0.1), [0.5, 0.5])


class TestServing:
    RANKED = (np.array([3, 1, 0]), np.array([1, 3, 2]), np.array([0, 2, 1]))

    def test_every_place_by_hand(self):
        shares = np.array([0.5, 0.3, 0.2])
        for seed in range(50):
            served = folds.serve(self.RANKED, shares, 3, 4, np.random.default_rng(seed))
            drawn = np.random.default_rng(seed).choice(3, 3, p=shares)
            left = [list(ranking) for ranking in self.RANKED]
            for place, arm in enumerate(drawn):
                item = left[arm][0]
                nexts = [ranking[0] for ranking in left[:2]]
                chance = sum(s for s, i in zip(shares, nexts, strict=False) if i == item)
                assert served.positions[place] == item and served.places[place][0] == arm
                assert self.RANKED[arm][served.places[place][1]] == item
                assert served.chance[place] == pytest.approx(chance + 0.2 / (4 - place))
                wanted = tuple(a for a in range(2) if nexts[a] == item)
                assert served.wanted[place] == (wanted or (2,))
                left = [[i for i in ranking if i != item] for ranking in left]

    def test_arm_that_falls_short(self):
        ranked = (np.array([2]), np.array([2, 0, 1]))
        served = folds.serve(ranked, np.array([1.0, 0.0]), 3, 3, np.random.default_rng(0))
        assert served.positions.tolist() == [2, 0, 1]
        np.testing.assert_allclose(served.chance, [1.0, 0.5, 1.0])

    def test_frequencies_are_the_chances(self):
        parts = make_parts(12)
        strategy = Bandit(["margin", "kcenter"], least=0.4)
        found, said = np.zeros(12), np.zeros(12)
        for seed in range(800):
            picks = strategy.pick(Signals(**parts), 1, seed)
            found[picks.positions[0]] += 1
            said[picks.positions[0]] = picks.probability[0]
        assert stats.chisquare(found, 800 * said / said.sum()).pvalue > 1e-3
        assert said.sum() == pytest.approx(1, abs=0.1)  # shares are counted from 1,000 draws

    def test_random_is_one_arm_however_named(self):
        assert [arm.name for arm in Bandit(["random", "margin"]).parts] == ["Margin", "Random"]

    def test_names_and_notes(self):
        with remarks() as said:
            picks = Bandit(["margin", "kcenter"]).pick(Signals(**make_parts(50)), 20, 0)
        assert set(picks.names) == {"Margin", "KCenter", "Random"}
        assert said[0].startswith("shares of the arms: Margin 0.")
        assert np.isnan(picks.scores[np.array(picks.names) == "Random"]).all()


class TestExp4P:
    def test_against_the_formulas(self):
        a, horizon, least, delta = 3, 40, 1e-12, 0.1
        rng, names = np.random.default_rng(2), ["a", "b", "u"]
        floor, left = sqrt(log(a) / (a * horizon)), 30
        rule, weights = Exp4P(names, horizon, least), np.ones(a)
        for _ in range(12):
            p = (1 - a * floor) * weights / weights.sum() + floor
            np.testing.assert_allclose(rule.shares(), p)
            items = rng.integers(3, size=2)  # what the two arms advise
            item = int(rng.integers(3))
            advice = np.array([float(items[0] == item), float(items[1] == item), 1 / left])
            chance, paid = float(p @ advice), float(rng.random())
            by = " & ".join(n for n, i in zip("ab", items, strict=True) if i == item) or "u"
            rule.reward(by, chance, paid, rule.shares())
            for arm in range(a):
                bonus = sqrt(log(a / delta) / (a * horizon)) / p[arm]
                weights[arm] *= exp(floor / 2 * (paid * advice[arm] / chance + bonus))

    def test_fold_is_the_rewards_in_turn(self):
        names, m = ["a", "b", "u"], 8
        by = ["", "a", "b", "a & b", "u", "a", "b", "b"]
        rounds = np.arange(-1, m - 1)
        chance = np.array([np.nan, 0.4, 0.5, 0.9, 0.1, 0.4, 0.5, 0.6])
        scores = np.array([np.nan, 0.0, 0.1, 0.15, 0.2, 0.3, 0.4, 0.5])
        proba = np.tile([0.8, 0.2], (m, 1))
        targets = np.array([0, 0, 1, 0, 0, 1, 0, 0])
        order = np.random.default_rng(0).permutation(m)
        queries = Queries(np.array(by)[order], rounds[order], chance[order], scores[order])
        known = Labelled(None, targets[order], ("x", "y"), proba[order], queries=queries)
        shares, latest = Exp4P(names, 20, 0.1).fold(known, 12)
        right = [1, 3, 4, 6, 7]
        assert latest == pytest.approx(sum(1 / chance[i] for i in right) / (20 * 20))
        rule = Exp4P(names, 20, 0.1)
        for i, j in pairwise([*range(1, m), m]):
            rule.reward(by[i], chance[i], latest if j == m else scores[j], rule.shares())
        np.testing.assert_allclose(shares, rule.shares())
        assert shares[-1] >= 0.1

    def test_a_reward_that_was_not_recorded_teaches_nothing(self):
        queries = Queries(["a", "a"], [0, 2], [0.5, 0.5], [0.0, 0.3])
        known = Labelled(None, [0, 0], ("x", "y"), [[0.9, 0.1]] * 2, queries=queries)
        rule = Exp4P(["a", "u"], 20, 0.1)
        shares, latest = rule.fold(known, 8)
        once = Exp4P(["a", "u"], 20, 0.1)
        once.reward("a", 0.5, latest, once.shares())
        np.testing.assert_allclose(shares, once.shares())

    def test_needs_what_the_model_says_of_the_labels(self):
        parts = make_parts(20)
        known = asked(10)
        strategy = Bandit(["kcenter"], rule="exp4p", horizon=9)
        with pytest.raises(MissingNeed, match=r"labelled\.proba"):
            strategy.select(Signals(vectors=parts["vectors"], labelled=known), 1, 0)


@pytest.mark.parametrize(
    "wrong",
    [
        {"arms": []},
        {"arms": ["random"]},
        {"arms": ["margin", "margin"]},
        {"arms": ["margin"], "rule": "ucb"},
        {"arms": ["margin"], "rule": "exp4p"},
        {"arms": ["margin"], "least": 0.0},
        {"arms": ["margin"], "least": 1.0},
        {"arms": ["marginn"]},
    ],
    ids=["none", "random alone", "twice", "rule", "horizon", "no least", "all least", "name"],
)
def test_bad_input(wrong):
    with pytest.raises(BadInput):
        Bandit(**wrong)


def test_labels_that_are_no_classes():
    known = Labelled(np.zeros((3, 4)), np.array([0.5, 1.5, 2.0]))
    with pytest.raises(BadInput, match="classes"):
        Bandit(["kcenter"]).select(Signals(vectors=make_parts(9)["vectors"], labelled=known), 1, 0)


def test_queries_are_one_per_label():
    with pytest.raises(BadInput, match="queries"):
        Labelled(None, [0, 1], queries=Queries(["a"], [0], [1.0], [1.0]))
    with pytest.raises(BadInput, match="lengths"):
        Queries(["a"], [0, 1], [1.0], [1.0])


X, Y = load_digits(return_X_y=True)
X, Y = X[:700] / 16, Y[:700]
IDS = [f"i{row}" for row in range(len(X))]


def campaign(strategy, log=None, **more):
    settings = {"batch": 10, "start": 20, "control": 0.0, "seed": 3, "measure": False} | more
    model, question = LogisticRegression(max_iter=200), q.Choice([str(d) for d in range(10)])
    return q.campaign(X, question, id=IDS, strategy=strategy, model=model, log=log, **settings)


def turn(made):
    made.tell_many([(task, str(Y[int(task.item_id[1:])])) for task in made.ask(99)])
    return made.step()


def queued(made):
    batches = [event.items for _, event in made.log.read() if type(event).__name__ == "Queued"]
    return [[(i.item_id, i.strategy, i.score, i.probability) for i in items] for items in batches]


RULES = {
    "thompson": (Bandit(["margin", "kcenter"]), 10, 5),
    "exp4p": (Bandit(["margin", "kcenter"], rule="exp4p", horizon=12), 1, 8),
}


@pytest.mark.parametrize("rule", RULES)
def test_restart_is_replay(rule, tmp_path):
    strategy, batch, rounds = RULES[rule]
    log = f"sqlite:///{tmp_path / 'one.db'}"
    straight = campaign(strategy, batch=batch)
    for _ in range(rounds):
        turn(straight)
        with campaign(strategy, log, batch=batch) as part:  # a new process every round
            turn(part)
    with campaign(strategy, log, batch=batch) as part:
        assert queued(part) == queued(straight)
    assert len({name for items in queued(straight)[1:] for _, name, _, _ in items}) > 1


@pytest.mark.parametrize("rule", RULES)
def test_picks_follow_from_the_log(rule):
    """What a strategy is told of its past is what its picks said at the time."""
    strategy, batch, rounds = RULES[rule]
    seen = []

    class Spy(type(strategy)):
        def _pick(self, signals, n, rng):
            seen.append(signals.labelled.queries)
            return super()._pick(signals, n, rng)

    spy = Spy(strategy.arms, strategy.rule, strategy.horizon)
    made = campaign(spy, batch=batch, distinct="off")
    for _ in range(rounds):
        turn(made)
    log = {
        item_id: (name, number, chance, score)
        for number, items in enumerate(queued(made)[:-1])
        for item_id, name, score, chance in items
    }
    rows = np.sort([int(item_id[1:]) for item_id in log])
    told = [log[f"i{row}"] for row in rows]
    for found, column in zip(
        (seen[-1].by, seen[-1].rounds, seen[-1].chance, seen[-1].scores),
        zip(*told, strict=True),
        strict=True,
    ):
        assert [None if x != x else x for x in found.tolist()] == list(column)


def test_labels_nobody_asked_for_and_requests_are_no_arms():
    known = {IDS[row]: str(Y[row]) for row in range(30)}
    made = campaign(Bandit(["margin"]), labels=known)
    training = made._worker.snapshot()
    assert training is None or set(training.training.queries.by) == {""}
    task = made.ask(1, items=["i600"])[0]
    made.tell(task, str(Y[600]), by="ann")
    queries = made._worker.snapshot().training.queries
    assert set(queries.by) == {""} and set(queries.rounds.tolist()) == {-1}
    assert np.isnan(queries.chance).all() and np.isnan(queries.scores).all()


def test_why_and_notes_tell_of_the_arms():
    made = campaign(Bandit(["margin", "kcenter"]))
    turn(made)
    last = made.history.rounds[-1]
    assert any(note.startswith("shares of the arms: Margin 0.") for note in last.notes)
    for item_id, name, _, chance in queued(made)[-1]:
        said = made.history.why(item_id)
        assert f"because {name} " in said and f"Chance of being picked: {chance:.3g}" in said


def most_certain(signals, n, rng):
    return np.argsort(-signals.proba.max(axis=1), kind="stable")[:n]


most_certain.needs = frozenset({"proba"})


def test_a_sabotaged_arm_is_left_within_five_rounds():
    last = []
    for seed in range(4):
        made = campaign(Bandit(["margin", "kcenter", most_certain]), seed=seed)
        notes = [turn(made).notes for _ in range(6)][-1]
        said = next(note for note in notes if note.startswith("shares"))
        shares = dict(pair.split() for pair in said.split(": ")[1].split(", "))
        last.append(float(shares["most_certain"]))
    assert np.mean(last) <= 0.1 and max(last) <= 0.25, last  # least, and a fourth: the fair share
