"""Go, maybe, don't: through the door, on numbers and on campaigns."""

import json
from pathlib import Path

import numpy as np
import pytest
from sklearn.datasets import load_digits
from sklearn.linear_model import LogisticRegression

import querist as q
from querist.core.errors import BadInput
from querist.loop.report import build_report
from querist.reports import worth

RESULTS = Path(__file__).parents[2] / "benchmarks" / "results"
NEAR = 0.05  # results are made anew now and then; the words may lag by five points
LEAST = worth.SAVINGS["trec6"].low


def said(found, text):
    return [reason for reason in found.reasons if text in reason.text]


def test_a_small_pool_is_labelled_whole():
    found = q.assess(3_000, price=0.2)
    assert found.verdict == "don't"
    assert said(found, "label it all for 600.00")
    assert q.assess(3_000, price=20.0, expert=True, setup=100).verdict == "maybe"


def test_dear_labels_and_a_large_pool_go():
    found = q.assess(500_000, price=2.0, budget=20_000)
    assert found.verdict == "go"
    (money,) = said(found, "of 20,000 labels")
    assert money.number == pytest.approx(20_000 * 2 * LEAST - found.overhead)


def test_cheap_labels_do_not():
    assert q.assess(40_000, price=0.01).verdict == "don't"
    crowd, niche = q.assess(100_000, price=0.02), q.assess(100_000, price=2.0, expert=True)
    assert (crowd.verdict, niche.verdict) == ("don't", "go")


def test_break_even_is_where_the_saving_pays_the_overhead():
    labels = 500 / 1.0 / LEAST
    just = [q.assess(10**6, price=1.0, budget=round(labels) + d).verdict for d in (-20, 20)]
    assert just == ["maybe", "go"]
    assert q.assess(10**6, price=1.0, budget=600).verdict == "don't"


def test_no_price_no_verdict_on_money():
    assert q.assess(100_000).verdict == "maybe"


def test_labels_for_an_audit_rule_it_out():
    found = q.assess(500_000, price=2.0, budget=20_000, audit=True)
    assert found.verdict == "don't"
    assert found.reasons[0].source == worth.GIVEN
    assert "stand for the pool" in found.reasons[0].text


def test_every_reason_has_a_number_and_a_source():
    for found in (q.assess(3_000), q.assess(10**6, price=1.0, confusable=True, expert=True)):
        for reason in found.reasons:
            assert np.isfinite(reason.number)
            assert reason.source
        assert json.loads(json.dumps(found.to_json()))["verdict"] == found.verdict


def test_the_savings_are_those_of_the_committed_results():
    sets = json.loads((RESULTS / "default_recipe.json").read_text())["sets"]
    for name, quoted in worth.SAVINGS.items():
        found = sets[name]["share_saved"]
        for end in ("value", "low", "high"):
            assert getattr(quoted, end) == pytest.approx(found[end], abs=NEAR)


def test_the_claims_are_those_of_the_committed_results():
    claims = json.loads((RESULTS / "strategy_claims.json").read_text())["claims"]

    def row(claim, start, strategy):
        rows = claims[claim]["rows"]
        return next(r for r in rows if r["set"].startswith(start) and r["strategy"] == strategy)

    less = row("confusable", "banking77", "random")["margin_minus_this"]
    i = worth.CONFUSABLE
    assert [i.value, i.low, i.high] == pytest.approx(less, abs=0.005)
    found = [row("rare", "optdigits", s)["found"][0] for s in ("margin", "random")]
    assert list(worth.RARE) == pytest.approx(found, abs=1)
    noise = row("noise", "optdigits", "margin")["against_random"]
    assert [worth.NOISE.value, worth.NOISE.low, worth.NOISE.high] == pytest.approx(noise, abs=0.005)


@pytest.mark.parametrize(
    ("of", "settings"),
    [("a.csv", {}), (100, {"price": -1.0}), (100, {"setup": float("nan")})],
    ids=["text", "price", "setup"],
)
def test_what_cannot_be_judged_is_refused(of, settings):
    with pytest.raises(BadInput):
        q.assess(of, **settings)


def told(X, y, labels, strategy="margin", rounds=2, **settings):
    ids = [f"i{k}" for k in range(len(X))]
    answers = dict(zip(ids, y, strict=True))
    c = q.campaign(
        X,
        q.Choice(labels),
        model=LogisticRegression(max_iter=200),
        id=ids,
        strategy=strategy,
        batch=50,
        **settings,
    )
    for _ in range(rounds):
        c.tell_many({"task": task, "value": answers[task.item_id]} for task in c.ask(100))
        c.step()
    return c


def test_a_flat_profile_raises_the_notice_after_the_first_cycle():
    rng = np.random.default_rng(0)
    X = rng.normal(size=(700, 3)) * 1e-3  # nothing to learn: every item is as doubtful
    c = told(X, rng.choice(["a", "b"], 700), ["a", "b"], rounds=1)
    far = np.concatenate([rng.normal(-50, 1, (350, 3)), rng.normal(50, 1, (350, 3))])
    sure = told(far, ["a"] * 350 + ["b"] * 350, ["a", "b"], rounds=1)
    assert any("flat uncertainty" in note for note in sure.status()["notes"])
    found = q.assess(sure, price=5.0, expert=True)
    assert said(found, "flat uncertainty")[0].side == "against"
    assert c.history.rounds[-1].model_version is not None


@pytest.fixture(scope="module")
def digits():
    X, y = load_digits(return_X_y=True)
    labels = [str(k) for k in range(10)]
    return told(X / 16, [str(k) for k in y], labels, price=1.0, budget=500)


def test_a_campaign_brings_its_own_facts(digits):
    found = q.assess(digits, expert=True, setup=10)
    assert found.labels == 500
    assert found.overhead > 10  # its own seconds
    assert said(found, "some items are harder")[0].source == worth.OWN
    assert not said(found, "flat")
    assert not said(found, "sparse")


def test_noise_in_many_dimensions_is_sparse():
    X = np.random.default_rng(0).normal(size=(800, 300))
    c = q.campaign(X, q.Choice(["a", "b"]), strategy="random")
    (reason,) = said(q.assess(c, price=5.0), "sparse, very diverse")
    assert reason.number > 0.8


def test_a_rare_class_asks_for_precision_and_recall():
    rng = np.random.default_rng(0)
    X = rng.normal(size=(600, 4))
    y = ["fraud" if k in (3, 4) else "fine" for k in range(600)]
    labels = {f"i{k}": y[k] for k in range(300)}
    c = q.campaign(X, q.Choice(["fraud", "fine"]), id=[f"i{k}" for k in range(600)], labels=labels)
    (reason,) = said(q.assess(c), "fraud is rare: 2 of 300")
    assert "precision and recall" in reason.text


def corner(signals, n, rng):
    return np.argsort(signals.vectors[:, 0])[:n]


def test_the_report_holds_queries_against_the_pool():
    X = np.random.default_rng(0).normal(size=(600, 2))
    y = ["a" if x > 0 else "b" for x in X[:, 1]]

    def of(strategy):
        report = build_report(told(X, y, ["a", "b"], strategy, rounds=3))
        section = next(s for s in report.sections if s.title == "Queries against the pool")
        return section.content, [n for n in report.notes if "stray" in n]

    table, warned = of(corner)
    assert warned
    assert sum(row[1] for row in table.rows) == pytest.approx(1, abs=0.02)
    assert sum(row[2] for row in table.rows) == pytest.approx(1, abs=0.02)
    assert not of("random")[1]
