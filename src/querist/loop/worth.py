"""Is active learning worth it here? Facts of a pool or a campaign, and what they speak for."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from querist.core.errors import BadInput
from querist.loop.plan import Plan, plan
from querist.loop.profile import doubt_of, flat_text, sparsity_of
from querist.loop.recipe import is_whole
from querist.loop.standing import class_counts
from querist.metrics.profile import SPARSE, Doubt
from querist.reports import worth
from querist.reports.worth import ASSUMED, CLAIMS_IN, GIVEN, OWN, Assessment, Reason

if TYPE_CHECKING:
    from querist.loop.worker import Worker

SMALL = 5_000  # items below which labelling all of them is the better plan
SETUP = 500.0  # money: about a day of somebody's work
HOURLY = 1.0  # money for an hour of computing
RARE = 0.01


@dataclass(frozen=True)
class Pocket:
    """What the owner says: money, and what the labels are for.

    Attributes
    ----------
    price, setup, hourly : float
        Money per label, for setting up, and for an hour of computing; None is not known.
    expert, audit, confusable : bool
        Labels take a scarce expert; they must stand for the pool; classes differ in detail.
    """

    price: float | None = None
    setup: float | None = None
    hourly: float | None = None
    expert: bool = False
    audit: bool = False
    confusable: bool = False


@dataclass(frozen=True)
class Found:
    """What the data say: size, kind, and what the rounds so far showed."""

    items: int
    kind: str = ""
    seconds: float = 0.0
    doubt: Doubt | None = None
    sparsity: float | None = None
    counts: Mapping[str, int] | None = None
    loses: str = ""


def weigh(found: Found, pocket: Pocket, layout: Plan) -> Assessment:
    """The verdict on what is known, every reason with its number and where it comes from."""
    labels = layout.labels - layout.holdout
    saving, measured = worth.saving_of(found.kind)
    setup = SETUP if pocket.setup is None else pocket.setup
    hourly = HOURLY if pocket.hourly is None else pocket.hourly
    overhead = setup + hourly * found.seconds * (layout.cycles + 1) / 3600
    reasons = [*_size(found, pocket, layout), *_data(found, pocket)]
    if pocket.audit:
        text = (
            "labels that serve an audit must stand for the pool, and asked ones do not; only the "
            "control and holdout labels do, and `querist export` tells each one's arm and chance"
        )
        reasons.append(Reason("against", text, 1.0, GIVEN, decides=True))
    if pocket.price is None:
        text = f"no price of a label: {labels:,} labels cannot be held against {overhead:,.2f}"
        reasons.append(Reason("open", text, overhead, GIVEN))
        verdict, ranked = worth.decide(reasons)
        return Assessment(verdict, ranked, saving, labels, overhead)
    known = GIVEN if pocket.setup is not None else f"set-up of {setup:,.0f} is {ASSUMED}"
    everything = found.items * pocket.price
    if everything <= overhead:
        text = (
            f"labels are cheap: all {found.items:,} items cost {everything:,.2f}, no more than "
            f"the {overhead:,.2f} for set-up and computing"
        )
        reasons.append(Reason("against", text, everything, known, decides=True))
    elif (found.items >= SMALL or pocket.expert) and layout.labels < found.items:
        reasons.append(_break_even(labels, pocket.price, overhead, saving, f"{measured}; {known}"))
    verdict, ranked = worth.decide(reasons)
    return Assessment(verdict, ranked, saving, labels, overhead)


def _break_even(labels: int, price: float, overhead: float, saving: Any, source: str) -> Reason:
    """Labels saved times price against set-up and computing, at both ends of the interval."""
    low, high = (labels * price * share - overhead for share in (saving.low, saving.high))
    text = (
        f"of {labels:,} labels at random, {100 * saving.low:.0f} to {100 * saving.high:.0f} % "
        "were saved where it was measured (budgets of 1,000), no promise for yours: "
        f"{low:+,.2f} to {high:+,.2f} after {overhead:,.2f} for set-up and computing"
    )
    if price > 0:
        least, most = (overhead / price / share for share in (saving.high, saving.low))
        text += f"; it pays from {least:,.0f} to {most:,.0f} random labels on"
    if high <= 0:
        return Reason("against", text, high, source, decides=True)
    return Reason("for" if low > 0 else "open", text, low, source)


def _size(found: Found, pocket: Pocket, layout: Plan) -> list[Reason]:
    reasons = []
    if found.items < SMALL:
        cost = "" if pocket.price is None else f" for {found.items * pocket.price:,.2f}"
        text = f"label it all{cost}: {found.items:,} items are fewer than {SMALL:,}"
        if pocket.expert:
            text += ", unless the expert cannot; nothing here is blocked"
        source = f"{worth.RANGE}, and {OWN}"
        reasons.append(Reason("against", text, found.items, source, decides=not pocket.expert))
    if layout.labels >= found.items:
        text = f"the plan labels all {found.items:,} items: there is nothing to choose"
        reasons.append(Reason("against", text, layout.labels, GIVEN, decides=True))
    if pocket.expert:
        text = "labels take an expert, whose hours are what is saved"
        reasons.append(Reason("for", text, 1.0, GIVEN))
    return reasons


def _data(found: Found, pocket: Pocket) -> list[Reason]:
    """What the items themselves, the model and the labels so far say."""
    reasons, doubt = [], found.doubt
    if doubt is not None and doubt.is_flat:
        reasons.append(Reason("against", flat_text(doubt), doubt.high - doubt.low, OWN))
    elif doubt is not None:
        text = f"some items are harder: doubt spreads from {doubt.low:.2f} to {doubt.high:.2f}"
        reasons.append(Reason("for", text, doubt.high - doubt.low, OWN))
    if found.sparsity is not None and found.sparsity > SPARSE:
        text = (
            f"sparse, very diverse data: the nearest item is {found.sparsity:.2f} of the typical "
            f"distance away (above {SPARSE:g}), so an answer tells little of other items; take "
            'strategy="random" or a diverse one such as "kmeans"'
        )
        reasons.append(Reason("against", text, found.sparsity, OWN))
    total = sum((found.counts or {}).values())
    rare = [(n, name) for name, n in (found.counts or {}).items() if n < RARE * total]
    if rare and total >= 1 / RARE:
        n, name = min(rare)
        asked, drawn = worth.RARE
        text = (
            f"{name} is rare: {n} of {total:,} labels; asking found {asked:g} positives of 25 "
            f"where random found {drawn:g}; judge it by precision and recall, not accuracy"
        )
        reasons.append(Reason("for", text, n / total, f"{OWN}; {CLAIMS_IN}"))
    if pocket.confusable:
        i = worth.CONFUSABLE
        text = (
            "classes that differ in detail: asking by margin gained "
            f"{100 * i.value:.1f} points [{100 * i.low:.1f}, {100 * i.high:.1f}] over random on "
            "27 card intents; where a region is noise it gained "
            f"{100 * worth.NOISE.value:.1f} [{100 * worth.NOISE.low:.1f}, "
            f"{100 * worth.NOISE.high:.1f}]"
        )
        reasons.append(Reason("for", text, i.value, CLAIMS_IN))
    if found.loses:
        reasons.append(Reason("against", found.loses, 1.0, OWN))
    return reasons


def found_in(worker: Worker) -> Found:
    """The facts of a campaign, its rounds included."""
    parts, growth, state = worker.parts, worker.growth, worker.journal.state
    with worker.journal.lock:
        worker.journal.sync()
        rounds, counts = list(state.rounds), class_counts(parts.question, state, growth.ledger)
    trained = [turn for turn in rounds if turn.model_version is not None]
    model = worker.model() if trained and parts.question.view == "choice" else None
    seed = parts.recipe.seed
    lost = [n for n in (rounds[-1].notes if rounds else ()) if "loses to random" in n]
    return Found(
        items=len(growth.pool),
        kind=growth.pool.kind,
        seconds=max((sum(turn.seconds.values()) for turn in trained), default=0.0),
        doubt=doubt_of(model, growth.ledger, seed),
        sparsity=sparsity_of(growth.ledger, growth.scorer.space, seed),
        counts=counts,
        loses=lost[0] if lost else "",
    )


def assess(
    of: Any,
    *,
    price: float | None = None,
    budget: int | None = None,
    setup: float | None = None,
    hourly: float | None = None,
    expert: bool = False,
    audit: bool = False,
    confusable: bool = False,
) -> Assessment:
    """Go, maybe or don't: whether active learning is worth it, with the reasons.

    The saving is the interval that was measured on other data; nothing promises it for yours.

    Parameters
    ----------
    of : Campaign or int
        A campaign, with what its rounds showed, or how many items there are.
    price : float, optional
        Money per label; a campaign's own by default.
    budget : int, optional
        Labels that would be bought at random; by default the campaign's, or ten batches.
    setup, hourly : float, optional
        Money for setting up (500 by default) and for an hour of computing (1).
    expert, audit, confusable : bool
        Labels take a scarce expert; they must stand for the pool; classes differ in detail.

    Examples
    --------
    >>> import querist as q
    >>> q.assess(3_000, price=0.2).reasons[0].text
    'label it all for 600.00: 3,000 items are fewer than 5,000'
    >>> q.assess(500_000, price=2.0, budget=20_000).verdict
    'go'
    """
    history = getattr(of, "history", None)
    if history is None and not is_whole(of):
        raise BadInput(
            "assess takes a campaign or a number of items, such as assess(50_000, price=0.2), but "
            f"got {type(of).__name__}; make a campaign of your data: querist.campaign(data, ...)"
        )
    for name, money in (("price", price), ("setup", setup), ("hourly", hourly)):
        if money is not None and not 0 <= money < math.inf:
            raise BadInput(f"{name} is money, 0 or more, but got {money!r}")
    worker = None if history is None else history._worker
    found = Found(int(of)) if worker is None else found_in(worker)
    batch = None
    if worker is not None:
        recipe = worker.parts.recipe
        price = recipe.price if price is None else price
        budget, batch = (recipe.budget if budget is None else budget), recipe.batch
    batch = None if batch is None or (budget is not None and batch > budget) else batch
    layout = plan(found.items, budget=budget, batch=batch, holdout=0, price=price)
    return weigh(found, Pocket(price, setup, hourly, expert, audit, confusable), layout)
