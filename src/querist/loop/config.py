"""campaign.toml: what a campaign folder is made of, read, and changed by one at a time."""

from __future__ import annotations

import json
import os
import sqlite3
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

from querist.core.errors import BadInput, LogError
from querist.core.protocols import Question
from querist.core.questions import question_from_json
from querist.loop.mistakes import matrix_of

CONFIG = "campaign.toml"
EDITING = "config.lock"


def read_config(folder: str | Path) -> dict[str, Any]:
    """What campaign.toml says."""
    path = Path(folder) / CONFIG
    try:
        config = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise BadInput(
            f"{folder} holds no campaign ({CONFIG} is missing); make one with: querist new FILE "
            "--text COLUMN --ask a,b --dir DIR"
        ) from None
    except tomllib.TOMLDecodeError as error:
        raise BadInput(f"{path} is not valid TOML: {error}") from error
    missing = [name for name in ("data", "question") if name not in config]
    if missing:
        raise BadInput(f"{path} lacks the section(s) {missing}")
    return config


def campaigns_in(root: Path) -> dict[str, Path]:
    """The campaign folders in a folder, by name; hidden ones are left out.

    Examples
    --------
    >>> campaigns_in(Path("no such folder"))
    {}
    """
    found = sorted(path.parent for path in root.glob(f"*/{CONFIG}"))
    return {folder.name: folder for folder in found if not folder.name.startswith(".")}


@contextmanager
def edited(folder: str | Path) -> Iterator[dict[str, Any]]:
    """What campaign.toml says, to be changed in the block and written at its end."""
    folder = Path(folder)
    with alone(folder, EDITING, f"another change of {folder / CONFIG}"):
        config = read_config(folder)
        yield config
        write_config(folder, config)


def change_config(folder: str | Path, settings: Mapping[str, Any]) -> None:
    """Write changed settings into campaign.toml, so that the next opening agrees with the log.

    The setting "question" is its JSON form.
    """
    recipe = {name: value for name, value in settings.items() if name != "question"}
    with edited(folder) as config:
        asked = config["question"] = settings.get("question", config["question"])
        changed = plain(recipe, question_from_json(asked))
        config["recipe"] = {**config.get("recipe", {}), **changed}


def write_config(folder: Path, config: Mapping[str, Mapping[str, Any]]) -> None:
    """Write campaign.toml; whoever reads it meanwhile sees the old one or the new."""
    lines = []
    for section, values in config.items():
        lines += [f"[{section}]", *_lines(values), ""]
    temporary = folder / f"{CONFIG}.{os.getpid()}.new"
    temporary.write_text("\n".join(lines), encoding="utf-8")
    temporary.replace(folder / CONFIG)


def _lines(values: Mapping[str, Any]) -> list[str]:
    """A line a value; TOML has no null, so what is None stays out."""
    return [f"{name} = {_toml(value)}" for name, value in values.items() if value is not None]


def _toml(value: Any) -> str:
    """A TOML value; JSON spells texts, numbers, booleans and lists the same way."""
    if isinstance(value, Sequence) and not isinstance(value, str):
        return "[" + ", ".join(_toml(part) for part in value) + "]"
    return json.dumps(value, ensure_ascii=False)


def plain(settings: Mapping[str, Any], question: Question) -> dict[str, Any]:
    """Settings as TOML can hold them: mistakes as their text, or else as lists."""
    mistakes = settings.get("mistakes")
    if mistakes is None or isinstance(mistakes, str):
        return dict(settings)
    return {**settings, "mistakes": matrix_of(mistakes, question)}


@contextmanager
def alone(folder: Path, lock: str, who: str) -> Iterator[None]:
    """Hold one of a folder's locks against other threads and processes; a dead one holds none.

    SQLite's lock on a file of its own does that on every platform.
    """
    with closing(sqlite3.connect(folder / lock, timeout=60, isolation_level=None)) as held:
        try:
            held.execute("BEGIN EXCLUSIVE")
        except sqlite3.OperationalError as error:
            raise LogError(
                f"{who} is still at work ({error}); try again when it is done"
            ) from error
        yield
