import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.preprocessing import StandardScaler

from querist.core.remarks import remarks
from querist.core.types import Labelled, Signals
from querist.strategies import LCMD, Auto, Margin, Random
from querist.strategies.rarity import label_rarity, rarity
from querist.testing.strategies import make_parts


def curve(strategy, train, test, vectors, classes, seed):
    picked, scores = np.empty(0, dtype=np.int64), []
    model = LogisticRegression(max_iter=2000)
    for number in range(8):
        left = np.setdiff1d(np.arange(len(vectors)), picked)
        if number:
            known = Labelled(vectors[picked], np.searchsorted(classes, train[1][picked]), classes)
            proba = np.zeros((len(left), len(classes)))
            proba[:, np.isin(classes, model.classes_)] = model.predict_proba(vectors[left])
            signals = Signals(proba=proba, vectors=vectors[left], labelled=known, ids=left)
        else:
            signals = Signals(vectors=vectors[left], ids=left)
        picked = np.append(picked, left[strategy.select(signals, 40, seed)])
        model.fit(vectors[picked], train[1][picked])
        scores.append(model.score(*test))
    return np.mean(scores)


def test_auto_beats_random_clearly_on_digits(load_set):
    data = load_set("uci_optdigits")
    gains = []
    for seed in range(3):
        order = np.random.default_rng(seed).permutation(len(data["X"]))[:3000]
        X, y = data["X"][order].astype(float), data["y"][order]
        X = StandardScaler().fit_transform(X).clip(-5, 5)
        train, test = (X[:2000], y[:2000]), (X[2000:], y[2000:])
        mean = {
            strategy: curve(strategy, train, test, X[:2000], np.unique(y), seed)
            for strategy in (Auto(), Random())
        }
        auto, random = mean.values()
        gains.append(auto - random)
    assert min(gains) > 0.01


@pytest.mark.parametrize("n", [450, 1999, 2000])
def test_large_batches_come_in_slices_without_repeats(n):
    parts = make_parts(2000)
    signals = Signals(**{name: parts[name] for name in ("proba", "vectors", "labelled", "ids")})
    picks = Auto().select(signals, n, 0)
    assert len(set(picks.tolist())) == n
    assert picks[:200].tolist() == Auto().select(signals, 200, 0).tolist()


def pool(n_known=20, **more):
    rng = np.random.default_rng(3)
    known = Labelled(rng.normal(size=(n_known, 4)), np.arange(n_known) % 3, tuple("abc"))
    vectors, ids = rng.normal(size=(300, 4)), np.arange(300)
    parts = {"vectors": vectors, "ids": ids, "labelled": known}
    return Signals(**{**parts, "proba": rng.dirichlet(np.ones(3), size=300), **more})


def worth(signals):
    """Margin times the expected class weight, by hand."""
    weights = 1.0 / (np.bincount(signals.labelled.targets, minlength=3) + 1.0)
    return Margin().score(signals) * (signals.proba @ (weights / weights.max()))


@pytest.mark.parametrize("n", [2, 3, 10, 250])
def test_with_many_labels_half_is_what_is_most_uncertain(n):
    signals = pool(60)
    with remarks() as said:
        picks = Auto().pick(signals, n, 0)
    uncertain = [name == "Auto: uncertain" for name in picks.names]
    assert sum(uncertain) == n // 2
    scores = worth(signals)
    np.testing.assert_allclose(
        picks.scores[uncertain], scores[picks.positions[uncertain]], atol=1e-6
    )
    if n <= 200:
        assert set(picks.positions[uncertain].tolist()) == set(np.argsort(-scores)[: n // 2])
    assert set(picks.names) == {"Auto: uncertain", "Auto: covers"}
    assert any(text.startswith("Auto covers what is uncertain within") for text in said)


@pytest.mark.parametrize(("known", "of_20"), [(3, 1), (15, 3), (30, 5), (45, 8), (60, 10)])
def test_the_uncertain_part_grows_with_the_labels(known, of_20):
    picks = Auto().pick(pool(known), 20, 0)
    assert abs(picks.names.count("Auto: uncertain") - of_20) <= 1


@pytest.mark.parametrize("n", [1, 5])
def test_the_odd_pick_goes_to_either_half_in_turn(n):
    asking = [Auto().pick(pool(known), n, 0).names for known in (60, 61, 62, 63)]
    assert [names.count("Auto: uncertain") for names in asking] == [n // 2, n // 2 + 1] * 2
    signals = pool(61)
    assert np.argmax(worth(signals)) in Auto().select(signals, n, 0)


def test_the_radius_goes_from_the_median_spacing_to_a_low_quantile():
    for known, quantile in ((15, 0.3875), (60, 0.05), (90, 0.05)):
        signals = pool(known)
        points = signals.labelled.vectors
        far = np.linalg.norm(points[:, None] - points[None], axis=2)
        spacing = (far + np.diag(np.full(known, np.inf))).min(axis=1)
        with remarks() as said:
            Auto().pick(signals, 4, 0)
        radius = float(said[-1].split("within ")[1].split()[0])
        assert radius == pytest.approx(np.sqrt(np.quantile(spacing**2, quantile)), rel=0.01)


def hubs(rows=slice(None)):
    rng = np.random.default_rng(5)
    known = Labelled(rng.normal(size=(60, 40)), np.arange(60) % 3, tuple("abc"))
    vectors, proba = rng.normal(size=(900, 40)), rng.dirichlet(np.ones(3), size=900)
    ids = np.arange(900)[rows]
    return Signals(proba=proba[rows], vectors=vectors[rows], labelled=known, ids=ids)


def test_where_hubs_rule_it_asks_more_and_scales_distances():
    with remarks() as said:
        picks = Auto().pick(hubs(), 40, 0)
    assert picks.names.count("Auto: uncertain") == 30
    assert any("tenth neighbour" in text for text in said)
    covers = picks.positions[[name == "Auto: covers" for name in picks.names]]
    assert picks.positions.tolist() == Auto().pick(hubs(), 40, 0).positions.tolist()
    order = np.random.default_rng(0).permutation(900)
    again = Auto().pick(hubs(order), 40, 0)
    assert order[again.positions].tolist() == picks.positions.tolist()
    assert len(covers) == 10


def test_whether_hubs_rule_is_judged_on_the_same_items_each_round():
    """Those of lowest key, so that items labelled since hardly change it."""
    said = []
    for seed in range(5):
        with remarks() as texts:
            Auto().pick(hubs(slice(5 * seed, None)), 10, seed)
        said.append(any("tenth neighbour" in text for text in texts))
    assert all(said)


def test_rare_classes_weigh_more_without_probabilities_too():
    decision = np.zeros((300, 3))
    decision[:150, 0] = decision[150:, 2] = 3.0  # as near to a boundary; likely "a", likely "c"
    known = Labelled(np.zeros((12, 4)), np.array([0] * 10 + [1, 2]), tuple("abc"))
    scores = rarity(pool(labelled=known, proba=None, decision=decision))
    assert scores[150:].min() > 3 * scores[:150].max()


def test_numbers_are_spread_by_lcmd():
    rng = np.random.default_rng(0)
    known = Labelled(rng.normal(size=(9, 4)), rng.normal(size=9))
    signals = pool(labelled=known, proba=None, predicted=rng.normal(size=(300, 1)))
    assert Auto().select(signals, 12, 5).tolist() == LCMD().select(signals, 12, 5).tolist()


def marginals_pool(targets, marginals):
    known = Labelled(np.zeros((len(targets), 4)), np.array(targets), ("often", "rare"))
    return pool(labelled=known, proba=None, marginals=marginals)


def test_several_labels_are_asked_and_covered_by_their_doubt():
    marginals = np.random.default_rng(1).uniform(size=(300, 2))
    signals = marginals_pool([[1, 0], [1, 1], [0, 0], [1, 0]] * 10, marginals)
    picks = Auto().pick(signals, 20, 0)
    doubt = label_rarity(signals)
    uncertain = picks.positions[[name == "Auto: uncertain" for name in picks.names]]
    assert set(uncertain.tolist()) == set(np.argsort(-doubt)[:10].tolist())
    assert doubt[picks.positions].mean() > doubt.mean()


def test_the_doubt_of_a_label_weighs_more_where_it_was_told_less():
    told = [[1, 0], [1, 1], [0, 0], [1, 0]]  # three times the first label, once the second
    marginals = np.random.default_rng(1).uniform(size=(300, 2))
    signals = marginals_pool(told, marginals)
    by_hand = [
        ((1 - abs(2 * p - 1)) * 2 / 4 + (1 - abs(2 * q - 1)) * 2 / 2) / 2 for p, q in marginals
    ]
    np.testing.assert_allclose(label_rarity(signals), by_hand)
    side = np.arange(300) < 150
    split = np.where(side[:, None], [0.5, 1.0], [1.0, 0.5])
    picks = Auto().pick(marginals_pool(told, split), 40, 0)
    covered = picks.positions[[name == "Auto: covers" for name in picks.names]]
    assert (covered >= 150).sum() > (covered < 150).sum()
