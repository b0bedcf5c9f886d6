"""Arguments and options that several verbs share, under one name and one help text."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from querist.core.protocols import Question

Folder = Annotated[Path, typer.Argument(metavar="DIR", help="Folder of the campaign.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON for scripts, not text.")]
By = Annotated[str, typer.Option("--by", help="Name of the annotator.")]
Out = Annotated[Path | None, typer.Option("--out", help="Write to this file.")]


def _page_or_json(path: Path | None) -> Path | None:
    """Refuse what nothing can be written as, before hours go into it."""
    if path is not None and path.suffix not in (".html", ".json"):
        raise typer.BadParameter(f"a report is .html or .json, not {path.name!r}")
    return path


PageOut = Annotated[
    Path | None,
    typer.Option("--out", help="Write to this .html or .json file.", callback=_page_or_json),
]

Id = Annotated[str | None, typer.Option("--id", help="Column of the ids; content ids without.")]
Text = Annotated[str | None, typer.Option("--text", help="Column of the text to label.")]
Features = Annotated[
    str | None, typer.Option("--features", help="Columns the model sees, comma-separated.")
]
Images = Annotated[bool, typer.Option("--images", help="The texts are paths of image files.")]

Label = Annotated[
    str | None,
    typer.Option(
        "--label", help='Column of known labels; "folder" for the sub-folder of an image.'
    ),
]

Ask = Annotated[str | None, typer.Option("--ask", help='The labels, comma-separated; or "number".')]
AskMany = Annotated[
    str | None,
    typer.Option("--ask-many", help="Labels of which several may hold, comma-separated."),
]
Number = Annotated[
    str | None,
    typer.Option("--number", help="Ask for a number within LOW,HIGH; either may be empty."),
]
Batch = Annotated[int | None, typer.Option("--batch", help="Items per round.")]
FirstBatch = Annotated[
    str | None, typer.Option("--start", help="Items of the first batch, a count or a share.")
]
Budget = Annotated[int | None, typer.Option("--budget", help="Labels that may be bought.")]
ControlUntil = Annotated[
    int | None,
    typer.Option(help="Control labels from which on their share shrinks. Default: it stays."),
]
Price = Annotated[float | None, typer.Option("--price", help="Money per label.")]
Until = Annotated[
    str | None, typer.Option("--until", help='Stopping rules, such as "target=0.9, plateau".')
]
Model = Annotated[str | None, typer.Option("--model", help="An estimator as package.module:name.")]
PickLimit = Annotated[
    float | None,
    typer.Option("--pick-limit", help="Seconds a choice may be estimated to take; 0 allows all."),
]
Mistakes = Annotated[
    str | None,
    typer.Option(help='Costs of mistakes that are not 1: "true,decided=cost; ...".'),
]
Seed = Annotated[int, typer.Option("--seed", help="Decides every draw.")]


def parts_of(text: str | None) -> list[str]:
    """The parts of a comma-separated option.

    Examples
    --------
    >>> parts_of("spam, ham")
    ['spam', 'ham']
    """
    return [part.strip() for part in (text or "").split(",") if part.strip()]


def expressions_of(text: str) -> list[str]:
    """The parts of a comma-separated option whose parts may hold commas in brackets.

    Examples
    --------
    >>> expressions_of("margin, Mix({Margin(): .8, Random(): .2})")
    ['margin', 'Mix({Margin(): .8, Random(): .2})']
    """
    found, depth = [""], 0
    for letter in text:
        depth += (letter in "([{") - (letter in ")]}")
        if letter == "," and not depth:
            found.append("")
        else:
            found[-1] += letter
    return [part.strip() for part in found if part.strip()]


def count_or_share(text: str | None) -> int | float | None:
    """A count (1 or more) or a share (below 1), as `holdout` and `start` take it.

    Raises
    ------
    BadInput
        When the text is no number.

    Examples
    --------
    >>> count_or_share("200"), count_or_share("0.1"), count_or_share(None)
    (200, 0.1, None)
    """
    from querist.core.errors import BadInput

    if text is None:
        return None
    try:
        number = float(text)
    except ValueError:
        raise BadInput(
            f"a count such as 200 or a share such as 0.1 is expected; got {text!r}"
        ) from None
    return int(number) if number.is_integer() else number


def make_question(ask: str | None, ask_many: str | None, number: str | None) -> Question:
    """The question that the options ask for.

    Raises
    ------
    BadInput
        Unless exactly one of them is given.

    Examples
    --------
    >>> make_question("spam,ham", None, None), make_question(None, None, "0,")
    (Choice(labels=('spam', 'ham')), Number(low=0.0, high=None))
    """
    from querist.core.errors import BadInput
    from querist.core.questions import Choice, Choices
    from querist.core.questions import Number as NumberQuestion

    if sum(given is not None for given in (ask, ask_many, number)) != 1:
        raise BadInput(
            "what is asked? Give one of --ask a,b,c (one label), --ask-many a,b,c (several), "
            "--ask number, or --number LOW,HIGH"
        )
    if ask_many is not None:
        return Choices(parts_of(ask_many))
    if ask is not None and ask != "number":
        return Choice(parts_of(ask))
    low, _, high = (number or ",").partition(",")
    try:
        return NumberQuestion(
            float(low) if low.strip() else None, float(high) if high.strip() else None
        )
    except ValueError as error:
        raise BadInput(f"--number takes LOW,HIGH such as 0,10 or 0, ; got {number!r}") from error
