"""Campaign folders: campaign.toml, pool/, log.sqlite, models/. Self-describing, and resumable."""

from __future__ import annotations

import gc
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from importlib import import_module
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from querist.core.errors import BadInput
from querist.core.events import Event
from querist.core.protocols import Log, Pool, Question
from querist.core.questions import question_from_json
from querist.logs import open_log
from querist.loop.config import (
    CONFIG,
    alone,
    change_config,
    edited,
    plain,
    read_config,
    write_config,
)
from querist.loop.desk import Desk
from querist.loop.growth import Growth, arrival
from querist.loop.journal import Journal
from querist.pools import extend, open_pool

if TYPE_CHECKING:
    from querist.loop.campaign import Campaign

POOL, LOG, MODELS = "pool", "log.sqlite", "models"
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
        "recipe": plain({n: v for n, v in settings.items() if v is not None}, question),
    }
    open_log(_url(folder)).close()  # before the config: a campaign without its log is refused
    write_config(folder, config)
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
        return add_for(desk, folder, data)[1]
    finally:
        desk.journal.log.close()


def add_for(desk: Desk, folder: str | Path, data: str | Path) -> tuple[Pool, int]:
    """Append the items of a file to a folder's campaign that a desk has open.

    Gives the longer pool, and how many came; the desk goes on with its own until its growth takes
    that one in.

    Raises
    ------
    BadInput
        When the items do not fit those that are there; nothing came in then.
    """
    folder = Path(folder)
    with alone(folder, IMPORTING, f"another import into {folder}"):
        config = read_config(folder)
        mine = len(desk.growth.pool) >= desk.journal.state.arrivals[-1].total
        before = desk.growth.pool if mine else open_folder_pool(folder, config)
        pool = extend(before, data, **_columns(config))
        stored = _store(folder, Path(data), len(config["data"]["files"]))
        with edited(folder) as config:  # settings may have been changed meanwhile
            config["data"]["files"].append(stored)

        def look() -> tuple[list[Event], None]:
            return [arrival(pool, desk.journal.state.arrivals[-1].total)], None

        desk.journal.decide(look)
        return pool, len(pool) - len(before)


def change_folder(
    folder: str | Path, settings: Mapping[str, Any], by: str
) -> tuple[dict[str, Any], dict[str, Any]]:
    """Change settings of a folder's campaign, in file and log; its status before and after.

    The file comes first: whoever opens the folder in between agrees with what comes.
    """
    with open_folder(folder) as campaign:
        before, old = campaign.status(), read_config(folder).get("recipe", {})
        change_config(folder, settings)
        named = {"model": model_by_name(settings["model"])} if "model" in settings else {}
        try:
            campaign.change(by=by, **{**settings, **named})
        except Exception:
            change_config(folder, {name: old.get(name) for name in settings})
            raise
        return before, campaign.status()


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
    except (ImportError, AttributeError, ValueError) as error:
        raise BadInput(
            f"model {name!r} cannot be imported ({error}); write it as package.module:name, such "
            "as sklearn.svm:SVC"
        ) from error
    return found() if callable(found) else found
