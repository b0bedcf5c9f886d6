"""One door for every kind of data: built-in factories first, then those of plug-ins."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from difflib import get_close_matches
from importlib.metadata import EntryPoint, entry_points
from pathlib import Path
from typing import Any

from querist.core.errors import BadInput
from querist.core.protocols import Pool
from querist.pools.base import BasePool
from querist.pools.beside import Beside
from querist.pools.options import Options

GROUP = "querist.pools"
Factory = Callable[[Any, Options], Pool | None]

# Named, not imported: opening a list must not load pyarrow.
BUILT_INS = tuple(
    EntryPoint(name, f"querist.pools.{target}", GROUP)
    for name, target in {
        "texts": "memory:open_texts",
        "array": "memory:open_array",
        "images": "images:open_image_array",
        "image-files": "images:open_image_files",
        "sparse": "sparse:open_sparse",
        "frame": "frames:open_frame",
        "columns": "frames:open_columns",
        "records": "frames:open_records",
        "file": "files:open_file",
        "dataset": "frames:open_dataset",
    }.items()
)


def open_pool(
    data: Any,
    *,
    id: str | Sequence[Any] | None = None,
    text: str | None = None,
    features: str | Sequence[str] | None = None,
    label: str | Sequence[Any] | None = None,
    images: bool = False,
    mixed: bool = False,
    costs: str | Sequence[Any] | None = None,
    groups: str | Sequence[Any] | None = None,
) -> Pool:
    """Open any supported data as a pool; a pool passes through unchanged.

    Parameters
    ----------
    data
        List of texts or dicts; dict of columns, or of id to text; 2-D array or equal lists of
        numbers; 3-D or 4-D array of images;
        SciPy sparse matrix; pandas, polars or Arrow table; Hugging Face dataset; path of a CSV,
        TSV, JSON, JSONL, Parquet, NPY or NPZ file or of a folder of images.
    id : str or sequence, optional
        Column of the ids, or one id per row. Without it ids are taken from the content.
    text : str, optional
        Column of the text to label; the other columns are shown as context.
    features : str or sequence of str, optional
        Columns the model sees (comma-separated or a list); names of the columns of an array.
    label : str or sequence, optional
        Column of labels that exist already, or one label per row (None where missing); never
        shown, never an item. For a folder of images "folder" takes the sub-folder's name.
    images : bool
        The items are images; a list of texts is then one of paths.

    mixed : bool
        Keep columns a table (a frame stays a frame) even when all are numbers without gaps,
        for a pipeline that asks for columns by name.
    costs : str or sequence, optional
        Column of the price of one label, or one price per row, for strategies that weigh what
        a label brings against what it costs; such a column is neither shown nor a feature.
    groups : str or sequence, optional
        Column of the group of each item, or one group per row, such as a region or a sensitive
        attribute: for `GroupQuota`, and for scores group by group. Such a column is not shown,
        and no feature unless `features` names it.

    Raises
    ------
    BadInput
        When the data cannot be opened; the message says what to do.

    Examples
    --------
    >>> pool = open_pool(["win money now", "see you at six"])
    >>> pool.kind, len(pool), pool.show(1)
    ('text', 2, 'see you at six')
    """
    if isinstance(data, Pool):
        for name, given in (("costs", costs), ("groups", groups)):
            if given is not None:
                raise BadInput(
                    f"the data are a pool already; give {name}= where that pool is opened"
                )
        return data
    options = Options(id, text, features, label, images, mixed, costs, groups)
    _check_empty(data)
    for factory in _factories():
        pool = factory(data, options)
        if pool is None:
            continue
        if images and pool.kind != "image":
            raise BadInput(
                f"images=True needs images, but this is a pool of the kind {pool.kind!r}; give a "
                "folder, a list of paths, or an array (n, h, w) or (n, h, w, channels)"
            )
        return pool if costs is None and groups is None else _with_beside(pool, costs, groups)
    raise BadInput(_say_unknown(data))


def _with_beside(pool: Pool, costs: Any, groups: Any) -> Pool:
    """The pool with prices and groups in sequence; those of a column are in it already."""
    if not isinstance(pool, BasePool):
        name = "groups" if costs is None else "costs"
        raise BadInput(f"{name}= cannot be given with a {type(pool).__name__}")
    known = Beside(pool.costs(), pool.groups())
    given = Beside.checked(
        costs if known.costs is None else None, groups if known.groups is None else None, len(pool)
    )
    return pool.with_beside(
        Beside(
            known.costs if given.costs is None else given.costs,
            known.groups if given.groups is None else given.groups,
        )
    )


def _factories() -> Iterator[Factory]:
    # Built-ins first: installing a plug-in never changes what known data means.
    for point in BUILT_INS:
        yield point.load()
    for point in sorted(entry_points(group=GROUP), key=lambda point: point.name):
        yield point.load()


def _check_empty(data: Any) -> None:
    if isinstance(data, (list, tuple, dict)) and not data:
        kind = type(data).__name__
        raise BadInput(f"the pool is empty: expected at least one item, but the {kind} has none")


def _say_unknown(data: Any) -> str:
    accepted = (
        "lists of texts or dicts, dicts of columns, arrays, sparse matrices, "
        "pandas/polars/Arrow tables, Hugging Face datasets, and paths of csv, tsv, json, jsonl, "
        "parquet, npy, npz files or folders of images"
    )
    if isinstance(data, (str, Path)):
        if not os.path.exists(data):
            return _say_missing(Path(data))
        return f"cannot open {str(data)!r}: unknown file type; a pool opens {accepted}"
    return f"cannot open {type(data).__module__}.{type(data).__name__}; a pool opens {accepted}"


def _say_missing(path: Path) -> str:
    beside = [other.name for other in path.parent.iterdir()] if os.path.isdir(path.parent) else []
    near = get_close_matches(path.name, beside, n=1)
    hint = f"did you mean {str(path.parent / near[0])!r}?" if near else "check the path"
    return f"no file or folder at {str(path)[:200]!r}; {hint}"
