"""One run of a study, in whatever process: load, build, simulate, measure."""

from __future__ import annotations

import gc
import hashlib
import sys
import time
import warnings
from collections.abc import Iterable, Mapping
from contextlib import suppress
from functools import lru_cache
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from threadpoolctl import threadpool_limits

from querist.core.errors import BadInput
from querist.core.types import Picks, Signals
from querist.loop.mistakes import matrix_of
from querist.models.defaults import default_model
from querist.simulation.difficulty import by_halves, sureness
from querist.simulation.engine import labels_left, simulate
from querist.simulation.estimators import model_of
from querist.simulation.labelled import read_labelled
from querist.simulation.plan import Cell, Setting, Source
from querist.simulation.problem import (
    Target,
    held_out,
    is_regression,
    opened,
    set_up,
    target_of,
)
from querist.simulation.scoring import Scorer, cost_scorer, scorers_of
from querist.strategies import Random, Strategy
from querist.strategies import get as strategy_of
from querist.strategies.base import Rng

SOFTWARE = ("querist", "scikit-learn", "numpy", "scipy")
TOLD = 300  # characters of a warning that are kept


class Redrawn(Random):
    """Random once more: the same start and seed, other draws after it."""

    cold_start = Random()

    def __init__(self, draw: int) -> None:
        self.draw = draw

    def _pick(self, signals: Signals, n: int, rng: Rng) -> Picks:
        return super()._pick(
            signals, n, np.random.default_rng([self.draw, *rng.integers(2**32, size=4)])
        )


@lru_cache(maxsize=2)
def load(source: Source) -> tuple[Any, NDArray[Any], Any]:
    """Items, labels and groups of a source; the last two stay loaded.

    Raises
    ------
    BadInput
        When the file changed since the study was read, or does not fit its vectors.
    """
    columns = dict(source.columns)
    for name in ("features", "id"):
        if isinstance(columns.get(name), tuple):
            columns[name] = list(columns[name])
    items, labels, groups = read_labelled(Path(source.file), columns.pop("label"), **columns)
    if source.vectors:
        items = _vectors(Path(source.vectors))
        if items.ndim != 2 or items.shape[0] != len(labels):
            raise BadInput(
                f"{source.vectors} must hold one vector for each of the {len(labels)} rows of "
                f"{source.file}, but its shape is {items.shape}"
            )
    return items, np.asarray(labels), groups


def _vectors(path: Path) -> Any:
    """One array (n, d), or one sparse matrix as `scipy.sparse.save_npz` writes it."""
    try:
        return sparse.load_npz(path).tocsr() if path.suffix == ".npz" else np.load(path)
    except ValueError as error:
        raise BadInput(
            f"{path} holds no vectors: {error}; write them by numpy.save (.npy) or "
            "scipy.sparse.save_npz (.npz)"
        ) from error


def sureness_key(source: Source) -> str:
    """Name of the file that holds how sure the reference model is of each item."""
    what = repr((source.digest, source.columns)).encode()
    return hashlib.sha256(what).hexdigest()[:32]


def refer(source: Source, folder: Path) -> None:
    """Work out, and keep, how sure the default model of the data is of each of their items."""
    with threadpool_limits(1):
        items, y, _ = load(Source(source.file, source.digest, source.columns))
        target = target_of(y, regression=is_regression(None, y))
        pool = opened(items)
        named = {n: getattr(pool, n) for n in ("columns", "numeric") if hasattr(pool, n)}
        model, _ = default_model(pool.kind, target.question, **named)
        found = sureness(model, pool, target.y)
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{sureness_key(source)}.npy"
    scratch = path.with_suffix(f".{time.time_ns()}.new")
    with scratch.open("wb") as file:
        np.save(file, found)
    scratch.replace(path)


def refer_ahead(source: Source, folder: Path) -> None:
    """`refer`, where a failure is left to the runs of these data to tell."""
    with suppress(Exception):
        refer(source, folder)


def run_cell(cell: Cell, folder: Path | None) -> dict[str, Any]:
    """Run a cell, and give what is kept of it; a run that fails is told, not raised.

    Parameters
    ----------
    cell : Cell
    folder : Path or None
        Where `refer` left its files; None for scores of the whole test only.

    Returns
    -------
    dict
        `labels`, `scores`, `seconds`, `picked`, `tested_on`, `ended`, `cpu`, `memory` (the
        most the process held meanwhile, in MB), `warnings` and `software`; or `error`, why there
        are no curves.
    """
    _reset_peak()
    began = time.process_time()
    with warnings.catch_warnings(record=True) as heard:
        warnings.simplefilter("default")
        try:
            kept = _simulated(cell, folder)
        except Exception as error:
            # one run of hundreds must not end the night; the report shows every one of these
            kept = {"error": f"{type(error).__name__}: {error}"}
    told = (f"{one.category.__name__}: {one.message}"[:TOLD] for one in heard)
    kept["warnings"] = list(dict.fromkeys(told))
    kept["cpu"] = round(time.process_time() - began, 4)
    kept["memory"] = _peak()
    kept["software"] = {name: version(name) for name in SOFTWARE}
    return kept


def _simulated(cell: Cell, folder: Path | None) -> dict[str, Any]:
    X, y, options = _prepared(cell.setting)
    if folder is not None:
        source = cell.setting.source
        if not (folder / f"{sureness_key(source)}.npy").exists():
            refer(source, folder)  # it failed before, and says why here
        sure = np.load(folder / f"{sureness_key(source)}.npy", allow_pickle=False)
        none = np.zeros(0, dtype=np.int64)
        test = held_out(len(y), none, options["test_size"], cell.seed)
        options["scoring"] = by_halves(options["scoring"], sure[test])
    strategy: Strategy = Redrawn(cell.draw) if cell.draw else strategy_of(cell.expression)
    gc.collect()
    with threadpool_limits(1):
        curve = simulate(X, y, strategy=strategy, seed=cell.seed, **options)
    return {
        "labels": curve.labels.tolist(),
        "scores": {name: values.tolist() for name, values in curve.scores.items()},
        "seconds": {name: values.tolist() for name, values in curve.seconds.items()},
        "picked": curve.picked.tolist(),
        "tested_on": curve.tested_on,
        "ended": curve.ended,
    }


def _prepared(setting: Setting) -> tuple[Any, NDArray[Any], dict[str, Any]]:
    """Items, labels, and what `simulate` takes besides in this setting."""
    items, y, groups = load(setting.source)
    options = dict(setting.options) | {"groups": groups}
    numbers = is_regression(None, y)
    pool, several = opened(items), y.ndim == 2
    model = model_of(setting.features, setting.estimator, pool, regression=numbers, several=several)
    regression = is_regression(model, y)
    options["scoring"] = _scorers(options, target_of(y, regression=regression), regression)
    return items, y, options | {"model": model}


def check(settings: Iterable[Setting], seed: int) -> None:
    """Set up every setting, training nothing, so that what must fail does so at once.

    Raises
    ------
    BadInput
        Naming the data set: a column or score that does not exist, labels that lack or are
        all alike, a start larger than the pool.
    """
    for setting in settings:
        try:
            X, y, options = _prepared(setting)
            given = {name: options[name] for name in ("model", "start", "test_size", "groups")}
            problem = set_up(X, y, X_test=None, y_test=None, seed=seed, **given)
            labels_left(options["batch"], options.get("budget"), problem)
        except BadInput as error:
            raise BadInput(f"[data.{setting.data}]: {error}") from error


def _scorers(options: Mapping[str, Any], target: Target, regression: bool) -> dict[str, Scorer]:
    own = {}
    if options.get("mistakes"):
        own["neg_cost"] = cost_scorer(
            matrix_of(options["mistakes"], target.question), target.classes
        )
    names = [name.strip() for name in options.get("scoring", "accuracy").split(",")]
    return scorers_of(names, regression=regression, own=own)


def _reset_peak() -> None:
    """Let the operating system begin its count of the most memory anew, where it can."""
    try:
        Path("/proc/self/clear_refs").write_text("5")
    except OSError:
        return  # elsewhere the count is that of the process so far


def _peak() -> float | None:
    """The most memory the process held, in MB; None where the system does not say."""
    told = Path("/proc/self/status")
    for line in told.read_text().splitlines() if told.exists() else ():
        if line.startswith("VmHWM:"):
            return round(int(line.split()[1]) / 1024, 1)
    if sys.platform == "win32":
        return None
    import resource

    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return round(most / (2**20 if sys.platform == "darwin" else 1024), 1)


def reference_missing(settings: tuple[Setting, ...], folder: Path) -> list[Source]:
    """Sources whose reference was not worked out yet, each file once."""
    wanted = {sureness_key(setting.source): setting.source for setting in settings}
    return [src for key, src in wanted.items() if not (folder / f"{key}.npy").exists()]
