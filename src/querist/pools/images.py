"""Images: arrays (n, h, w[, channels]) and folders of files, through pillow."""

from __future__ import annotations

import base64
import hashlib
import io
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, overload

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps, UnidentifiedImageError

from querist.core.errors import BadInput
from querist.core.types import Ints
from querist.pools.base import BasePool, Hashes, as_index, check_ids, hash_all, hash_matrix
from querist.pools.memory import check_finite, ids_and_labels
from querist.pools.options import Options

SUFFIXES = frozenset({".png", ".jpg", ".jpeg", ".webp", ".bmp", ".gif"})
_BROKEN = (UnidentifiedImageError, Image.DecompressionBombError, OSError, SyntaxError)
_SIDE = 128  # pixels: smaller images are shown enlarged


class ImageArrayPool(BasePool):
    """Images in one array, channels last or first.

    Examples
    --------
    >>> pool = ImageArrayPool(np.zeros((2, 8, 8), dtype=np.uint8))
    >>> pool.items(np.array([1])).shape, pool.show(0)[:22]
    ((1, 8, 8), 'data:image/png;base64,')
    """

    kind = "image"

    def __init__(
        self,
        images: NDArray[Any],
        *,
        ids: list[str] | None = None,
        labels: list[Any] | None = None,
    ) -> None:
        super().__init__(ids, labels)
        check_finite(images)
        self._images = np.asarray(images).view()
        self._images.flags.writeable = False

    def __len__(self) -> int:
        return len(self._images)

    def items(self, rows: Ints) -> NDArray[Any]:
        """The images (len(rows), h, w[, channels]); an ascending run is a read-only view."""
        return self._images[as_index(rows, len(self))]

    def show(self, row: int) -> str:
        """A PNG as a data URI, small images enlarged without smoothing."""
        return data_uri(self.items(np.array([row]))[0])

    def _hash(self) -> Hashes:
        # Bytes stay bytes (a camera's uint8); every other dtype is compared as float64.
        images = self._images
        kind = "|u1" if images.dtype in (np.uint8, np.bool_) else "<f8"
        prefix = f"{images.shape[1:]}{kind}".encode()
        return hash_matrix(
            len(self), lambda run: images[run].astype(kind) + np.zeros(1, kind), prefix
        )


@dataclass(frozen=True)
class ImageFiles(Sequence[NDArray[np.uint8]]):
    """Image files as a sequence of arrays (h, w, 3), each decoded when it is looked at."""

    paths: tuple[Path, ...]

    def __len__(self) -> int:
        return len(self.paths)

    @overload
    def __getitem__(self, at: int) -> NDArray[np.uint8]: ...
    @overload
    def __getitem__(self, at: slice | Ints) -> ImageFiles: ...
    def __getitem__(self, at: int | slice | Ints) -> NDArray[np.uint8] | ImageFiles:
        if isinstance(at, slice):
            return ImageFiles(self.paths[at])
        if isinstance(at, np.ndarray):
            return ImageFiles(tuple(self.paths[place] for place in at.tolist()))
        return read_image(self.paths[at])

    def __add__(self, other: ImageFiles) -> ImageFiles:
        return ImageFiles(self.paths + other.paths)


class ImageFolderPool(BasePool):
    """Image files; nothing is decoded before it is asked for.

    Attributes
    ----------
    paths : tuple of Path
        The absolute path of every row.
    """

    kind = "image"

    def __init__(
        self,
        root: Path,
        names: Sequence[str],
        *,
        ids: list[str],
        labels: list[Any] | None = None,
    ) -> None:
        super().__init__(ids, labels)
        self._names = list(names)
        self.paths = tuple(root.absolute() / name for name in names)
        for path in self.paths:
            _check_header(path)

    def __len__(self) -> int:
        return len(self._names)

    def items(self, rows: Ints) -> ImageFiles:
        """The images as a lazy sequence of uint8 arrays (h, w, 3)."""
        which = as_index(rows, len(self))
        return ImageFiles(self.paths)[which]

    def show(self, row: int) -> str:
        """The path of the file, relative to the folder."""
        as_index(np.array([row]), len(self))
        return self._names[row]

    def _hash(self) -> Hashes:
        return hash_all(hashlib.blake2b(path.read_bytes()).digest() for path in self.paths)


def read_image(path: Path) -> NDArray[np.uint8]:
    """Decode a file to (h, w, 3); BadInput names the file when it is broken."""
    try:
        with Image.open(path) as image:
            # A camera held upright: the model must see what the browser shows.
            return np.asarray(ImageOps.exif_transpose(image).convert("RGB"))
    except _BROKEN as error:
        raise BadInput(_say_broken(path, error)) from error


def _check_header(path: Path) -> None:
    try:
        with Image.open(path):
            pass
    except _BROKEN as error:
        raise BadInput(_say_broken(path, error)) from error


def _say_broken(path: Path, error: Exception) -> str:
    return f"{path} is not a readable image ({error}); repair it or take it out of the data"


def data_uri(image: NDArray[Any]) -> str:
    """An image (h, w[, channels]) as a PNG data URI; numbers outside 0..255 are stretched."""
    pixels = image
    if pixels.ndim == 3 and pixels.shape[2] > 4 and pixels.shape[0] <= 4:
        pixels = np.moveaxis(pixels, 0, -1)  # channels first
    if pixels.ndim == 3:
        pixels = pixels[..., :3] if pixels.shape[2] >= 3 else pixels[..., 0]
    if pixels.dtype != np.uint8:
        values = pixels.astype(np.float64)
        low, high = min(0.0, float(values.min())), float(values.max())
        top = 1.0 if high <= 1 else 255.0 if high <= 255 else high
        pixels = ((values - low) / (top - low) * 255).round().astype(np.uint8)
    picture = Image.fromarray(np.ascontiguousarray(pixels))
    times = -(-_SIDE // max(picture.size))
    if times > 1:
        size = (picture.width * times, picture.height * times)
        picture = picture.resize(size, Image.Resampling.NEAREST)
    buffer = io.BytesIO()
    picture.save(buffer, format="PNG")
    return "data:image/png;base64," + base64.b64encode(buffer.getvalue()).decode("ascii")


def open_image_array(data: Any, options: Options) -> ImageArrayPool | None:
    """A pool for a 3-D or 4-D array of numbers; None for anything else."""
    if not isinstance(data, np.ndarray) or data.ndim not in (3, 4):
        return None
    if data.dtype.kind not in "biuf":
        raise BadInput(f"expected an array of numbers, but its dtype is {data.dtype}")
    options.refuse("text", "features", because="an array of images has no columns")
    if not data.size:
        raise BadInput(f"the pool is empty: the array has shape {data.shape}; give some images")
    ids, labels = ids_and_labels(len(data), options)
    return ImageArrayPool(data, ids=ids, labels=labels)


def open_image_files(data: Any, options: Options) -> ImageFolderPool | None:
    """A pool for a folder of images, or for a list of paths with ``images=True``."""
    if isinstance(data, (str, Path)) and os.path.isdir(data):
        root = Path(data)
        names = sorted(
            path.relative_to(root).as_posix()
            for path in root.rglob("*")
            if path.suffix.lower() in SUFFIXES and path.is_file()
        )
        if not names:
            raise BadInput(
                f"{root} holds no images; expected files ending in {', '.join(sorted(SUFFIXES))}"
            )
    elif options.images and isinstance(data, (list, tuple)):
        root, names = Path(), [str(path) for path in data]
    else:
        return None
    options.refuse("text", "features", because="images have no columns")
    labels: list[Any] | None
    if options.label == "folder":
        ids = names if options.id is None else check_ids(options.id, len(names))
        labels = [Path(name).parent.name or None for name in names]
    elif isinstance(options.label, str):
        raise BadInput(
            f"label={options.label!r} cannot apply to image files; give label='folder' to take "
            "the name of the sub-folder, or one label per image"
        )
    else:
        given, labels = ids_and_labels(len(names), options)
        ids = check_ids(names, len(names)) if given is None else given
    return ImageFolderPool(root, names, ids=ids, labels=labels)
