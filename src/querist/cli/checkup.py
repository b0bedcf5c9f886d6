"""A folder looked over: is what it holds whole, and does it belong together?"""

from __future__ import annotations

import platform
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from querist.core.errors import BadInput, QueristError
from querist.core.questions import question_from_json
from querist.logs.sqlite import SQLiteLog
from querist.loop.config import read_config
from querist.loop.folder import LOG, MODELS, open_folder, open_folder_pool
from querist.loop.growth import Growth
from querist.loop.journal import Journal


@dataclass(frozen=True)
class Check:
    """One thing looked at: fine (True), wrong (False), or not looked at (None), and the detail."""

    name: str
    ok: bool | None
    detail: str


def checkup(folder: str | Path) -> list[Check]:
    """Check config, hash chain, events, pool, models and training set of a campaign folder.

    What depends on a broken part is left out.

    Raises
    ------
    BadInput
        When the folder holds no campaign.
    """
    folder = Path(folder)
    config = read_config(folder)
    found = [Check("campaign.toml", True, f"written by querist {_writer(config)}")]
    walk = _walk(folder, config)
    for name in ("log", "events", "pool", "models", "training set", "environment"):
        try:
            found.append(Check(name, True, next(walk)))
        except (QueristError, OSError) as error:
            found.append(Check(name, False, str(error)))
            break
    return found


def _walk(folder: Path, config: dict[str, Any]) -> Iterator[str]:
    """The detail of one check after the other; raises at the first that is wrong."""
    if not (folder / LOG).is_file():
        raise BadInput(f"{folder / LOG} is gone; restore it from a backup")
    log = SQLiteLog(folder / LOG)
    try:
        yield f"{log.verify():,} rows, hash chain whole"
        journal = Journal(log)
        state = journal.state
        yield f"all known; {len(state.rounds)} rounds, {len(state.votes):,} labelled items"
        pool = open_folder_pool(folder, config)
        question = question_from_json(config["question"])
        Growth(pool, question, state, {})
        yield f"{len(pool):,} items, the ones the log was written about"
    finally:
        log.close()
    from querist.models import ModelStore

    store = ModelStore(folder / MODELS)
    kept = [(step.round["number"], step.model) for step in state.steps if step.model]
    for number, digest in kept:
        store.load(number, sha256=digest)
    yield f"{len(kept)} files, each with the hash the log holds"
    with open_folder(folder) as campaign:
        last = campaign.history.rounds[-1]
        held = len(campaign.history.training_set(last.number))
    yield f"{held:,} labels of round {last.number}, rebuilt to the same hash"
    assert state.opened is not None
    yield _environment(dict(state.opened.environment))


def _environment(recorded: dict[str, str]) -> str:
    now = {"python": platform.python_version()}
    for package in recorded:
        if package != "python":
            try:
                now[package] = version(package)
            except PackageNotFoundError:
                now[package] = "not installed"
    moved = [f"{p} {recorded[p]} -> {now[p]}" for p in recorded if recorded[p] != now[p]]
    if moved:
        return f"changed since the start: {', '.join(moved)}; numbers may differ in the last digits"
    return ", ".join(f"{package} {seen}" for package, seen in recorded.items())


def _writer(config: dict[str, Any]) -> str:
    return str(config.get("querist", {}).get("version", "of an unknown version"))
