"""Campaign folders: campaign.toml, pool/, log.sqlite, models/. Self-describing, and resumable."""

from __future__ import annotations

import gc
import json
import os
import shutil
import sqlite3
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from functools import partial
from importlib import import_module
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from querist.core.errors import BadInput, LogError
from querist.core.events import Event
from querist.core.protocols import Log, Pool, Question
from querist.core.questions import question_from_json
from querist.logs import open_log
from querist.loop.desk import Desk
from querist.loop.growth import Growth, arrival
from querist.loop.journal import Journal
from querist.loop.mistakes import matrix_of
from querist.pools import extend, open_pool

if TYPE_CHECKING:
    from querist.loop.campaign import Campaign

CONFIG, POOL, LOG, MODELS = "campaign.toml", "pool", "log.sqlite", "models"
IMPORTING = "import.lock"


def create_folder(
    folder: str | Path,
    data: str | Path,
    question: Question,
    *,
    columns: Mapping[str, Any],
    settings: Mapping[str, Any],
) -> Campaign:
    """Make a campaign folder from a data file or an image folder, and open it.

    A label column filled for only some rows holds the first labels. One filled for every row
    leaves nothing to ask, so it is kept aside as the answers of a rehearsal.

    Parameters
    ----------
    columns : mapping
        id, text, features, label, images, costs, groups: as `querist.open_pool` takes them.
    settings : mapping
        As `querist.campaign` takes them; parts by name, `model` as "package.module:name".

    Raises
    ------
    BadInput
        When the folder holds a campaign already, or the data cannot be used.
    """
    folder, source = Path(folder), Path(data)
    if (folder / CONFIG).exists():
        raise BadInput(f"{folder} holds a campaign already; choose another --dir, or go on with it")
    columns = {name: value for name, value in columns.items() if value}
    pool = open_pool(source, **columns)  # before anything is written: bad data leave no trace
    rehearsal = "label" in columns and all(value is not None for value in _given_labels(pool))
    (folder / POOL).mkdir(parents=True, exist_ok=True)
    stored = _store(folder, source, 0)
    config = {
        "querist": {"version": version("querist")},
        "data": {"files": [stored], "rehearsal": rehearsal, **columns},
        "question": question.to_json(),
        "recipe": _plain({n: v for n, v in settings.items() if v is not None}, question),
    }
    open_log(_url(folder)).close()  # before the config: a campaign without its log is refused
    _write(folder, config)
    try:
        return open_folder(folder)
    except Exception:
        (folder / CONFIG).unlink()  # so that the corrected call may use the same folder
        (folder / LOG).unlink()
        raise


def open_folder(folder: str | Path) -> Campaign:
    """Open the campaign of a folder where it was left.

    Raises
    ------
    BadInput
        When the folder holds no campaign, or its campaign.toml cannot be read.
    """
    from querist.loop.build import campaign  # loads what trains; `open_desk` does without
    from querist.models import ModelStore

    folder = Path(folder)
    config = read_config(folder)
    pool = open_folder_pool(folder, config)
    recipe = dict(config.get("recipe", {}))
    if isinstance(recipe.get("model"), str):
        recipe["model"] = model_by_name(recipe["model"])
    rehearsal = config["data"].get("rehearsal", False)
    made = campaign(
        pool,
        question_from_json(config["question"]),
        log=_open_log(folder),
        store=ModelStore(folder / MODELS),
        labels=[None] * len(pool) if rehearsal else None,
        **recipe,
    )
    made.desk.keep = partial(change_config, folder)
    return made


def open_data(
    data: str | Path, question: Question, *, columns: Mapping[str, Any], settings: Mapping[str, Any]
) -> Campaign:
    """A campaign over a data file as `create_folder` would make it, in memory only.

    Its first items are drawn at random, which costs nothing; given labels train a model that
    is not measured.
    """
    from querist.loop.build import campaign

    pool = open_pool(Path(data), **{name: value for name, value in columns.items() if value})
    recipe = dict(settings)
    if isinstance(recipe.get("model"), str):
        recipe["model"] = model_by_name(recipe["model"])
    given = _given_labels(pool)
    labels = [None] * len(pool) if all(value is not None for value in given) else given
    return campaign(
        pool, question, strategy="random", labels=labels, measure=False, distinct="off", **recipe
    )


def open_desk(folder: str | Path) -> Desk:
    """Open only the part of a folder's campaign that asks and tells, in a fraction of the time.

    Raises
    ------
    BadInput
        When the folder holds no campaign.
    """
    folder = Path(folder)
    config = read_config(folder)
    with _all_kept():
        journal = Journal(_open_log(folder))
        if not journal.state.rounds:
            open_folder(folder).log.close()  # cut off while it was made: open it once in full
            journal.sync()
        question = question_from_json(config["question"])
        pool = open_folder_pool(folder, config)
        growth = Growth(pool, question, journal.state, _columns(config))
    return Desk(journal, growth, partial(change_config, folder))


@contextmanager
def _all_kept() -> Iterator[None]:
    """Spare the collector a long look, again and again, at what only grows."""
    collects = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if collects:
            gc.enable()


def add_to_folder(folder: str | Path, data: str | Path) -> int:
    """Append the items of a file to a folder's campaign; return how many came."""
    desk = open_desk(folder)
    try:
        before = len(desk.growth.pool)
        return len(add_for(desk, folder, data)) - before
    finally:
        desk.journal.log.close()


def add_for(desk: Desk, folder: str | Path, data: str | Path) -> Pool:
    """Append the items of a file to a folder's campaign that a desk has open.

    Gives the longer pool; the desk goes on with its own until its growth takes that one in.

    Raises
    ------
    BadInput
        When the items do not fit those that are there; nothing came in then.
    """
    folder = Path(folder)
    with _alone(folder):
        config = read_config(folder)
        files = config["data"]["files"]
        mine = len(desk.growth.pool) >= desk.journal.state.arrivals[-1].total
        before = desk.growth.pool if mine else open_folder_pool(folder, config)
        pool = extend(before, data, **_columns(config))
        stored = _store(folder, Path(data), len(files))
        _write(folder, {**config, "data": {**config["data"], "files": [*files, stored]}})

        def look() -> tuple[list[Event], None]:
            return [arrival(pool, desk.journal.state.arrivals[-1].total)], None

        desk.journal.decide(look)
        return pool


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """Hold a lock on a folder's files against other processes; a dead one holds none.

    SQLite's lock on a file of its own does that on every platform.
    """
    with closing(sqlite3.connect(folder / IMPORTING, timeout=60, isolation_level=None)) as lock:
        try:
            lock.execute("BEGIN EXCLUSIVE")
        except sqlite3.OperationalError as error:
            raise LogError(
                f"another import into {folder} is still at work ({error}); try again when it is "
                "done"
            ) from error
        yield


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
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise BadInput(f"{path} is not valid TOML: {error}") from error
    missing = [name for name in ("data", "question") if not isinstance(config.get(name), dict)]
    if missing:
        raise BadInput(f"{path} lacks the section(s) {missing}")
    files = config["data"].get("files")
    if not (isinstance(files, list) and files and all(isinstance(name, str) for name in files)):
        raise BadInput(f"{path}: files of [data] is a list of files in this folder; got {files!r}")
    return config


def change_folder(
    folder: str | Path, settings: Mapping[str, Any], by: str
) -> tuple[dict[str, Any], dict[str, Any]]:
    """Change settings of a folder's campaign, in file and log; its status before and after.

    The file comes first: whoever opens the folder in between agrees with what comes.
    """
    with open_folder(folder) as campaign:
        before, config = campaign.status(), read_config(folder)
        named = {"model": model_by_name(settings["model"])} if "model" in settings else {}
        change_config(folder, settings)
        try:
            campaign.change(by=by, **{**settings, **named})
        except Exception:
            _write(Path(folder), config)
            raise
        return before, campaign.status()


def change_config(folder: str | Path, settings: Mapping[str, Any]) -> None:
    """Write changed settings into campaign.toml, so that the next opening agrees with the log.

    The setting "question" is its JSON form.
    """
    config = read_config(folder)
    asked = settings.get("question", config["question"])
    recipe = {name: value for name, value in settings.items() if name != "question"}
    plain = _plain(recipe, question_from_json(asked))
    recipe = {**config.get("recipe", {}), **plain}
    _write(Path(folder), {**config, "question": asked, "recipe": recipe})


def _plain(settings: Mapping[str, Any], question: Question) -> dict[str, Any]:
    """Settings as TOML can hold them: mistakes as their text, or else as lists."""
    mistakes = settings.get("mistakes")
    if mistakes is None or isinstance(mistakes, str):
        return dict(settings)
    return {**settings, "mistakes": matrix_of(mistakes, question)}


def truth(folder: str | Path) -> dict[str, Any]:
    """Labels the data file holds, by item id: the answers of a rehearsal."""
    folder = Path(folder)
    pool = open_folder_pool(folder, read_config(folder))
    return dict(zip(pool.ids(np.arange(len(pool))), _given_labels(pool), strict=True))


def open_folder_pool(folder: Path, config: Mapping[str, Any]) -> Pool:
    """The pool of a folder: its files, in the order they came."""
    columns = _columns(config)
    first, *later = config["data"]["files"]
    pool = open_pool(folder / first, **columns)
    for name in later:
        pool = extend(pool, folder / name, **columns)
    return pool


def _url(folder: Path) -> str:
    return f"sqlite:///{folder / LOG}"


def _open_log(folder: Path) -> Log:
    """The log of a campaign that exists; a missing one must not be begun anew in silence."""
    if not (folder / LOG).exists():
        raise BadInput(
            f"{folder} lacks {LOG}, which holds every answer of the campaign; restore it, or make "
            "a new campaign in another folder"
        )
    return open_log(_url(folder))


def _columns(config: Mapping[str, Any]) -> dict[str, Any]:
    names = ("id", "text", "features", "label", "images", "costs", "groups")
    return {name: config["data"][name] for name in names if name in config["data"]}


def _given_labels(pool: Pool) -> list[Any]:
    reader = getattr(pool, "given_labels", None)
    return list(reader()) if reader is not None else [None] * len(pool)


def _store(folder: Path, source: Path, number: int) -> str:
    name = f"{POOL}/{number:04d}-{source.name}"
    (shutil.copytree if source.is_dir() else shutil.copyfile)(source, folder / name)
    return name


def model_by_name(name: str) -> Any:
    """The estimator that "package.module:name" names, made when it is a class.

    Raises
    ------
    BadInput
        When it cannot be imported.
    """
    module, _, attribute = name.partition(":")
    try:
        found = getattr(import_module(module), attribute)
        return found() if callable(found) else found
    except Exception as error:  # whatever somebody's module raises
        raise BadInput(
            f"model {name!r} cannot be imported and made ({error}); write it as "
            "package.module:name, such as sklearn.svm:SVC"
        ) from error


def _write(folder: Path, config: Mapping[str, Mapping[str, Any]]) -> None:
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
    """A TOML value; JSON spells texts, numbers, booleans and lists the same way.

    But for one character, which JSON leaves as it is.
    """
    if isinstance(value, Sequence) and not isinstance(value, str):
        return "[" + ", ".join(_toml(part) for part in value) + "]"
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
