"""The report of a campaign: its log folded into tiles, curves, goals, costs and reasons."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from querist.core.events import Queued
from querist.core.measures import higher_is_better, leading
from querist.core.types import Round
from querist.loop.costs import cost_table
from querist.loop.curves import MEASURED, curve_figure, outlook, plateau, rules_of
from querist.loop.groups import group_table
from querist.loop.random_curve import random_curve
from querist.loop.state import State
from querist.loop.waits import waits, waits_said, waits_table
from querist.metrics.paired import curve_band
from querist.reports.figures import CurveLine
from querist.reports.page import Amount, Goal, Report, Section, Table, Tile, render

if TYPE_CHECKING:
    from querist.loop.campaign import Campaign

SHOWN = 20  # tasks of the last batch that the page lists
_FEW = "no random baseline yet: it is estimated from the control labels, and that takes 30 of them"
_STAYS = "its band holds as long as data, model and strategy stay as they are"
_CHOSEN = (
    "the labelled set was chosen to teach the model and is not representative of the pool; "
    "only the control and holdout labels are"
)

_STRAYED = (
    "the queries stray far from the pool (see the regions): common patterns may be ignored; a "
    "larger control share, or a strategy that covers, brings them back"
)
_OF_GROUPS = (
    "Shares are of the pool, of the training labels, and of the answers to what the strategy "
    "picked; scores have 95 % intervals, wide where few items of a group were measured."
)


def build_report(
    campaign: Campaign,
    comparison: Any = None,
    *,
    title: str = "",
    notes: Sequence[str] = (),
) -> Report:
    """Gather a campaign into a report.

    Parameters
    ----------
    campaign : Campaign
    comparison : Comparison, optional
        Of `querist.compare`, with "random" among its strategies: gives the random curve and the
        saving. Without it random is estimated from the control labels.
    title : str
        The head of the page.
    notes : sequence of str
        What else the reader must know.

    Examples
    --------
    >>> import querist as q
    >>> c = q.campaign([f"text {i}" for i in range(40)], q.Choice(["odd", "even"]), batch=10)
    >>> build_report(c).title
    'Which of odd, even?'
    """
    status, rounds = campaign.status(), campaign.history.rounds
    state = State()
    state.fold(campaign.log.read())
    last = next((turn for turn in reversed(rounds) if turn.metrics), rounds[-1])
    metric = leading(last.metrics)
    saving = None if comparison is None else _saving(comparison)
    curve, said = _curve(campaign, state, metric, comparison)
    table, strayed, warn = campaign.history.strayed()
    sections = [
        *curve,
        Section("Goals", _goals(status, last, campaign.parts.rule.to_spec())),
        Section(
            "What it cost",
            cost_table(state, status["price"]),
            "Labels bought, by what they were bought for. Imported labels cost nothing here.",
        ),
        Section("Rounds", _rounds(rounds, metric), _ended(rounds[-1])),
        *_waiting(state),
        *_reasons_of_last_batch(state),
        *_classes(status, last),
        Section("Queries against the pool", table, strayed),
        Section("Groups", group_table(status["groups"]), _OF_GROUPS),
        Section("Annotators", _annotators(state)),
    ]
    return Report(
        title=title or _ask(status["question"]),
        subtitle=f"{status['items']['total']:,} {campaign.pool.kind} items · strategy "
        f"{status['strategy']} · model: {status['model']}",
        tiles=_tiles(status, last, metric, saving),
        sections=[section for section in sections if _is_filled(section)],
        recipe=_recipe(state),
        data_version=status["data_version"],
        notes=[*said, *notes, *[_STRAYED] * warn, _CHOSEN, *status["notes"]],
    )


def write_report(
    campaign: Campaign, path: str | Path, comparison: Any = None, **shown: Any
) -> Path:
    """Write the report of a campaign as one HTML file; arguments as for `build_report`."""
    path = Path(path)
    page = render(build_report(campaign, comparison, **shown))
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(page, encoding="utf-8")
    return path


def reasons(campaign: Campaign, item_id: str) -> dict[str, Any]:
    """Every time an item was queued, answered or passed on, as plain JSON."""
    state = State()
    state.fold(campaign.log.read())
    tasks = [state.tasks[task_id] for task_id in state.by_item.get(item_id, ())]
    return {
        "asked": [
            {**vars(t.why), "round": t.round, "model_version": t.model_version} for t in tasks
        ],
        "votes": [vote._asdict() for vote in state.votes.get(item_id, {}).values()],
        "skips": [
            {"by": skip.by, "reason": skip.reason, "at": skip.at}
            for skip in state.skips.get(item_id, [])
        ],
    }


def _ask(question: Mapping[str, Any]) -> str:
    if question["kind"] == "number":
        return "Which number?"
    which = "Which of" if question["kind"] == "choice" else "Which (several) of"
    labels = list(question["labels"])
    more = f" and {len(labels) - 8} more" if len(labels) > 8 else ""
    shown = labels if len(labels) <= 10 else labels[:8]
    return f"{which} {', '.join(shown)}{more if len(labels) > 10 else ''}?"


def _saving(comparison: Any) -> Any:
    """The saving of the strategy compared with random; the first one where there are several."""
    savings = comparison.saved(against="random") if len(comparison.seeds) > 1 else {}
    return next(iter(savings.values()), None)


def _tiles(status: Mapping[str, Any], last: Round, metric: str | None, saving: Any) -> list[Tile]:
    of = "" if status["budget"] is None else f"of {status['budget']:,} allowed"
    tiles = [Tile("labels bought", status["bought"], of)]
    if metric is not None:
        found = last.metrics[metric]
        tiles.append(
            Tile(
                metric,
                f"{found.value:.3f}",
                f"95 % interval {found.low:.3f} to {found.high:.3f}, on the {last.measured_on}",
            )
        )
    if saving is not None:
        low, high = 100 * saving.share.low, 100 * saving.share.high
        value = f"{100 * saving.share.value:.0f} %" if saving.proven else "not proven"
        said = f"95 % interval {low:.0f} to {high:.0f} % of the training labels"
        tiles.append(Tile("saved against random", value, said))
    if status["spent"] is not None:
        tiles.append(Tile("money spent", f"{status['spent']:,.2f}", f"{status['price']:g} a label"))
    tiles.append(Tile("rounds", max(status["rounds"] - 1, 0)))
    return tiles


def _curve(
    campaign: Campaign, state: State, metric: str | None, comparison: Any
) -> tuple[list[Section], list[str]]:
    rounds = campaign.history.rounds
    turns = [turn for turn in rounds if metric in turn.metrics]
    if metric is None:
        return [Section("Learning curve", "No round was measured yet.")], [MEASURED[""]]
    notes = [f"{metric} is {MEASURED[turns[-1].measured_on]}; bands are 95 % intervals"]
    beside: list[CurveLine] = []
    if comparison is not None:
        beside = _compared(comparison, metric)
        if not beside:
            scored = ", ".join(comparison.scores)
            notes.append(f"the comparison scored {scored}, not {metric}: its curves are left out")
        notes += [f"{name} against random: {said}" for name, said in comparison.verdict().items()]
    elif random := random_curve(campaign, state, metric):
        beside.append(random)
        notes.append("random is estimated: models trained on control labels alone")
    else:
        notes.append(_FEW)
    counts = campaign.status()["items"]
    most = counts["total"] - counts["held_out"]
    ahead = outlook(rounds, metric, campaign.parts.recipe.budget, most)
    if ahead.labels:
        notes.append(f"the forecast is {ahead.reason}; {_STAYS}")
    spec = campaign.parts.rule.to_spec()
    figure = curve_figure(rounds, metric, spec, ahead=ahead, beside=beside)
    said, flat = "", plateau(rounds, metric)
    if flat:
        said = (
            f"Diminishing returns from {flat.at:,} labels on: the {flat.after:,} labels after "
            "them brought less than half a point a round."
        )
    return [Section("Learning curve", figure, said)], notes


def _compared(comparison: Any, metric: str) -> list[CurveLine]:
    """Mean curves of a comparison with their bands over seeds, random as the baseline.

    None when it scored something else; scikit-learn's scorers turn what should be low around.
    """
    found = [
        (name, sign)
        for name, sign in ((metric, 1), (f"neg_{metric}", -1))
        if name in comparison.scores
    ]
    lines = []
    for name in comparison.curves if found else ():
        score, sign = found[0]
        labels, scores = comparison.matrix(name, score)
        mean, low, high = (part.tolist() for part in curve_band(sign * scores))
        shown = f"{name}, mean of {len(scores)} replays"
        role: Literal["random", "other"] = "random" if name == "random" else "other"
        lines.append(CurveLine(shown, labels.tolist(), mean, low, high, role))
    return lines


def _goals(status: Mapping[str, Any], last: Round, spec: Mapping[str, Any]) -> list[Goal]:
    """Target, labels and money: wanted, reached, met (None while it is not measured)."""
    rules, found = list(rules_of(spec)), []
    met = {goal["goal"]: goal["met"] for goal in status["goals"]}
    for rule in (rule for rule in rules if rule.get("rule") == "target"):
        name = rule.get("metric") or leading(last.metrics)
        reached = last.metrics.get(name or "")
        better = "at least" if higher_is_better(name or "") else "at most"
        known = met.get("target") if reached is not None else None
        found.append(Goal(name or "score", f"{better} {rule['score']:g}", reached, known))
    budget, spent = status["budget"], status["spent"]
    if budget is not None:
        bought = status["bought"]
        found.append(Goal("labels", f"at most {budget:,}", bought, bought <= budget))
    limit = next((rule["money"] for rule in rules if rule.get("money") is not None), None)
    if limit is None and spent is not None and budget is not None:
        limit = status["price"] * budget
    if limit is not None and spent is not None:
        found.append(Goal("money", f"at most {limit:,.2f}", Amount(spent), spent <= limit + 1e-9))
    return found


def _waiting(state: State) -> list[Section]:
    found = waits(state.steps)
    said = waits_said(found)
    return [Section("Waiting for labels", waits_table(found), said)] if said else []


def _classes(status: Mapping[str, Any], last: Round) -> list[Section]:
    counts = status["classes"]
    if not counts:
        return []
    recall = {name: last.metrics.get(f"recall[{name}]") for name in counts}
    rows = [[name, n, recall[name]] for name, n in counts.items()]
    if not any(recall.values()):
        return [Section("Classes", Table(["class", "labels"], [row[:2] for row in rows]))]
    return [Section("Classes", Table(["class", "training labels", "recall"], rows))]


def _reasons_of_last_batch(state: State) -> list[Section]:
    batch = next((b for b in reversed(state.batches) if _is_training(b)), None)
    if batch is None:
        return []
    rows = [
        [i.item_id, i.arm, i.strategy, i.score, i.rank + 1, i.probability, i.candidates]
        for i in batch.items[:SHOWN]
    ]
    columns = ["item", "arm", "strategy", "score", "rank", "probability", "candidates"]
    said = f"Round {batch.round}, in the order they are served."
    if len(batch.items) > SHOWN:
        said += f" The first {SHOWN} of {len(batch.items)}; `querist why` tells of any item."
    return [Section("Why these items: the last batch", Table(columns, rows), said)]


def _is_training(batch: Queued) -> bool:
    return any(item.arm in ("open", "control") for item in batch.items)


def _annotators(state: State) -> Table:
    answers: dict[str, list[Any]] = {}
    for votes in state.votes.values():
        for vote in votes.values():
            answers.setdefault(vote.by, []).append(vote.seconds)
    skipped: dict[str, int] = {}
    for skips in state.skips.values():
        for skip in skips:
            skipped[skip.by] = skipped.get(skip.by, 0) + 1
    rows = []
    for by in sorted({*answers, *skipped}):
        seconds = sorted(s for s in answers.get(by, []) if s is not None)
        middle = seconds[len(seconds) // 2] if seconds else None
        rows.append([by, len(answers.get(by, [])), skipped.get(by, 0), middle])
    return Table(["annotator", "answers", "skipped", "median seconds"], rows)


def _rounds(rounds: Sequence[Round], metric: str | None) -> Table:
    shown = metric or "score"
    columns = ["round", "labels", "bought", "spent", shown, "seconds"]
    rows = [
        [
            turn.number,
            turn.labels,
            turn.bought,
            Amount(turn.spent) if turn.spent else None,
            turn.metrics.get(metric or ""),
            float(f"{sum(turn.seconds.values()):.2f}"),
        ]
        for turn in rounds
    ]
    return Table(columns, rows)


def _ended(last: Round) -> str:
    """What the stopping rules say now."""
    if "stop" not in last.verdicts:
        return ""
    return f"{'Stop' if last.stop else 'Goes on'}: {last.verdicts['stop'].reason}."


def _recipe(state: State) -> dict[str, Any]:
    """Settings and versions that make the run again."""
    assert state.opened is not None
    versions = ", ".join(f"{name} {v}" for name, v in state.opened.environment.items())
    changes = [f"{c.name}: {c.old} -> {c.new} by {c.by}" for c in state.changes]
    made = {**state.recipe, "question": dict(state.opened.question), "versions": versions}
    return {**made, "changed": "; ".join(changes)} if changes else made


def _is_filled(section: Section) -> bool:
    content = section.content
    return bool(content.rows) if isinstance(content, Table) else content != []
