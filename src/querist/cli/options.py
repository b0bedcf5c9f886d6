"""Arguments and options that several verbs share, under one name and one help text."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

Folder = Annotated[Path, typer.Argument(metavar="DIR", help="Folder of the campaign.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON for scripts, not text.")]
By = Annotated[str, typer.Option("--by", help="Name of the annotator.")]
Out = Annotated[Path | None, typer.Option("--out", help="Write to this file.")]

Id = Annotated[str | None, typer.Option("--id", help="Column of the ids; content ids without.")]
Text = Annotated[str | None, typer.Option("--text", help="Column of the text to label.")]
Features = Annotated[
    str | None, typer.Option("--features", help="Columns the model sees, comma-separated.")
]
Images = Annotated[bool, typer.Option("--images", help="The texts are paths of image files.")]

Batch = Annotated[int | None, typer.Option("--batch", help="Items per round.")]
Budget = Annotated[int | None, typer.Option("--budget", help="Labels that may be bought.")]
Price = Annotated[float | None, typer.Option("--price", help="Money per label.")]
Until = Annotated[
    str | None, typer.Option("--until", help='Stopping rules, such as "target=0.9, plateau".')
]
Model = Annotated[str | None, typer.Option("--model", help="An estimator as package.module:name.")]
PickLimit = Annotated[
    float | None,
    typer.Option("--pick-limit", help="Seconds a choice may be estimated to take; 0 allows all."),
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


def count_or_share(text: str | None) -> int | float | None:
    """A count (1 or more) or a share (below 1), as `holdout` takes it.

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
