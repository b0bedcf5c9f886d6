"""Feature vectors in which distances mean something, for every kind of pool."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.preprocessing import normalize
from sklearn.utils.extmath import randomized_svd

from querist.core.errors import BadInput
from querist.core.types import Floats
from querist.models.batches import blocks, count, take
from querist.models.features import Pixels, TableEncoder
from querist.models.threads import calm

FIT_ROWS = 20_000  # more rows change the scales little and cost time
DIMENSIONS = 64
CLIP = 5.0  # in standard deviations: one wild value must not be a corner of the space


class Geometry:
    """A space fitted on a pool: unit-norm LSA for text, scaled features for numbers.

    Texts become TF-IDF, then 64 latent dimensions, then unit norm; sparse rows likewise.
    Arrays are z-scored, clipped at 5 and divided by sqrt(d), so that the mean squared norm
    is about one; rows that have unit norm already (embeddings) stay as they are. Tables are
    imputed and one-hot encoded first, images flattened and reduced by PCA.

    Parameters
    ----------
    kind : str
        "text", "table", "array", "sparse" or "image".
    seed : int
        Decides the random projections of the decompositions.

    Examples
    --------
    >>> texts = ["good film", "bad film", ""]
    >>> vectors = Geometry("text").fit(texts).transform(texts)
    >>> vectors.dtype, np.linalg.norm(vectors, axis=1).round(3)
    (dtype('float32'), array([1., 1., 0.], dtype=float32))
    """

    def __init__(self, kind: str, seed: int = 0) -> None:
        known = {
            "text": self._fit_text,
            "sparse": self._fit_sparse,
            "array": self._fit_array,
            "table": self._fit_table,
            "image": self._fit_image,
        }
        if kind not in known:
            raise BadInput(f"unknown kind of pool {kind!r}; known are: {', '.join(known)}")
        self.kind = kind
        self.seed = seed
        self._fit: Callable[[Any], Callable[[Any], Floats]] = known[kind]
        self._map: Callable[[Any], Floats] | None = None

    def fit(self, items: Any) -> Self:
        """Learn the space from at most 20,000 evenly spaced rows of a batch."""
        n = count(items)
        if n == 0:
            raise BadInput("there are no items to learn feature vectors from; give at least one")
        if n > FIT_ROWS:
            items = take(items, np.linspace(0, n - 1, FIT_ROWS).astype(np.int64))
        with calm(count(items)):
            self._map = self._fit(items)
        return self

    def transform(self, items: Any) -> NDArray[np.float32]:
        """Vectors (n, d) float32 of a batch of items, finite and in its order."""
        if self._map is None:
            raise BadInput("this geometry is not fitted yet; call fit with the pool's items")
        n = count(items)
        out: NDArray[np.float32] | None = None
        start = 0
        for part in blocks(items):
            vectors = self._map(part)
            if out is None:
                out = np.empty((n, vectors.shape[1]), dtype=np.float32)
            out[start : start + len(vectors)] = vectors
            start += len(vectors)
        assert out is not None
        return out

    def _fit_text(self, items: Any) -> Callable[[Any], Floats]:
        tfidf = TfidfVectorizer(
            sublinear_tf=True, token_pattern=r"(?u)\b\w+\b", max_features=50_000, dtype=np.float32
        )
        try:
            matrix = tfidf.fit_transform(items)
        except ValueError as error:
            if "empty vocabulary" not in str(error):
                raise
            return lambda part: np.zeros((count(part), 1))  # not a single word in the pool
        latent = self._latent(matrix)
        return lambda part: latent(tfidf.transform(part))

    def _fit_sparse(self, items: Any) -> Callable[[Any], Floats]:
        latent = self._latent(normalize(sparse.csr_matrix(items, dtype=np.float64)))
        return lambda part: latent(normalize(sparse.csr_matrix(part, dtype=np.float64)))

    def _latent(self, matrix: Any) -> Callable[[Any], Floats]:
        axes = self._axes(matrix)

        def latent(part: Any) -> Floats:
            vectors: Floats = normalize(part @ axes)
            return vectors

        return latent

    def _axes(self, matrix: Any) -> Floats:
        """The leading right singular vectors (d, at most 64) of a matrix (n, d)."""
        k = min(DIMENSIONS, *matrix.shape)
        _, _, right = randomized_svd(matrix, k, n_iter=5, random_state=self.seed % 2**32)
        axes: Floats = np.ascontiguousarray(right.T)
        return axes

    def _fit_array(self, items: Any) -> Callable[[Any], Floats]:
        matrix = np.asarray(items, dtype=np.float64)
        norms = np.linalg.norm(matrix, axis=1)
        if matrix.shape[1] > 1 and np.abs(norms - 1).max() < 1e-3:
            return lambda part: np.asarray(part, dtype=np.float32)
        mean, scale = matrix.mean(axis=0), matrix.std(axis=0)
        scale[scale <= 1e-12 * np.maximum(np.abs(mean), 1)] = 1  # constant columns become zero
        shrink = np.sqrt(matrix.shape[1])

        def scaled(part: Any) -> Floats:
            wide: Floats = (np.asarray(part, dtype=np.float64) - mean) / scale
            np.clip(wide, -CLIP, CLIP, out=wide)
            wide /= shrink
            return wide

        return scaled

    def _fit_table(self, items: Any) -> Callable[[Any], Floats]:
        encoder = TableEncoder().fit(items)
        scaled = self._fit_array(encoder.transform(items))
        return lambda part: scaled(encoder.transform(part))

    def _fit_image(self, items: Any) -> Callable[[Any], Floats]:
        pixels = Pixels().fit(items)
        flat = np.concatenate([pixels.transform(part) for part in blocks(items)])
        mean = flat.mean(axis=0)
        flat -= mean
        spread = float(np.sqrt((flat**2).sum(axis=1).mean())) or 1.0
        axes = self._axes(flat) / spread

        def projected(part: Any) -> Floats:
            vectors: Floats = (pixels.transform(part) - mean) @ axes
            return vectors

        return projected
