"""The demo: the main job on a real pool, from an empty folder to a report."""

from __future__ import annotations

import shutil
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from querist.cli.options import AsJson, Seed
from querist.cli.output import console, say, say_json
from querist.core.errors import BadInput

if TYPE_CHECKING:
    from querist.core.types import Round
    from querist.loop.campaign import Campaign
    from querist.simulation import Comparison
    from querist.simulation.oracles import Annotators

MARK = ".querist-demo"
LOG = ("log.sqlite", "log.sqlite-wal", "log.sqlite-shm")
SERVED = ("work.log", "serve.log", "people.sqlite", "people.sqlite-wal", "people.sqlite-shm")
HOOKS = ("hooks.sqlite", "hooks.sqlite-wal", "hooks.sqlite-shm")
LOCKS = ("import.lock", "config.lock")
FILES = ("campaign.toml", "pool", "models", "report.html", "digits.npz", MARK)
MADE = (*FILES, *LOG, *SERVED, *HOOKS, *LOCKS)
PEOPLE = {"ann": (0.03, 2.6), "bob": (0.05, 1.9), "eve": (0.08, 1.4)}  # error rate, seconds
DIGITS = [str(digit) for digit in range(10)]
HOLDOUT, BATCH, TRAINING, PRICE, SEEDS = 300, 25, 300, 0.06, 10
FASTER = 45  # times as fast as people: seven minutes of three people take ten seconds
TITLE = "Handwritten digits, labelled by three people who err"


def demo(
    folder: Annotated[Path, typer.Option("--dir", help="Folder to make, afresh.")] = Path("demo"),
    seed: Seed = 0,
    quick: Annotated[bool, typer.Option("--quick", help="Three replays, not ten.")] = False,
    as_json: AsJson = False,
) -> None:
    """Run the main job on a real pool, and write a report.

    1,797 handwritten digits, a holdout, three simulated annotators who err and label over HTTP
    while a process beside the server retrains, the default model and strategy with a control
    slice; then the same against random labelling over ten seeds.
    """
    from threadpoolctl import threadpool_limits

    from querist.loop.folder import open_folder
    from querist.loop.report import write_report

    begun = time.perf_counter()
    screen = _Screen(quiet=as_json)
    # small models lose more to threads that wait for each other than they gain by them
    with threadpool_limits(1), _opened(folder, seed) as campaign:
        screen.head(campaign)
    truth = _truth(folder)
    team = _team(truth, seed)
    _label_all(folder, team, screen)
    with threadpool_limits(1), open_folder(folder) as campaign:
        comparison = _replay(campaign, truth, 3 if quick else SEEDS, seed, screen)
        hidden = _against_truth(campaign, truth)
        notes = [
            "the annotators of this demo are simulated: they err in 3, 5 and 8 % of the items, in "
            "the holdout too, so a perfect model would score about 0.95",
            f"against the true digits, which no part of the run ever saw, it scores {hidden}",
            "in the replays the same people label the same images, and the same holdout scores "
            "them; the saving is in training labels, since both sides pay for the holdout",
        ]
        report = write_report(
            campaign, folder / "report.html", comparison, title=TITLE, notes=notes
        )
        result = _result(campaign, comparison, hidden, report, time.perf_counter() - begun)
    if as_json:
        say_json(result)
    else:
        screen.end(folder, result, comparison)


def clear(folder: Path) -> None:
    """Make room for a fresh demo: remove what an earlier one made, and nothing else.

    Raises
    ------
    BadInput
        When the folder holds anything but a demo.
    """
    if folder.is_dir() and any(folder.iterdir()) and not (folder / MARK).is_file():
        raise BadInput(
            f"{folder} is not empty and was not made by querist demo, so it stays as it is; "
            "choose another --dir"
        )
    for name in MADE:
        path = folder / name
        if path.is_dir():
            shutil.rmtree(path)
        else:
            path.unlink(missing_ok=True)
    folder.mkdir(parents=True, exist_ok=True)
    (folder / MARK).write_text("made by querist demo; the next demo replaces it\n")


@contextmanager
def _opened(folder: Path, seed: int) -> Iterator[Campaign]:
    import numpy as np
    from sklearn.datasets import load_digits

    from querist.core.questions import Choice
    from querist.loop.folder import create_folder

    clear(folder)
    digits = load_digits()
    names = np.array([f"digit-{row:04}" for row in range(len(digits.target))])
    np.savez_compressed(
        folder / "digits.npz",
        X=(digits.images * 15).astype(np.uint8),
        id=names,
        y=digits.target.astype(str),
    )
    settings = {
        "strategy": "auto",
        "batch": BATCH,
        "start": 2 * BATCH,
        "holdout": HOLDOUT,
        "budget": HOLDOUT + TRAINING,
        "price": PRICE,
        "until": "target=0.9 & plateau",
        "seed": seed,
    }
    with create_folder(
        folder,
        folder / "digits.npz",
        Choice(DIGITS),
        columns={"id": "id", "label": "y"},
        settings=settings,
    ) as campaign:
        (folder / "digits.npz").unlink()  # the folder keeps its own copy under pool/
        yield campaign


def _truth(folder: Path) -> dict[str, str]:
    from querist.loop.folder import truth

    return truth(folder)


def _team(truth: dict[str, str], seed: int) -> Annotators:
    from querist.simulation.oracles import Annotators

    return Annotators(truth, PEOPLE, labels=DIGITS, seed=seed)


def _label_all(folder: Path, team: Annotators, screen: _Screen) -> None:
    """Three people at the server, the holdout first, while another process retrains."""
    from querist.cli.playing import play, served

    with served(folder) as address, screen.bar(HOLDOUT + TRAINING) as done:
        screen.stopped(play(address, team, faster=FASTER, counted=done, trained=screen.round))


def _replay(
    campaign: Campaign, truth: dict[str, str], seeds: int, seed: int, screen: _Screen
) -> Comparison:
    """The same recipe and random labelling, seed by seed, on the pool without its holdout."""
    import os

    import numpy as np

    from querist.simulation import compare

    pool = campaign.pool
    told = {row["id"]: row["value"] for row in campaign.labels() if row["arm"] == "holdout"}
    test = pool.rows(list(told))
    rest = np.setdiff1d(np.arange(len(pool)), test)
    y = np.array([truth[item_id] for item_id in pool.ids(rest)])
    screen.replays(seeds)
    return compare(
        pool.items(rest),
        y,
        model=None,
        strategies=["auto", "random"],
        seeds=range(seed, seed + seeds),
        n_jobs=min(2, os.cpu_count() or 1),
        progress=not screen.quiet,
        start=2 * BATCH,
        batch=BATCH,
        budget=TRAINING,
        X_test=pool.items(test),
        y_test=np.array(list(told.values())),
        oracle=_team(dict(enumerate_text(y)), seed),
    )


def enumerate_text(values: Any) -> Iterator[tuple[str, Any]]:
    """Values by their number as text, as a replay names its rows.

    Examples
    --------
    >>> list(enumerate_text(["a", "b"]))
    [('0', 'a'), ('1', 'b')]
    """
    return ((str(row), value) for row, value in enumerate(values))


def _against_truth(campaign: Campaign, truth: dict[str, str]) -> Any:
    """Accuracy of the last model on the true digits of the holdout."""
    ids = [row["id"] for row in campaign.labels() if row["arm"] == "holdout"]
    items = campaign.pool.items(campaign.pool.rows(ids))
    last = campaign.history.rounds[-1].number
    return campaign.history.score(last, items, [truth[i] for i in ids])["accuracy"]


def _result(
    campaign: Campaign, comparison: Comparison, hidden: Any, report: Path, seconds: float
) -> dict[str, Any]:
    status, saving = campaign.status(), comparison.saved()["auto"]
    last = campaign.history.rounds[-1]
    chosen = [row["id"] for row in campaign.labels() if row["arm"] == "open"]
    return {
        "labels": status["bought"],
        "training": last.labels,
        "holdout": last.holdout,
        "late": status["bought"] - last.labels - last.holdout,  # told while the last model trained
        "accuracy": vars(last.metrics["accuracy"]),
        "accuracy_truth": vars(hidden),
        "saved": {**vars(saving.share), "proven": saving.proven, "seeds": len(comparison.seeds)},
        "spent": status["spent"],
        "stopped": last.verdicts["stop"].reason,
        "report": str(report),
        "item": chosen[-1],
        "seconds": round(seconds, 1),
    }


class _Screen:
    """What a person sees: colours and a bar on a terminal, plain lines in a pipe."""

    def __init__(self, quiet: bool) -> None:
        from rich.console import Console

        self.quiet = quiet
        self.live = not quiet and sys.stdout.isatty()
        self.console: Console = console()
        self._shown: set[int] = set()

    def line(self, text: str, style: str = "") -> None:
        """A line, styled on a terminal."""
        if self.live:
            self.console.print(text, style=style)
        elif not self.quiet:
            say(text)

    def head(self, campaign: Campaign) -> None:
        """What is going to happen."""
        status = campaign.status()
        self.line(f"\n{TITLE}", "bold")
        self.line(
            f"{status['items']['total']:,} images of 8 x 8 pixels, {status['items']['held_out']} "
            f"of them held out; budget {status['budget']} labels at {PRICE:.2f}"
        )
        self.line(f"strategy  {status['strategy']}, every tenth label drawn at random")
        self.line(f"model     {status['model']}")
        said = ", ".join(
            f"{name} ({100 * error:.0f} % wrong)" for name, (error, _) in PEOPLE.items()
        )
        self.line(f"people    {said}, simulated\n")
        self.line(
            f"{'round':>5}  {'labels':>6}  {'accuracy on the holdout':<44}  {'spent':>6}", "dim"
        )

    @contextmanager
    def bar(self, total: int | None) -> Iterator[Any]:
        """Count the labels as they come in."""
        if not self.live:
            yield lambda n: None
            return
        from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

        columns = (TextColumn("       labelling"), BarColumn(30), MofNCompleteColumn())
        shown = Progress(*columns, console=self.console, transient=True)
        with shown:
            task = shown.add_task("", total=total)
            yield lambda n: shown.update(task, advance=n)

    def round(self, turn: Round) -> None:
        """One row of the table, for a round that trained a model."""
        found = turn.metrics.get("accuracy")
        if found is None or turn.number in self._shown:
            return
        self._shown.add(turn.number)
        filled = round(20 * found.value)
        bar = "█" * filled + "░" * (20 - filled) if self.live else ""
        shown = f"{bar} {found}".strip()
        self.line(f"{turn.number:>5}  {turn.labels:>6}  {shown:<44}  {turn.spent:>6.2f}")

    def stopped(self, reason: str) -> None:
        """Why it ended."""
        self.line(f"\nstop: {reason}")

    def replays(self, seeds: int) -> None:
        """What comes next takes a while."""
        self.line(
            f"\nIs that better than random? {seeds} paired replays, same people, same holdout ..."
        )

    def end(self, folder: Path, result: dict[str, Any], comparison: Comparison) -> None:
        """The result, and where to go from here."""
        from querist.core.types import Interval

        on = Interval(**result["accuracy"])
        hidden = Interval(**result["accuracy_truth"])
        reach = comparison.labels_to(0.9)
        verdict = comparison.verdict()["auto"].replace(" of the labels", " of the training labels")
        self.line("")
        late = f", {result['late']} after the last model" if result["late"] else ""
        self.line(
            f"labels    {result['labels']} bought: {result['training']} to learn from, "
            f"{result['holdout']} to measure on{late}"
        )
        self.line(f"accuracy  {on} on the holdout as labelled; {hidden} against the truth")
        self.line(f"saved     {verdict}", "bold")
        medians = ", ".join(f"{name} {r.labels.value:.0f}" for name, r in reach.items())
        self.line(f"          {len(comparison.seeds)} seeds; labels to reach 0.9: {medians}")
        self.line(f"money     {result['spent']:.2f}")
        self.line(f"report    {result['report']}")
        self.line(f"          {result['seconds']:.0f} seconds in all\n")
        self.line(f"label     querist serve {folder}    opens the labelling page in a browser")
        self.line(f"next      querist status {folder}")
        self.line(f"          querist why {folder} {result['item']}")
        self.line(f"          querist export {folder} --out labels.csv")
