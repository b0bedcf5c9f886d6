"""The pool as it stands, with everything laid out along its rows; grows while the campaign runs."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from querist.core.errors import BadInput, UnknownTask
from querist.core.events import Event, ItemsAdded
from querist.core.keys import hash_ids
from querist.core.protocols import Pool, Question
from querist.core.questions import grown
from querist.core.types import Ints
from querist.loop.ledger import Ledger
from querist.loop.scoring import Scorer
from querist.loop.space import Space
from querist.loop.state import State
from querist.loop.training import Book
from querist.pools import extend, open_pool


class Growth:
    """Owns the pool, the ledger and the scorer, which must always speak of the same rows.

    Raises
    ------
    BadInput
        When the data are not those the log was written about.
    """

    def __init__(
        self, pool: Pool, question: Question, state: State, columns: Mapping[str, Any]
    ) -> None:
        self.columns = {n: columns[n] for n in ("text", "features", "images") if n in columns}
        self.state = state
        self._given = self._question = question
        self._form: Mapping[str, Any] = {}
        self._check(pool)
        first = state.arrivals[0].total
        self.space = Space(pool, first)
        self._lay_out(pool)
        state.watch(lambda item_id: self.ledger.refresh(item_id))

    @property
    def question(self) -> Question:
        """What is asked, with the classes that were added since."""
        if self.state.question is not self._form:
            self._form = self.state.question
            # from the one it began with: a class whose write failed is gone again
            now = grown(self._given, self._form)
            if now.to_json() != self._question.to_json():
                self._question = now
                self._ask_anew()
        return self._question

    @property
    def scorer(self) -> Scorer:
        """What fills signals, for the question as it stands."""
        _ = self.question
        return self._scorer

    @property
    def book(self) -> Book:
        """Labels and targets of all rows, for the question as it stands."""
        _ = self.question
        return self._book

    def _ask_anew(self) -> None:
        """New ones, not the old ones changed: a turn under way goes on with those it has."""
        self._scorer = Scorer(self.pool, self.ledger, self.space, self._question)
        self._book = Book(self.ledger, self._question)
        self.ledger.read[:] = False

    def _lay_out(self, pool: Pool) -> None:
        opened = self.state.opened
        assert opened is not None
        copies = first_copies(pool) if opened.recipe["distinct"] == "pool" else None
        keys = hash_ids(pool.ids(np.arange(len(pool))))
        self.pool = self.space.pool = pool
        self.ledger = Ledger(pool, keys, self.state, opened.reserved, opened.seed, copies)
        self._ask_anew()

    def extended(self, data: Any, columns: Mapping[str, Any]) -> Pool:
        """The pool with new items behind it; `take_in` makes it this one's pool.

        Raises
        ------
        BadInput
            When another process added items that this one has not seen.
        """
        self.check_complete()
        return extend(self.pool, data, **columns)

    def newcomers(self) -> list[Event]:
        """The event that the items at the end of the pool came in; none when the log has them."""
        self._check(self.pool)
        known = self.state.arrivals[-1].total
        return [arrival(self.pool, known)] if len(self.pool) > known else []

    def take_in(self, pool: Pool) -> None:
        """Go on with a longer pool."""
        self._lay_out(pool)

    def check_complete(self) -> None:
        """Raise BadInput when another process added items that this one has not seen."""
        total = self.state.arrivals[-1].total
        if len(self.pool) < total:
            raise BadInput(
                f"another process added items: the log knows {total}, this process "
                f"{len(self.pool)}; open the campaign again with all of them"
            )

    def has(self, item_id: str) -> bool:
        """Whether this process knows an item; another one may have added it since."""
        try:
            self.pool.rows([item_id])
        except UnknownTask:
            return False
        return True

    def batch(self, items: Any) -> Any:
        """Items from outside as a batch the pool's model takes."""
        columns = dict(self.columns)
        if self.pool.kind == "table":
            columns |= {"features": list(getattr(self.pool, "columns", ())), "mixed": True}
        outside = open_pool(items, **columns)
        if outside.kind != self.pool.kind:
            raise BadInput(
                f"the model was trained on {self.pool.kind} items, but {outside.kind} items came"
            )
        return outside.items(np.arange(len(outside)))

    def _check(self, pool: Pool) -> None:
        """The first arrivals must be the same items in the same order; later ones may follow."""
        start = 0
        for seen in self.state.arrivals:
            if len(pool) < seen.total:
                raise BadInput(
                    f"the log knows {seen.total} items but the data hold {len(pool)}; "
                    "open the campaign with the data it was started on, new items at the end"
                )
            if ids_digest(pool.ids(np.arange(start, seen.total))) != seen.digest:
                raise BadInput(
                    f"items {start} to {seen.total - 1} of the data are not those of the log: "
                    "ids differ or their order does. Open the campaign with the data it was "
                    "started on, new items at the end"
                )
            start = seen.total


def arrival(pool: Pool, before: int) -> ItemsAdded:
    """The event that the rows from `before` on came in."""
    fresh = np.arange(before, len(pool))
    digests = pool.digests(np.arange(len(pool)))
    known = set(digests[:before])
    new = digests[before:]
    return ItemsAdded(
        at=time.time(),
        count=len(fresh),
        total=len(pool),
        digest=ids_digest(pool.ids(fresh)),
        duplicates=len(new) - len(set(new) - known),
    )


def ids_digest(ids: Sequence[str]) -> str:
    """Hash of ids in order.

    Examples
    --------
    >>> ids_digest(["a", "b"]) == ids_digest(["b", "a"])
    False
    """
    return hashlib.sha256("\n".join(ids).encode()).hexdigest()


def first_copies(pool: Pool) -> Ints | None:
    """For each row the first row of equal content, (n,); None when no content repeats."""
    digests = pool.digests(np.arange(len(pool)))
    if len(set(digests)) == len(digests):
        return None
    first: dict[str, int] = {}
    return np.array([first.setdefault(d, row) for row, d in enumerate(digests)], dtype=np.int64)
