"""The turn of the ring: step, and run with an oracle that answers."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from querist.cli import options
from querist.cli.options import AsJson, By, Folder
from querist.cli.output import progress, say, say_json
from querist.core.errors import BadInput
from querist.core.progress import progress as listening

if TYPE_CHECKING:
    from querist.core.types import Round
    from querist.loop.campaign import Campaign, Oracle


def step(folder: Folder, as_json: AsJson = False) -> None:
    """Train, measure, judge, and choose the next batch."""
    from querist.loop.folder import open_folder

    with (
        progress("training, measuring, choosing") as advance,
        listening(lambda *said: advance(0, note="{} {:,} of {:,}".format(*said))),
        open_folder(folder) as campaign,
    ):
        turn = campaign.step()
    say_round(turn, as_json)


def run(
    folder: Folder,
    oracle: Annotated[
        str,
        typer.Option(
            help="truth (the label column), a file of labels (id, value), a URL, or person."
        ),
    ] = "truth",
    noise: Annotated[float, typer.Option(help="Share of answers that are wrong.")] = 0.0,
    until: options.Until = None,
    by: By = "oracle",
    as_json: AsJson = False,
) -> None:
    """Turn the ring unattended until a rule says stop."""
    from querist.loop.folder import open_folder

    with open_folder(folder) as campaign:
        answers = _oracle(folder, oracle, noise, campaign)
        budget = campaign.status()["budget"]
        with progress("labels", total=budget) as advance:

            def answer(task: Any) -> Any:
                advance(1)
                return answers(task)

            rounds = campaign.run(answer, until=until, by=by)
    for turn in rounds:
        say_round(turn, as_json)
    if not as_json:
        say(f"ended: {ending(rounds[-1])}")


def say_round(turn: Round, as_json: bool) -> None:
    """Print a round: as a JSON line, or as a sentence."""
    if as_json:
        from querist.loop.rounds import round_to_json

        say_json({**round_to_json(turn), "stop": turn.stop})
        return
    parts = [f"round {turn.number}: {turn.labels:,} labels"]
    for name in list(turn.metrics)[:1]:
        parts.append(f"{name} {turn.metrics[name]} ({turn.measured_on})")
    if turn.spent:
        parts.append(f"spent {turn.spent:,.2f}")
    parts.append(f"{turn.queued:,} tasks queued")
    say("; ".join(parts), *(f"note: {note}" for note in turn.notes))
    if turn.stop:
        say(f"stop: {ending(turn)}")


def ending(turn: Round) -> str:
    """Why the loop ended after a round."""
    return turn.verdicts["stop"].reason if turn.stop else "nobody answers any more"


def _oracle(folder: Path, name: str, noise: float, campaign: Campaign) -> Oracle:
    """Who answers; items without a known label are passed on."""
    from querist.simulation import oracles

    question = campaign.parts.question
    labels = getattr(question, "labels", ())
    if noise and question.view != "choice":
        raise BadInput("--noise swaps one label for another, so it goes with --ask a,b,c only")
    if name == "person":
        return oracles.Terminal(question)
    if "://" in name:
        return oracles.Remote(name)
    known = {i: question.check(value) for i, value in _known(folder, name)}
    says: Oracle = oracles.Truth(known)
    if noise:
        says = oracles.Noisy(says, noise, labels, seed=campaign.parts.recipe.seed)
    return lambda task: says(task) if task.item_id in known else None


def _known(folder: Path, name: str) -> list[tuple[str, Any]]:
    if name != "truth":
        from querist.cli.labelfile import read_labels

        return read_labels(Path(name))
    from querist.loop.folder import truth

    known = [(i, value) for i, value in truth(folder).items() if value is not None]
    if not known:
        raise BadInput(
            f"{folder} holds no label column to answer from; make it with --label COLUMN, or give "
            "--oracle FILE with id and value"
        )
    return known
