"""Before a campaign: is it worth it, and how would it be laid out?"""

from __future__ import annotations

from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from querist.cli import options
from querist.cli.options import AsJson
from querist.cli.output import progress, say, say_json, say_pairs
from querist.core.errors import BadInput

if TYPE_CHECKING:
    from collections.abc import Iterator

    from querist.loop.campaign import Campaign

Data = Annotated[
    str, typer.Argument(metavar="DIR", help="Campaign folder, data file, or number of items.")
]


def assess(
    data: Data,
    id: options.Id = None,
    text: options.Text = None,
    features: options.Features = None,
    images: options.Images = False,
    label: options.Label = None,
    ask: options.Ask = None,
    ask_many: options.AskMany = None,
    number: options.Number = None,
    price: options.Price = None,
    budget: options.Budget = None,
    setup: Annotated[float | None, typer.Option(help="Money for set-up. Default: 500.")] = None,
    hourly: Annotated[
        float | None, typer.Option(help="Money for an hour of computing. Default: 1.")
    ] = None,
    expert: Annotated[bool, typer.Option("--expert", help="Labels take a scarce expert.")] = False,
    audit: Annotated[
        bool, typer.Option("--audit", help="The labels must stand for the pool.")
    ] = False,
    confusable: Annotated[
        bool, typer.Option("--confusable", help="The classes differ in detail.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Say whether active learning is worth it: go, maybe or don't.

    Every reason comes with its number and its source. Any answer leaves with exit code 0;
    nothing is written.
    """
    from querist.loop.worth import assess as judge

    columns = {"id": id, "text": text, "features": features, "label": label, "images": images}
    asked = {"ask": ask, "ask_many": ask_many, "number": number}
    with _opened(data, columns, asked) as of, progress("looking at the pool"):
        found = judge(
            of,
            price=price,
            budget=budget,
            setup=setup,
            hourly=hourly,
            expert=expert,
            audit=audit,
            confusable=confusable,
        )
    if as_json:
        say_json(found.to_json())
    else:
        say(*str(found).splitlines())


def plan(
    data: Data,
    budget: options.Budget = None,
    batch: options.Batch = None,
    start: options.FirstBatch = None,
    cycles: Annotated[int | None, typer.Option(help="Batches after the first one.")] = None,
    holdout: Annotated[int | None, typer.Option(help="Items kept for measuring.")] = None,
    width: Annotated[
        float, typer.Option(help="Width of the 95 % interval that the holdout must give.")
    ] = 0.05,
    score: Annotated[float, typer.Option(help="The score that is expected.")] = 0.9,
    price: options.Price = None,
    as_json: AsJson = False,
) -> None:
    """Lay out a campaign: batches, cycles, holdout, money.

    What is out of the usual range is flagged, never refused.
    """
    from querist.loop.plan import plan as lay_out

    seconds = 0.0
    with _opened(data, {}, {}) as of:
        items = of if isinstance(of, int) else len(of.pool)
        if not isinstance(of, int):
            recipe = of.parts.recipe
            price = recipe.price if price is None else price
            budget = recipe.budget if budget is None else budget
            batch = recipe.batch if batch is None and cycles is None else batch
            seconds = max(sum(turn.seconds.values()) for turn in of.history.rounds)
    found = lay_out(
        items,
        budget=budget,
        batch=batch,
        start=options.count_or_share(start),
        cycles=cycles,
        holdout=holdout,
        width=width,
        score=score,
        price=price,
        seconds=seconds,
    )
    if as_json:
        say_json(found.to_json())
        return
    money = found.money or {}
    counts = {name: getattr(found, name) for name in ("seed", "batch", "cycles", "holdout")}
    shown = {
        name: f"{n:,}" for name, n in {"items": items, **counts, "labels": found.labels}.items()
    }
    say_pairs(shown | {f"money, {name}": f"{spent:,.2f}" for name, spent in money.items()})
    say(*(f"note: {flag}" for flag in found.flags))


@contextmanager
def _opened(data: str, columns: dict[str, Any], asked: dict[str, Any]) -> Iterator[int | Campaign]:
    """A number of items, the campaign of a folder, or one over a data file, in memory only."""
    from querist.loop.config import CONFIG
    from querist.loop.folder import open_data, open_folder

    path = Path(data)
    number = data.replace(",", "").replace("_", "")
    given = [name for name, value in {**columns, **asked}.items() if value]
    shown = ", ".join("--" + name.replace("_", "-") for name in given)
    if number.isdigit() and not path.exists():
        if given:
            raise BadInput(f"{data} is a number of items and has no columns; leave out {shown}")
        yield int(number)
    elif path.is_dir() and ((path / CONFIG).exists() or not any(asked.values())):
        if given:
            raise BadInput(
                f"{data} is a campaign folder and has its own settings; leave out {shown}"
            )
        with open_folder(path) as campaign:
            yield campaign
    elif not asked:
        raise BadInput(
            f"plan takes a campaign folder or a number of items, but got {data!r}; "
            "such as: querist plan 50000 --budget 5000"
        )
    elif not path.exists():
        raise BadInput(f"{data!r} is no number of items, no campaign folder and no data file")
    else:
        columns = {**columns, "features": options.parts_of(columns["features"]) or None}
        question = options.make_question(**asked)
        with open_data(path, question, columns=columns, settings={}) as campaign:
            yield campaign
