"""Replays on labelled data: would it have helped, and which strategy most?"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from querist.cli import options, studying
from querist.cli.options import AsJson, Out, PageOut, expressions_of, parts_of
from querist.cli.output import hint, say, say_table, write
from querist.core.errors import BadInput

if TYPE_CHECKING:
    from querist.simulation import Comparison

File = Annotated[Path, typer.Argument(metavar="FILE", help="Data with a label in every row.")]
Files = Annotated[
    list[Path],
    typer.Argument(metavar="FILE...", help="Labelled data, or one study.toml."),
]
MaybeLabel = Annotated[str | None, typer.Option("--label", help="Column of the true labels.")]
Models = Annotated[
    str | None,
    typer.Option(
        "--model", help="Estimators as package.module:name, or linear, forest, svm, boosting."
    ),
]
StudyFolder = Annotated[
    Path | None,
    typer.Option("--dir", help="Folder of a study, where finished runs are kept."),
]
Label = Annotated[str, typer.Option("--label", help="Column of the true labels.")]
Strategies = Annotated[
    str, typer.Option("--strategy", help="Names or expressions, comma-separated.")
]
Start = Annotated[int, typer.Option(help="Labels of the first model.")]
Size = Annotated[int, typer.Option("--batch", help="Labels between two models.")]
Budget = Annotated[int | None, typer.Option(help="Labels in all, the start included.")]
Seeds = Annotated[int, typer.Option(help="Replays of each strategy.")]
Test = Annotated[float, typer.Option("--test", help="Share of the rows held out for the score.")]
Scoring = Annotated[
    str,
    typer.Option(
        help="scikit-learn's scores, comma-separated; also neg_calibration_error, and neg_cost "
        "with --mistakes."
    ),
]
Control = Annotated[float, typer.Option(help="Share of every batch drawn at random.")]
Jobs = Annotated[int, typer.Option(help="Processes; -1 takes one per core.")]


def simulate(
    ctx: typer.Context,
    file: File,
    label: Label,
    id: options.Id = None,
    text: options.Text = None,
    features: options.Features = None,
    images: options.Images = False,
    strategy: Strategies = "auto",
    model: options.Model = None,
    start: Start = 20,
    batch: Size = 20,
    budget: Budget = None,
    seeds: Seeds = 5,
    test: Test = 0.25,
    scoring: Scoring = "accuracy",
    control: Control = 0.0,
    mistakes: options.Mistakes = None,
    seed: options.Seed = 0,
    jobs: Jobs = 1,
    out: Out = None,
    as_json: AsJson = False,
) -> None:
    """Replay strategies on labelled data, and print their curves.

    Random labelling always runs along. --json gives every curve; --out writes that to a file.
    """
    *data, _ = _data(file, label, id=id, text=text, features=features, images=images)
    found = _compare(
        data,
        expressions_of(strategy),
        model=model,
        seeds=range(seed, seed + seeds),
        n_jobs=jobs,
        **_settings(ctx.params),
    )
    if out is not None:
        write(out, found.to_json())
        hint(f"wrote {out}")
    if as_json:
        say(found.to_json())
        return
    curves = {name: found.matrix(name) for name in found.curves}
    grid = next(iter(curves.values()))[0]
    rows = [
        (int(labels), *(float(scores[:, at].mean()) for _, scores in curves.values()))
        for at, labels in enumerate(grid)
    ]
    say_table(("labels", *curves), rows, f"mean {scoring} of {seeds} seeds")
    _say_verdicts(found)


def compare(
    ctx: typer.Context,
    files: Files,
    label: MaybeLabel = None,
    id: options.Id = None,
    text: options.Text = None,
    features: options.Features = None,
    images: options.Images = False,
    strategy: Strategies = "auto,margin",
    model: Models = None,
    start: Start = 20,
    batch: Size = 20,
    budget: Budget = None,
    seeds: Seeds = 10,
    test: Test = 0.25,
    scoring: Scoring = "accuracy",
    control: Control = 0.0,
    mistakes: options.Mistakes = None,
    target: Annotated[
        float | None, typer.Option(help="Also tell the labels each needs to this score.")
    ] = None,
    groups: Annotated[
        str | None, typer.Option(help="Column of a group: also tell whom each asked about.")
    ] = None,
    seed: options.Seed = 0,
    jobs: Jobs = 1,
    folder: StudyFolder = None,
    out: PageOut = None,
    as_json: AsJson = False,
) -> None:
    """Rank strategies against random, seed by seed, with intervals.

    A saving is claimed only where its whole interval lies above 0, and losses are named.
    --out writes a report (.html) or everything as JSON (.json). A study.toml, several files
    or models, or --dir make a study: every run is kept, and a second start goes on.
    """
    if any(file.suffix == ".toml" for file in files):
        if len(files) > 1:
            raise BadInput("one study.toml goes alone; name the data in it")
        studying.refuse_beside_toml(ctx)
        studying.run_study(files[0], folder, jobs, out, as_json)
        return
    if label is None:
        raise BadInput("which column holds the true labels? Give --label NAME, or a study.toml")
    columns: dict[str, Any] = {
        "id": id,
        "text": text,
        "features": features,
        "images": images,
        "groups": groups,
    }
    replays = list(range(seed, seed + seeds))
    settings = _settings(ctx.params)
    if len(files) > 1 or folder is not None or len(parts_of(model)) > 1:
        columns |= {"label": label, "features": parts_of(features)}
        rest = {"models": parts_of(model) or None, "seeds": replays, "target": target}
        rest |= {"strategies": expressions_of(strategy), **settings}
        plan = studying.plan_of(files, columns, rest)
        studying.run_study(plan, folder or Path(studying.FOLDER), jobs, out, as_json)
        return
    (file,) = files
    *data, of = _data(file, label, **columns)
    found = _compare(
        data,
        expressions_of(strategy),
        groups=of,
        model=model,
        seeds=replays,
        n_jobs=jobs,
        **settings,
    )
    if out is not None:
        as_page = out.suffix == ".html"
        write(out, _page(found, file, scoring, of) if as_page else found.to_json())
        hint(f"wrote {out}")
    if as_json:
        say(found.to_json())
        return
    say_table(COLUMNS, _ranked(found), f"{scoring}, {seeds} seeds")
    _say_verdicts(found)
    if of is not None:
        say_table(ASKED, _asked(found, of), "whom they asked about")
    if target is not None:
        say(*(f"{name}: {_reach(r, target)}" for name, r in found.labels_to(target).items()))


COLUMNS = (
    "strategy",
    "curve height",
    "final score",
    "labels to random's end",
    "saved",
    "losses",
    "seconds",
)
ASKED = ("strategy", "group", "% of the pool", "% of the queries", "labels found")


def _settings(given: dict[str, Any]) -> dict[str, Any]:
    """What a verb hands to every replay, by the names that `simulate` and a study have for it."""
    names = ("start", "batch", "budget", "scoring", "control", "mistakes")
    return {name: given[name] for name in names} | {"test_size": given["test"]}


def _data(file: Path, label: str, **columns: Any) -> tuple[Any, list[Any], Any]:
    """Items, true labels and groups of a file."""
    from querist.simulation.labelled import read_labelled

    columns["features"] = parts_of(columns["features"]) or None
    return read_labelled(file, label, **columns)


def _compare(
    data: Sequence[Any], strategies: list[str], model: str | None, **settings: Any
) -> Comparison:
    from querist.loop.folder import model_by_name
    from querist.simulation import compare as run
    from querist.simulation.estimators import DEFAULT, NAMED, Part, model_of
    from querist.simulation.problem import is_regression, opened

    if model in NAMED:
        numbers = is_regression(None, data[1])
        estimator = model_of(Part(DEFAULT), Part(model), opened(data[0]), regression=numbers)
    else:
        estimator = None if model is None else model_by_name(model)
    settings["scoring"] = parts_of(settings["scoring"])
    return run(*data, model=estimator, strategies=strategies, **settings)


def _ranked(found: Comparison) -> list[tuple[Any, ...]]:
    rows = []
    for row in found.table():
        saved = row["saved"]
        said = None
        if saved is not None:
            low, high = 100 * row["saved_low"], 100 * row["saved_high"]
            said = f"{100 * saved:.0f} % [{low:.0f}, {high:.0f}]"
        labels = None if row["labels"] is None else round(row["labels"])
        rows.append(
            (
                row["strategy"],
                _range(row, "aubc"),
                _range(row, "final"),
                labels,
                said,
                row["losses"],
                float(f"{row['seconds']:.3g}"),
            )
        )
    return rows


def _asked(found: Comparison, of: Any) -> list[tuple[Any, ...]]:
    rows = []
    for row in found.asked(of):
        share = {name: row[name] and 100 * row[name] for name in row if name.startswith("share")}
        told = (f"{100 * row['pool']:.1f}", _range(share, "share", 1), _range(row, "found", 1))
        rows.append((row["strategy"], row["group"], *told))
    return rows


def _range(row: dict[str, Any], name: str, digits: int = 3) -> str:
    value, low, high = (row[f"{name}{end}"] for end in ("", "_low", "_high"))
    if low is None:
        return f"{value:.{digits}f}"
    return f"{value:.{digits}f} [{low:.{digits}f}, {high:.{digits}f}]"


def _reach(reach: Any, target: float) -> str:
    got = f"{reach.reached} of {reach.seeds} seeds reach {target:g}"
    if not reach.reached:
        return got
    ends = (reach.labels.value, reach.labels.low, reach.labels.high)
    median, low, high = ("never" if end == float("inf") else f"{end:.0f}" for end in ends)
    return f"median labels {median} [{low}, {high}]; {got}"


def _say_verdicts(found: Comparison) -> None:
    say(*(f"{name}: {said}" for name, said in found.verdict().items()))


def _page(found: Comparison, file: Path, scoring: str, of: Any) -> str:
    from querist.reports.page import Report, Section, Table, render

    verdicts = [f"{name}: {said}" for name, said in found.verdict().items()]
    losses = [tuple(loss.values()) for loss in found.losses()] if len(found.seeds) > 1 else []
    whom = [] if of is None else [Section("Whom they asked", Table(ASKED, _asked(found, of)))]
    lost = ("strategy", "labels", "difference", "p", "p (Holm)", "p (BH)")
    return render(
        Report(
            title=f"Strategies compared on {file.name}",
            subtitle=f"{scoring}, {len(found.seeds)} paired seeds, 95 % intervals over seeds",
            sections=[
                Section("Learning curves", found.plot()),
                Section("Ranking", Table(COLUMNS, _ranked(found))),
                Section("In words", "\n".join(verdicts)),
                *whom,
                Section(
                    "Points below random (p < 0.05, before any correction)", Table(lost, losses)
                ),
            ],
            notes=[
                "every label counts, those of the start included",
                "the score is that of a test part which no strategy saw",
            ],
        )
    )
