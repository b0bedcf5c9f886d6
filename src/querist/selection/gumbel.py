"""Gumbel noise: adding it before taking the k best draws without replacement."""

from __future__ import annotations

import numpy as np

from querist.core.types import Floats
from querist.selection.scores import Doubles

_LEAST = 2.0**-54  # half of what separates two draws: a draw of 0 stays finite


def gumbel(uniforms: Floats) -> Doubles:
    """Standard Gumbel numbers from uniform ones in [0, 1), (n,).

    The k largest of ``log w + gumbel`` are a draw of k without replacement, each next one
    with probability in proportion to w (Plackett-Luce).

    References
    ----------
    Yellott (1977), The relationship between Luce's choice axiom, Thurstone's theory of
    comparative judgment, and the double exponential distribution; Kool, van Hoof and
    Welling (2019), Stochastic beams and where to find them: the Gumbel-top-k trick for
    sampling sequences without replacement, ICML.

    Examples
    --------
    >>> gumbel(np.array([np.exp(-1.0), 0.0])).round(3)
    array([-0.   , -3.622])
    """
    return np.asarray(-np.log(-np.log(np.maximum(uniforms, _LEAST))))
