"""Trained models by version, in files that run no code when they are read."""

from __future__ import annotations

import hashlib
import io
import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import joblib
import numpy as np
import skops.io

from querist.core.errors import BadInput, NoModel
from querist.core.questions import question_from_json
from querist.models.estimators import gives_pairs
from querist.models.heads import ChoiceHead, ChoicesHead, Head, NumberHead
from querist.models.sklearn import Fit, SklearnModel

OWN = ("sklearn.", "querist.", "numpy.", "scipy.")


class ModelStore:
    """Every version of a campaign's model, in a folder or in memory.

    A version is two files: `0001.skops` (skops, which rebuilds known types instead of
    unpickling) and `0001.json` with its SHA-256, the types it may hold beyond the ones skops
    trusts, and `info`. A model file that changed since is refused.

    Parameters
    ----------
    folder : path or None
        Created on the first save; None keeps the models in memory.
    joblib : bool
        Keep models that skops cannot save as pickles (`0001.joblib`), and read such files.
        Reading a pickle runs whatever code it holds: only for folders you trust.

    Attributes
    ----------
    note : str
        Why the last `save` kept nothing; empty when it did.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn.naive_bayes import GaussianNB
    >>> from querist.core.questions import Choice
    >>> from querist.models.sklearn import wrap
    >>> model = wrap(GaussianNB(), Choice(["a", "b"]))
    >>> store = ModelStore(None)
    >>> _ = store.save(1, model.fit(np.array([[0.0], [1.0]]), np.array([0, 1])))
    >>> store.versions(), store.load(1).predict(np.array([[0.9]])).value
    ([1], array([1]))
    """

    def __init__(self, folder: str | os.PathLike[str] | None, *, joblib: bool = False) -> None:
        self.folder = None if folder is None else Path(folder)
        self.joblib = joblib
        self.note = ""
        self._kept: dict[int, tuple[Any, dict[str, Any]]] = {}

    def save(self, version: int, model: Any, info: Mapping[str, Any] | None = None) -> str:
        """Keep a fitted model; return the SHA-256 (hex) of its file, "" where there is none.

        A model that cannot be saved stops nothing: `note` then says why. It is kept in
        memory for as long as this store lives.
        """
        self.note = ""
        about = dict(info or {})
        self._kept[version] = (model, about)
        if self.folder is None:
            return ""
        if not isinstance(model, SklearnModel) or model.trained is None:
            self.note = f"a {type(model).__name__} cannot be saved to a file: no trained estimator"
            return ""
        try:
            data, ending, types = self._packed(model)
        except Exception as error:  # savers of foreign types raise anything at all
            name = type(model.estimator).__name__
            self.note = (
                f"model version {version} ({name}) cannot be saved by skops: {error}; "
                "ModelStore(folder, joblib=True) saves it as a pickle"
            )
            return ""
        digest = hashlib.sha256(data).hexdigest()
        path = self.folder / f"{version:04d}.{ending}"
        side = {
            "sha256": digest,
            "file": path.name,
            "types": types,
            "model": _describe(model),
            "info": about,
        }
        self.folder.mkdir(parents=True, exist_ok=True)
        _write(path, data)
        _write(self._side(version), json.dumps(side, indent=1).encode())
        del self._kept[version]
        return digest

    def _packed(self, model: SklearnModel) -> tuple[bytes, str, list[str]]:
        parts = {"estimator": model.estimator, "fitted": model.fitted, "classes": model.classes}
        try:
            data = skops.io.dumps(parts)
            types = skops.io.get_untrusted_types(data=data)
            if not all(name.startswith(OWN) for name in types):
                skops.io.loads(data, trusted=types)  # foreign types may never be read back
        except Exception:  # whatever skops trips over, joblib may still take
            if not self.joblib:
                raise
            buffer = io.BytesIO()
            joblib.dump(parts, buffer)
            return buffer.getvalue(), "joblib", []
        return data, "skops", types

    def load(self, version: int, *, sha256: str | None = None) -> Any:
        """The model of a version, predicting exactly as when it was saved.

        Parameters
        ----------
        version : int
        sha256 : str, optional
            The hash the log holds, so that a swapped pair of files shows as well.

        Raises
        ------
        NoModel
            When there is no such version.
        BadInput
            When the file changed since it was saved, or is a pickle nobody asked for.
        """
        if version in self._kept:
            return self._kept[version][0]
        side = self._read_side(version)
        assert self.folder is not None
        path = self.folder / side["file"]
        if not path.is_file():
            raise NoModel(f"the file {path} of model version {version} is gone")
        data = path.read_bytes()
        digest = hashlib.sha256(data).hexdigest()
        if digest != side["sha256"] or (sha256 is not None and digest != sha256):
            raise BadInput(
                f"{path} changed since it was saved (SHA-256 is {digest[:12]}..., expected "
                f"{(sha256 or side['sha256'])[:12]}...); restore it or train again"
            )
        if path.suffix == ".joblib":
            if not self.joblib:
                raise BadInput(
                    f"{path} is a pickle, and reading one can run any code; open the store with "
                    "ModelStore(folder, joblib=True) if you trust this folder"
                )
            return _rebuild(joblib.load(io.BytesIO(data)), side["model"])
        return _rebuild(skops.io.loads(data, trusted=side["types"]), side["model"])

    def info(self, version: int) -> dict[str, Any]:
        """What was said of a version when it was saved."""
        if version in self._kept:
            return self._kept[version][1]
        about: dict[str, Any] = self._read_side(version)["info"]
        return about

    def versions(self) -> list[int]:
        """Versions that can be loaded, oldest first."""
        found = set(self._kept)
        if self.folder is not None and self.folder.is_dir():
            found |= {int(path.stem) for path in self.folder.glob("*.json") if path.stem.isdigit()}
        return sorted(found)

    def _side(self, version: int) -> Path:
        assert self.folder is not None
        return self.folder / f"{version:04d}.json"

    def _read_side(self, version: int) -> dict[str, Any]:
        if version not in self.versions():
            kept = ", ".join(map(str, self.versions()[-10:])) or "none"
            raise NoModel(f"there is no model of version {version}; kept are: {kept}")
        side: dict[str, Any] = json.loads(self._side(version).read_text())
        return side


def _write(path: Path, data: bytes) -> None:
    """Write in one go: a reader sees the whole file or none."""
    beside = path.with_name(path.name + ".tmp")
    beside.write_bytes(data)
    beside.replace(path)


def _describe(model: SklearnModel) -> dict[str, Any]:
    """The JSON part of a model: everything but the estimators and classes."""
    assert model.trained is not None
    head = model.trained.head
    return {
        "question": model.question.to_json(),
        "warm": model.warm,
        "notes": list(model.trained.notes),
        "broken": sorted(model.trained.broken),
        "seen": getattr(head, "seen", np.empty(0)).tolist(),
        "constant": getattr(head, "constant", np.empty(0)).tolist(),
    }


def _rebuild(parts: Mapping[str, Any], about: Mapping[str, Any]) -> SklearnModel:
    question = question_from_json(about["question"])
    seen = np.array(about["seen"], dtype=np.int64)
    head: Head = NumberHead()
    if question.view == "choice":
        head = ChoiceHead(parts["classes"], seen, gives_pairs(parts["fitted"]))
    elif question.view == "choices":
        head = ChoicesHead(np.array(about["constant"], dtype=np.float64), seen)
    fit = Fit(head, parts["fitted"], tuple(about["notes"]), frozenset(about["broken"]))
    return SklearnModel(parts["estimator"], question, parts["classes"], about["warm"], fit)
