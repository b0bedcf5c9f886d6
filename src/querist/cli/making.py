"""Campaign folders: new, change, import."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from querist.cli import options
from querist.cli.options import AsJson, By, Folder, count_or_share, parts_of
from querist.cli.output import hint, progress, say, say_json
from querist.core.errors import BadInput

if TYPE_CHECKING:
    from querist.loop.campaign import Campaign

Strategy = Annotated[
    str | None, typer.Option(help="Who picks; see: querist strategies. Default: auto.")
]


def new(
    data: Annotated[Path, typer.Argument(metavar="FILE", help="Data file, or folder of images.")],
    folder: Annotated[Path, typer.Option("--dir", help="Folder to make.")],
    id: options.Id = None,
    text: options.Text = None,
    features: options.Features = None,
    images: options.Images = False,
    label: options.Label = None,
    costs: Annotated[
        str | None, typer.Option(help="Column of what a label costs, for per_cost and knapsack.")
    ] = None,
    groups: Annotated[
        str | None, typer.Option(help="Column of the group of an item: quotas, scores by group.")
    ] = None,
    ask: options.Ask = None,
    ask_many: options.AskMany = None,
    number: options.Number = None,
    batch: options.Batch = None,
    start: options.FirstBatch = None,
    budget: options.Budget = None,
    price: options.Price = None,
    holdout: Annotated[
        str | None, typer.Option(help="Items kept for measuring, a count or a share.")
    ] = None,
    control: Annotated[
        float | None, typer.Option(help="Share of every batch drawn at random. Default: 0.1.")
    ] = None,
    control_until: options.ControlUntil = None,
    strategy: Strategy = None,
    model: options.Model = None,
    until: options.Until = None,
    pick_limit: options.PickLimit = None,
    mistakes: options.Mistakes = None,
    seed: options.Seed = 0,
    as_json: AsJson = False,
) -> None:
    """Make a campaign folder from a data file.

    A label column with gaps gives the first labels; a full one is kept as the truth of a
    rehearsal (querist run --oracle truth).
    """
    from querist.loop.folder import create_folder

    columns = {
        "id": id,
        "text": text,
        "features": features if features is None else parts_of(features),
        "label": label,
        "images": images,
        "costs": costs,
        "groups": groups,
    }
    settings = {
        "strategy": strategy,
        "batch": batch,
        "start": count_or_share(start),
        "budget": budget,
        "price": price,
        "control": control,
        "control_until": control_until,
        "holdout": count_or_share(holdout),
        "until": until,
        "model": model,
        "pick_limit": pick_limit,
        "mistakes": mistakes,
        "seed": seed,
    }
    question = options.make_question(ask, ask_many, number)
    with (
        progress("opening the pool and choosing the first batch"),
        create_folder(folder, data, question, columns=columns, settings=settings) as made,
    ):
        _say_made(made, folder, as_json)


def _say_made(made: Campaign, folder: Path, as_json: bool) -> None:
    status = made.status()
    if as_json:
        say_json({"dir": str(folder), **status})
        return
    counts, queue = status["items"], status["queue"]
    say(
        f"{folder}: {counts['total']:,} items, {status['labels']:,} labels given, "
        f"{queue['waiting']:,} tasks wait"
        + (f", and {queue['holdout_waiting']:,} for the holdout" * bool(queue["holdout_waiting"])),
        *(f"note: {note}" for note in status["notes"]),
    )
    hint(f"next, in the browser: querist serve {folder}    in the terminal: querist label {folder}")
    hint(f"or from a script: querist ask {folder} -n 5, then querist tell, step, status")


def change(
    folder: Folder,
    budget: options.Budget = None,
    price: options.Price = None,
    batch: options.Batch = None,
    strategy: Strategy = None,
    model: options.Model = None,
    until: options.Until = None,
    pick_limit: options.PickLimit = None,
    control_until: options.ControlUntil = None,
    mistakes: options.Mistakes = None,
    by: By = "me",
    as_json: AsJson = False,
) -> None:
    """Change settings of a campaign; the log keeps both."""
    from querist.loop.folder import change_folder

    asked: dict[str, Any] = {
        "budget": budget,
        "price": price,
        "batch": batch,
        "strategy": strategy,
        "model": model,
        "until": until,
        "pick_limit": pick_limit,
        "control_until": control_until,
        "mistakes": mistakes,
    }
    settings = {name: value for name, value in asked.items() if value is not None}
    if not settings:
        raise BadInput(
            f"nothing to change; name one of {', '.join('--' + n.replace('_', '-') for n in asked)}"
        )
    before, after = change_folder(folder, settings, by)
    if as_json:
        say_json({"changed": settings, "status": after})
    else:
        say(
            *(
                f"{name}: {before.get(name)} -> {after.get(name, settings[name])}"
                for name in settings
            )
        )


def import_(
    folder: Folder,
    file: Annotated[Path, typer.Argument(metavar="FILE", help="Items, or labels with --labels.")],
    labels: Annotated[
        bool, typer.Option("--labels", help="FILE holds labels: id and value.")
    ] = False,
    by: Annotated[
        str, typer.Option("--by", help="Whose labels they are; those of import cost nothing.")
    ] = "import",
    as_json: AsJson = False,
) -> None:
    """Append items, or take in labels that exist."""
    from querist.loop.folder import add_to_folder, open_folder

    if labels:
        from querist.cli.labelfile import read_labels

        answers = [{"task": i, "value": value, "by": by} for i, value in read_labels(file)]
        with open_folder(folder) as campaign:
            campaign.tell_many(answers)
        count = len(answers)
    else:
        with progress("reading the items"):
            count = add_to_folder(folder, file)
    what = "labels" if labels else "items"
    if as_json:
        say_json({"imported": count, "what": what})
    else:
        say(f"{count:,} {what} imported; they count from the next: querist step {folder}")
