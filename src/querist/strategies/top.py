"""The stage of a chain that keeps the best."""

from __future__ import annotations

from querist.core.errors import BadInput


class Top:
    """A stage of a chain: only the `keep` best of the score before it go on.

    A batch larger than `keep` still comes back full: then the whole batch goes on.

    Examples
    --------
    >>> from querist.strategies import Entropy, KCenter
    >>> Entropy() >> Top(10_000) >> KCenter()
    Entropy() >> Top(10000) >> KCenter()
    """

    def __init__(self, keep: int) -> None:
        if isinstance(keep, bool) or not isinstance(keep, int) or keep < 1:
            raise BadInput(f"Top keeps a whole number of at least 1, but got {keep!r}")
        self.keep = keep

    def __repr__(self) -> str:
        return f"Top({self.keep})"
