"""A study from the command line: a TOML file, or several files and models."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from querist.cli.output import hint, say, say_table, write
from querist.core.errors import BadInput

if TYPE_CHECKING:
    from querist.simulation.findings import Findings

BESIDE_TOML = {"files", "jobs", "out", "as_json", "folder"}
FOLDER = "compare.study"


def refuse_beside_toml(ctx: typer.Context) -> None:
    """Refuse options that the TOML says, rather than pass over them.

    Raises
    ------
    BadInput
    """
    for name in ctx.params:
        source = ctx.get_parameter_source(name)
        if name not in BESIDE_TOML and source is not None and source.name == "COMMANDLINE":
            raise BadInput(
                f"--{name.replace('_', '-')} goes into the TOML file, which says what the study "
                "is; beside it go --dir, --jobs, --out and --json"
            )


def plan_of(files: list[Path], columns: Mapping[str, Any], rest: Mapping[str, Any]) -> Any:
    """The plan that the options of `compare` spell, as a dict.

    Raises
    ------
    BadInput
        When two files have one name.
    """
    columns = {name: value for name, value in columns.items() if value}
    data: dict[str, Any] = {}
    for file in files:
        if file.stem in data:
            raise BadInput(f"two files are called {file.stem!r}; write a study.toml, and name them")
        data[file.stem] = {"file": str(file), **columns}
    return {"data": data} | {name: value for name, value in rest.items() if value is not None}


def run_study(plan: Any, folder: Path | None, jobs: int, out: Path | None, as_json: bool) -> None:
    """Run what is missing of a study, and tell what came out; exit code 1 when runs failed."""
    from querist.simulation.study import Study

    study = Study(plan, folder)
    left = len(study.missing())
    total = sum(1 for _ in study.plan.cells())
    if left < total:
        hint(f"{total - left} of {total} runs are in {study.folder} already")
    found = study.run(n_jobs=jobs)
    if out is not None:
        write(out, found.to_json() if out.suffix == ".json" else _page(found))
        hint(f"wrote {out}")
    if as_json:
        say(found.to_json())
    else:
        _say(found)
    if found.failed:
        hint(f"{len(found.failed)} of {total} runs failed; a next start tries them again")
        raise typer.Exit(1)


def _page(found: Findings) -> str:
    from querist.simulation.study_page import page_of

    return page_of(found)


def _say(found: Findings) -> None:
    from querist.simulation.standings import where
    from querist.simulation.study_page import failures, points

    columns = (
        *("strategy", "settings", "mean rank", "gain", "worst", "wins", "ties", "losses"),
        *("% of points below", "after BH", "saved", "seconds"),
    )
    rows = []
    for row in found.ranking():
        shares = [None if row[k] is None else f"{100 * row[k]:.1f}" for k in ("below", "below_bh")]
        saved = None if row["saved"] is None else f"{100 * row['saved']:.0f} %"
        outcomes = (row["wins"], row["ties"], row["losses"])
        gains = (points(row["gain"]), points(row["worst"]))
        rows.append(
            (
                *(row["strategy"], row["settings"], row["rank"], *gains, *outcomes),
                *(*shares, saved, row["seconds"]),
            )
        )
    say_table(columns, rows, f"{len(found.places)} settings, {len(found.plan.seeds)} seeds")
    say(*found.verdict())
    for row in failures(found):
        hint(f"failed: {row['strategies']} in {where(row)}, seeds {row['seeds']}: {row['error']}")
