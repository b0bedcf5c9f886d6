"""The plan of a study from one TOML file or dict, checked as a whole before anything runs."""

from __future__ import annotations

import hashlib
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from difflib import get_close_matches
from functools import cache
from pathlib import Path
from typing import Any

from querist.core.errors import BadInput
from querist.loop.recipe import is_whole
from querist.simulation.estimators import DEFAULT, Part, parts_of
from querist.simulation.plan import AGAIN, BASELINE, Plan, Setting, Source
from querist.strategies import get as strategy_of

DEFAULTS = {"start": 20, "batch": 20, "test_size": 0.25}
_COUNTS = ("start", "batch", "budget", "control_until")
SETTINGS = (*_COUNTS, "control", "test_size", "scoring", "mistakes")
_TOP = (
    *("name", "data", "models", "strategies", "representations", "seeds", "random_runs"),
    *("target", "easy_hard", "include", *SETTINGS),
)
_COLUMNS = ("label", "id", "text", "features", "images", "groups")
_DATA = ("file", *_COLUMNS, "vectors", "representations", "target", *SETTINGS)


def read_plan(given: str | Path | Mapping[str, Any]) -> Plan:
    """The plan of a TOML file or a dict of the same form.

    Files are looked for beside the TOML; those of a dict, in the working directory.

    Raises
    ------
    BadInput
        For whatever could only fail later: unknown names, missing files, wrong values.
    """
    home, form = Path(), given
    if isinstance(given, (str, Path)):
        home, form = Path(given).parent, _toml(Path(given))
    if not isinstance(form, Mapping):
        raise BadInput(f"a study is a TOML file or a dict, not a {type(given).__name__}")
    form = _with_included(dict(form), home)
    _known(form, _TOP, "the study")
    for needed in ("data", "strategies"):
        if not form.get(needed):
            raise BadInput(f"the study names no {needed}; {_EXAMPLE[needed]}")
    strategies = _strategies(form["strategies"])
    models = parts_of(form.get("models", [DEFAULT]), "models")
    kinds = parts_of(form.get("representations", [DEFAULT]), "representations")
    shared = {name: form[name] for name in SETTINGS if name in form}
    if not isinstance(form["data"], Mapping):
        raise BadInput(f"data are tables, one a data set; {_EXAMPLE['data']}")
    settings = [
        Setting(name, shown, model, source, features, estimator, options, target)
        for name, table in form["data"].items()
        for shown, source, features, options, target in _one_set(name, table, home, kinds, form)
        for model, estimator in models.items()
    ]
    for setting in settings:
        if setting.estimator.make == DEFAULT and setting.features.make != DEFAULT:
            raise BadInput(
                f"the default model has its own representation, so it cannot take "
                f'{setting.representation!r}; name a model, such as models = ["linear"]'
            )
    runs = form.get("random_runs", 3)
    if not is_whole(runs) or runs < 1:
        raise BadInput(f"random_runs is a number of runs, 1 or more, but got {runs!r}")
    easy_hard = form.get("easy_hard", True)
    if not isinstance(easy_hard, bool):
        raise BadInput(f"easy_hard is true or false, but got {easy_hard!r}")
    _check_settings(shared, "the study")
    return Plan(
        str(form.get("name", "Strategies compared")),
        tuple(settings),
        strategies,
        _seeds(form.get("seeds", 10)),
        runs,
        easy_hard,
    )


_EXAMPLE = {
    "data": 'add a table such as: [data.tickets] file = "tickets.csv", label = "queue"',
    "strategies": 'add a list such as: strategies = ["auto", "margin"]',
}


def _one_set(
    name: str, table: Any, home: Path, kinds: Mapping[str, Part], form: Mapping[str, Any]
) -> Iterator[tuple[str, Source, Part, tuple[tuple[str, Any], ...], float | None]]:
    """The representations of a data set: those named for it, and its files of vectors."""
    where = f"[data.{name}]"
    if not isinstance(table, Mapping):
        raise BadInput(f"{where} is a table, not {table!r}; {_EXAMPLE['data']}")
    _known(table, _DATA, where)
    for needed in ("file", "label"):
        if not isinstance(table.get(needed), str):
            raise BadInput(f'{where} lacks {needed} = "..."; {_EXAMPLE["data"]}')
    own = {key: table[key] for key in SETTINGS if key in table}
    _check_settings(own, where)
    options = DEFAULTS | {key: form[key] for key in SETTINGS if key in form} | own
    target = table.get("target", form.get("target"))
    if target is not None and (isinstance(target, bool) or not isinstance(target, (int, float))):
        raise BadInput(f"{where}: target is a score, but got {target!r}")
    columns = tuple((key, _plain(table[key])) for key in _COLUMNS if key in table)
    file = _file(home, table["file"], where)
    chosen = table.get("representations")
    if chosen is not None:
        if not isinstance(chosen, Sequence) or isinstance(chosen, str):
            raise BadInput(f"{where}: representations is a list of names, but got {chosen!r}")
        for wanted in chosen:
            if wanted not in kinds and wanted != DEFAULT:
                raise BadInput(
                    f"{where}: no representation is called {wanted!r}; "
                    f"[representations] has: {', '.join(kinds)}"
                )
        kinds = {wanted: kinds.get(wanted, Part(DEFAULT)) for wanted in chosen}
    tail = (tuple(sorted((k, _plain(v)) for k, v in options.items())), target)
    for shown, part in kinds.items():
        yield shown, Source(str(file), digest_of(file), columns), part, *tail
    vectors = table.get("vectors", {})
    if not isinstance(vectors, Mapping):
        raise BadInput(f'{where}: vectors is a table, such as {{minilm = "tickets.npy"}}')
    for shown, path in vectors.items():
        if shown in kinds:
            raise BadInput(f"{where}: two representations are called {shown!r}; rename one")
        found = _file(home, path, where)
        source = Source(str(file), digest_of(file), columns, str(found), digest_of(found))
        yield shown, source, Part(DEFAULT), *tail


def _strategies(given: Any) -> dict[str, str]:
    if isinstance(given, str):
        given = [given]
    if isinstance(given, Mapping):
        named = dict(given)
    elif isinstance(given, Sequence):
        named = {name: name for name in given if isinstance(name, str)}
        if len(named) < len(given):
            raise BadInput(f"strategies are distinct names or expressions as text, not {given!r}")
    else:
        raise BadInput(f"strategies is a list of names, but got {given!r}")
    for name, text in named.items():
        if not isinstance(text, str):
            raise BadInput(
                f"strategy {name!r} is written as text, such as 'Entropy() >> Top(100) >> "
                f"KCenter()', so that a run can be found again by it; but got {text!r}"
            )
        if name == AGAIN:
            raise BadInput(f"{AGAIN!r} is the name of the second random run; choose another")
        strategy_of(text)
    return {name: text for name, text in named.items() if text != BASELINE}


def _seeds(given: Any) -> tuple[int, ...]:
    if is_whole(given) and given >= 1:
        return tuple(range(given))
    whole = isinstance(given, Sequence) and len(given) > 0 and all(map(is_whole, given))
    if whole and len(set(given)) == len(given):
        return tuple(given)
    raise BadInput(f"seeds is how many, or a list of distinct whole numbers, but got {given!r}")


def _check_settings(given: Mapping[str, Any], where: str) -> None:
    for name in _COUNTS:
        if name in given and (not is_whole(given[name]) or given[name] < 1):
            raise BadInput(f"{where}: {name} is a number of labels, but got {given[name]!r}")
    for name in ("control", "test_size"):
        value = given.get(name, 0.5)
        if isinstance(value, bool) or not isinstance(value, (int, float)) or not 0 <= value < 1:
            raise BadInput(f"{where}: {name} is a share, such as 0.25, but got {value!r}")
    for name in ("scoring", "mistakes"):
        if name in given and not isinstance(given[name], str):
            raise BadInput(f"{where}: {name} is text, but got {given[name]!r}")


def _known(given: Mapping[str, Any], names: Sequence[str], where: str) -> None:
    for name in given:
        if name not in names:
            near = get_close_matches(name, names, n=1)
            hint = f"did you mean {near[0]!r}? " if near else ""
            raise BadInput(f"{where} knows no {name!r}; {hint}known: {', '.join(names)}")


def _with_included(form: dict[str, Any], home: Path) -> dict[str, Any]:
    """The form with the tables of the files it includes: a new set or model is a small file."""
    patterns = form.pop("include", [])
    if not isinstance(patterns, list) or not all(isinstance(one, str) for one in patterns):
        raise BadInput(f'include is a list, such as ["sets/*.toml"], but got {patterns!r}')
    for pattern in patterns:
        paths = sorted(home.glob(pattern))
        if not paths:
            raise BadInput(f"include {pattern!r} matches no file beside the study")
        for path in paths:
            added = _toml(path)
            _known(added, ("data", "models", "representations"), str(path))
            for room, table in added.items():
                if not isinstance(table, Mapping):
                    raise BadInput(f"{path}: {room} is a table, such as [{room}.name]")
                mine = form.get(room, {})
                if not isinstance(mine, Mapping):
                    mine = {name: name for name in mine}
                twice = set(mine) & set(table)
                if twice:
                    raise BadInput(f"{path} names {room} {sorted(twice)[0]!r} a second time")
                if room == "data":
                    table = {name: _moved(part, path.parent) for name, part in table.items()}
                form[room] = {**mine, **table}
    return form


def _moved(table: Any, home: Path) -> Any:
    """A data set of an included file: its paths are meant beside that file."""
    if not isinstance(table, Mapping):
        return table
    moved = dict(table)
    if isinstance(moved.get("file"), str):
        moved["file"] = str((home / moved["file"]).absolute())
    if isinstance(moved.get("vectors"), Mapping):
        moved["vectors"] = {n: str((home / str(v)).absolute()) for n, v in table["vectors"].items()}
    return moved


def _toml(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise BadInput(f"no study at {path}; write one, see the recipe on comparing") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise BadInput(f"{path} is not TOML: {error}") from error


def _file(home: Path, name: Any, where: str) -> Path:
    path = home / str(name)
    if not path.is_file():
        beside = [p.name for p in path.parent.iterdir()] if path.parent.is_dir() else []
        near = get_close_matches(path.name, beside, n=1)
        hint = f"did you mean {near[0]!r}?" if near else "paths are meant beside the TOML file"
        raise BadInput(f"{where}: no file at {str(path)!r}; {hint}")
    return path


def digest_of(path: Path) -> str:
    """Hash of a file's content, taken once for every change of the file."""
    state = path.stat()
    return _digest(str(path), state.st_mtime_ns, state.st_size)


@cache
def _digest(path: str, _changed: int, _size: int) -> str:
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _plain(value: Any) -> Any:
    """A list as a tuple, so that what holds it is hashable."""
    return tuple(value) if isinstance(value, list) else value
