"""Who did what, folded from the log as it grows: people, labels by class and by cost, news."""

from __future__ import annotations

from bisect import bisect_left, insort
from collections import Counter, deque
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import islice
from statistics import median
from typing import Any, NamedTuple

from querist.core.errors import BadInput
from querist.core.events import Event, Opened, QuestionChanged, Told
from querist.core.keys import hash_ids
from querist.loop.curves import leading_metric
from querist.loop.reserve import STOP, draw, roles
from querist.loop.rounds import round_from_json
from querist.loop.settings import beside_budget, rule_of
from querist.loop.state import IMPORTED
from querist.server.recent import gaps_at_work
from querist.stopping.text import to_text

ENOUGH = 180.0  # seconds at work below which a pace says nothing
TOGETHER = 900.0  # seconds within which equal acts of one person are one line of news
RECENT = 500  # answers that the usual time of one is taken from
KEPT = 200  # lines of news
NOTES = 50
_CHUNK = 4096
_ACTS = {"told": "answered", "skipped": "passed on", "retracted": "took back"}


class Note(NamedTuple):
    """A comment or a flag on an item."""

    at: float
    by: str
    item_id: str
    text: str
    flag: bool


class Cast(NamedTuple):
    """One standing answer: its value, what it was bought for, and when it was given."""

    value: Any
    kind: str
    at: float


@dataclass
class Work:
    """What one person did; `times` are those of the standing answers, in order.

    Examples
    --------
    >>> work = Work()
    >>> work.add(9.0), work.add(7.0), work.drop(9.0)
    (None, None, None)
    >>> work.times, work.since(8.0)
    ([7.0], [])
    """

    seconds: deque[float] = field(default_factory=lambda: deque(maxlen=RECENT))
    times: list[float] = field(default_factory=list)
    answers: int = 0
    skips: int = 0
    taken_back: int = 0
    pairs: int = 0
    agreed: int = 0

    def add(self, at: float) -> None:
        """An answer was given."""
        insort(self.times, at)

    def drop(self, at: float) -> None:
        """An answer was taken back, or given anew."""
        del self.times[bisect_left(self.times, at)]

    def since(self, start: float) -> list[float]:
        """Times of the answers given since a time."""
        return self.times[bisect_left(self.times, start) :]

    def pace(self, start: float) -> float | None:
        """Answers an hour at work since a time, pauses left out; None while that was short."""
        gaps = gaps_at_work(self.since(start))
        return 3600 * len(gaps) / sum(gaps) if sum(gaps) >= ENOUGH else None

    def middle(self) -> float | None:
        """Median seconds of the last answers, None when nobody measured."""
        return median(self.seconds) if self.seconds else None


@dataclass
class News:
    """A line of what happened: when it began and was last, who, what, how often."""

    since: float
    at: float
    kind: str
    by: str
    text: str
    count: int = 1


class Tally:
    """Folds events into counts; reading them costs nothing that grows with the log.

    Attributes
    ----------
    people : dict of str to Work
    classes, held_out : Counter
        Items by the label most say, those that train and those that only measure.
    costs : Counter
        Standing answers by what they were bought for.
    notes : deque of Note
        The last comments and flags.
    position : int
        Of the last event that is in.
    """

    def __init__(self) -> None:
        self.position = 0
        self.people: dict[str, Work] = {}
        self.classes: Counter[str] = Counter()
        self.held_out: Counter[str] = Counter()
        self.costs: Counter[str] = Counter()
        self.notes: deque[Note] = deque(maxlen=NOTES)
        self._votes: dict[str, dict[str, Cast]] = {}
        self._kinds: dict[str, str] = {}
        self._measures: dict[str, bool] = {}
        self._reserved: Mapping[str, float] = {}
        self._seed = 0
        self._news: dict[int, News] = {}
        self._latest: dict[tuple[str, str], int] = {}
        self._lines = 0

    def fold(self, rows: Iterable[tuple[int, Event]]) -> None:
        """Take in what is new, in order."""
        rows = iter(rows)
        while chunk := list(islice(rows, _CHUNK)):
            self._draw_roles(event for _, event in chunk)
            for position, event in chunk:
                rule = getattr(self, f"_on_{event.kind}", None)
                if rule is not None:
                    rule(event)
                self.position = position

    def news(self, n: int = 40) -> list[News]:
        """The last lines of news, newest first."""
        return sorted(self._news.values(), key=lambda line: line.at, reverse=True)[:n]

    def _draw_roles(self, events: Iterable[Event]) -> None:
        """Which of the items that are told about for the first time only measure."""
        fresh = []
        for event in events:
            if isinstance(event, Opened):
                self._reserved, self._seed = event.reserved, event.seed
            elif isinstance(event, Told) and event.item_id not in self._measures:
                fresh.append(event.item_id)
        if fresh:
            found = roles(draw(hash_ids(fresh), self._seed), self._reserved) >= STOP
            self._measures |= zip(fresh, found.tolist(), strict=True)

    def _work(self, by: str) -> Work:
        work = self.people.get(by)
        if work is None:
            work = self.people[by] = Work()
        return work

    def _on_opened(self, event: Any) -> None:
        self._say(event.at, "opened", "", "The campaign was opened")

    def _on_items_added(self, event: Any) -> None:
        noun = "item" if event.count == 1 else "items"
        self._say(event.at, "items", "", f"{event.count:,} {noun} came into the pool")

    def _on_queued(self, event: Any) -> None:
        first = event.model_version is None
        for item in event.items:
            kind = "seed" if item.arm == "open" and first else item.arm
            self._kinds[item.task_id] = kind

    def _on_told(self, event: Any) -> None:
        kind = self._kinds.get(event.task_id, "volunteered")
        votes = self._votes.setdefault(event.item_id, {})
        self._count(event.item_id, votes, -1)
        before = votes.pop(event.by, None)
        votes[event.by] = Cast(event.value, kind, event.at)
        self._count(event.item_id, votes, 1)
        if event.by == IMPORTED:
            self._say(event.at, "imported", "", "labels came with the data")
            return
        work = self._work(event.by)
        if before is None:
            work.answers += 1
        else:
            work.drop(before.at)
        work.add(event.at)
        if event.seconds is not None:
            work.seconds.append(event.seconds)
        self._say(event.at, "told", event.by)

    def _on_skipped(self, event: Any) -> None:
        self._work(event.by).skips += 1
        self._say(event.at, "skipped", event.by)

    def _on_retracted(self, event: Any) -> None:
        votes = self._votes.get(event.item_id, {})
        if event.by not in votes:
            return  # two processes took the same answer back at once
        self._count(event.item_id, votes, -1)
        taken = votes.pop(event.by)
        self._count(event.item_id, votes, 1)
        if event.by == IMPORTED:
            return  # it was nobody's work
        work = self._work(event.by)
        work.drop(taken.at)
        work.answers -= 1
        work.taken_back += 1
        self._say(event.at, "retracted", event.by)

    def _on_noted(self, event: Any) -> None:
        self.notes.append(Note(event.at, event.by, event.item_id, event.text, event.flag))
        did = "flagged" if event.flag else "wrote about"
        self._say(event.at, "noted", "", f"{event.by} {did} item {event.item_id}")

    def _on_stepped(self, event: Any) -> None:
        turn = round_from_json(event.round)
        if turn.model_version is None:
            text = f"The first batch of {turn.queued:,} items was chosen"
        else:
            text = f"Round {turn.number}: trained on {turn.labels:,} labels"
            metric = leading_metric([turn])
            if metric is not None:
                text += f", {metric} {turn.metrics[metric]}"
            if turn.queued:
                text += f"; {turn.queued:,} items were queued"
        self._say(event.at, "trained", "", text)
        verdict = turn.verdicts.get("stop")
        if verdict is not None and verdict.stop:
            self._say(event.at, "stop", "", f"Stopping is suggested: {verdict.reason}")

    def _on_recipe_changed(self, event: Any) -> None:
        self._say(event.at, "changed", "", change_said(event.name, event.old, event.new, event.by))

    def _on_question_changed(self, event: Any) -> None:
        self._say(event.at, "changed", "", growth_said(classes_added(event), event.by))

    def _count(self, item_id: str, votes: dict[str, Cast], sign: int) -> None:
        """Take the votes on an item out of every count (-1), or put them in (1)."""
        if not votes:
            return
        paid = [cast for by, cast in votes.items() if by != IMPORTED]
        if len(votes) > len(paid):
            self.costs["imported"] += sign
        if paid:
            self.costs[paid[0].kind] += sign
        if len(paid) > 1:
            self.costs["repeat"] += sign * (len(paid) - 1)
            self._agree(votes, sign)
        counts = self.held_out if self._measures.get(item_id, False) else self.classes
        for name in _names(_belief(votes)):
            counts[name] += sign

    def _agree(self, votes: dict[str, Cast], sign: int) -> None:
        for by, cast in votes.items():
            for other, theirs in votes.items():
                if by != other and IMPORTED not in (by, other):
                    work = self._work(by)
                    work.pairs += sign
                    work.agreed += sign * (cast.value == theirs.value)

    def _say(self, at: float, kind: str, by: str, text: str = "") -> None:
        """A line of news; a person's repeated acts within a while are one line."""
        key = (kind, by)
        line = self._news.get(self._latest.get(key, -1))
        if line is not None and (by or kind == "imported") and at - line.since <= TOGETHER:
            line.at, line.count = at, line.count + 1
            return
        self._lines += 1
        self._latest[key] = self._lines
        self._news[self._lines] = News(at, at, kind, by, text)
        if len(self._news) > KEPT:
            del self._news[next(iter(self._news))]


def _belief(votes: Mapping[str, Cast]) -> Any:
    """What most say; a tie goes to the latest, as in `State.belief`."""
    if len(votes) == 1:
        return next(iter(votes.values())).value
    counts = Counter(repr(cast.value) for cast in votes.values())
    most = max(counts.values())
    return next(c.value for c in reversed(list(votes.values())) if counts[repr(c.value)] == most)


def _names(value: Any) -> Iterator[str]:
    """The labels of an answer; none of a number."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, list):
        yield from value


def news_said(line: News) -> str:
    """A line of news in words.

    Examples
    --------
    >>> news_said(News(0.0, 9.0, "told", "ann", "", 12))
    'ann answered 12 items'
    """
    if line.kind in _ACTS:
        noun = "answer" if line.kind == "retracted" else "item"
        return f"{line.by} {_ACTS[line.kind]} {line.count:,} {noun}{'s'[: line.count != 1]}"
    if line.kind == "imported":
        return f"{line.count:,} labels came with the data"
    return line.text


def change_said(name: str, old: Any, new: Any, by: str) -> str:
    """A changed setting in words.

    Examples
    --------
    >>> change_said("budget", 300, 400, "ann")
    'ann changed budget from 300 to 400'
    >>> change_said("paused", False, True, "ann")
    'ann paused the campaign'
    """
    if name == "paused":
        return f"{by} {'paused' if new else 'resumed'} the campaign"
    if name == "guidelines":
        version = new.get("version", "") if isinstance(new, Mapping) else ""
        return f"{by} wrote version {version} of the guidelines"
    if isinstance(new, bool):
        return f"{by} turned {name} {'on' if new else 'off'}"
    if name == "until":
        old, new = rules_said(old) or None, rules_said(new) or None
    was = "nothing" if old is None else old
    return f"{by} changed {name} from {was} to {'nothing' if new is None else new}"


def rules_said(until: str | None, budget: int | None = None) -> str:
    """The stopping rules of a recipe as people write them, without a budget that is set apart.

    Examples
    --------
    >>> rules_said("AnyOf(Budget(labels=260), Target(score=0.97), Plateau())", 260)
    'target=0.97, plateau'
    >>> rules_said("AnyOf()"), rules_said("Mine(3)")
    ('', 'Mine(3)')
    """
    try:
        said = to_text(beside_budget(rule_of({"until": until}), budget))
    except BadInput:  # a rule of somebody's own: shown as it is written
        return str(until)
    return str(until) if said is None else said


def classes_added(event: QuestionChanged) -> list[str]:
    """The labels a question has since an event.

    Examples
    --------
    >>> classes_added(QuestionChanged(at=1, old={"labels": ["a"]}, new={"labels": ["a", "b"]}))
    ['b']
    """
    return [name for name in event.new.get("labels", ()) if name not in event.old.get("labels", ())]


def growth_said(names: Iterable[str], by: str) -> str:
    """Added classes in words.

    Examples
    --------
    >>> growth_said(["unsure"], "ann")
    'ann added the class “unsure”'
    """
    return f"{by} added the class " + ", ".join(f"“{name}”" for name in names)
