"""Label files: id and value, as CSV, TSV, JSON lines or JSON, as `querist export` writes them."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from querist.core.errors import BadInput

IDS, VALUES = ("id", "item_id"), ("value", "label")


def read_labels(path: Path) -> list[tuple[str, Any]]:
    """Item id and value of every row that has one.

    Raises
    ------
    BadInput
        Naming the line, when a row lacks its id or the columns are missing.
    """
    found = []
    for line, row in _rows(path):
        item_id = next((row[name] for name in IDS if name in row), None)
        value = next((row[name] for name in VALUES if name in row), None)
        if item_id is None or not any(name in row for name in VALUES):
            raise BadInput(
                f"{path}, line {line}: a label is an id ({' or '.join(IDS)}) and a value "
                f"({' or '.join(VALUES)}); got {dict(row)!r:.120}"
            )
        if value not in (None, ""):
            found.append((str(item_id), value))
    return found


def _rows(path: Path) -> Iterator[tuple[int, Mapping[str, Any]]]:
    if not path.is_file():
        raise BadInput(f"no file at {str(path)!r}; give a CSV, TSV, JSONL or JSON file of labels")
    kind = path.suffix.lower()
    if kind in (".csv", ".tsv"):
        with path.open(encoding="utf-8-sig", newline="") as file:
            reader = csv.DictReader(file, delimiter="\t" if kind == ".tsv" else ",")
            for row in reader:
                yield reader.line_num, {name: _value(text) for name, text in row.items() if name}
        return
    rows: Iterator[tuple[int, Any]]
    if kind == ".json":
        rows = enumerate(_list_of(path), start=1)
    elif kind in (".jsonl", ".ndjson"):
        lines = path.read_text(encoding="utf-8").splitlines()
        rows = ((k, _loaded(path, k, line)) for k, line in enumerate(lines, 1) if line.strip())
    else:
        raise BadInput(f"{path}: labels are read from .csv, .tsv, .jsonl and .json files")
    for number, row in rows:
        if not isinstance(row, dict):
            raise BadInput(f"{path}, line {number}: an object with id and value is expected")
        yield number, row


def _value(text: Any) -> Any:
    """A cell of a CSV file: a JSON list stands for several labels, the rest is text."""
    if isinstance(text, str) and text.startswith("["):
        try:
            return json.loads(text)
        except ValueError:
            return text
    return text


def _list_of(path: Path) -> list[Any]:
    found = _loaded(path, 1, path.read_text(encoding="utf-8"))
    found = found.get("labels", found) if isinstance(found, dict) else found
    if not isinstance(found, list):
        raise BadInput(f"{path} must hold a list of objects with id and value")
    return found


def _loaded(path: Path, line: int, text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError as error:
        raise BadInput(f"{path}, line {line} is not JSON: {error}") from error
