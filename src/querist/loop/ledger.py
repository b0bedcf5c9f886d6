"""Where every row of the pool stands: role, labelled, queued, passed over. Arrays, kept current."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from querist.core.errors import UnknownTask
from querist.core.keys import Keys
from querist.core.protocols import Pool
from querist.core.types import Floats, Ints
from querist.loop.reserve import CONTROL, HOLDOUT, OPEN, ROLE_NAMES, STOP, draw, roles
from querist.loop.state import State

_LABELLED, _QUEUED, _HELD, _PASSED, _ASKED = 1, 2, 4, 8, 16


class Ledger:
    """Row-wise view of the state: follows it event by event, so a round never scans the log.

    Parameters
    ----------
    pool : Pool
        The data; `state` must hold no item it does not have.
    state : State
        Folded so far; watched from now on.
    reserved : mapping
        Edges of the roles, from the Opened event.
    copies : array (n,) or None
        For each row the first row of equal content; None when copies need no care.

    Attributes
    ----------
    read : array of bool (n,)
        Rows whose label a reader has seen since the item's votes last changed.
    """

    def __init__(
        self,
        pool: Pool,
        keys: Keys,
        state: State,
        reserved: Mapping[str, float],
        seed: int,
        copies: Ints | None = None,
    ) -> None:
        self.pool = pool
        self.keys = keys
        self.state = state
        drawn = draw(keys, seed)
        self.role: NDArray[np.int8] = roles(drawn, reserved)
        self.read = np.zeros(len(keys), dtype=bool)
        self._standing = np.zeros(len(keys), dtype=np.uint8)
        self._control_order = self._in_drawn_order(CONTROL, drawn)
        self._holdout_order = self._in_drawn_order(HOLDOUT, drawn)
        self._copies = copies
        self._taken_copies = np.zeros(0 if copies is None else len(keys), dtype=np.int64)
        met = list({**state.by_item, **state.votes, **state.skips})
        try:
            rows = pool.rows(met).tolist() if met else []
        except UnknownTask:  # one at least is not here
            for item_id in met:
                self.refresh(item_id)
        else:
            for item_id, row in zip(met, rows, strict=True):
                self._refresh(item_id, row)

    def _in_drawn_order(self, role: int, drawn: Floats) -> Ints:
        rows = np.flatnonzero(self.role == role)
        return rows[np.argsort(drawn[rows], kind="stable")]

    def refresh(self, item_id: str) -> None:
        """Bring one item's standing up to the state."""
        try:
            row = int(self.pool.rows([item_id])[0])
        except UnknownTask:
            return  # added by another process; this one meets it when it reopens the pool
        self._refresh(item_id, row)

    def _refresh(self, item_id: str, row: int) -> None:
        state, standing = self.state, 0
        if state.votes.get(item_id):
            standing |= _LABELLED
        if item_id in state.skips:
            standing |= _PASSED
        for task_id in state.by_item.get(item_id, ()):
            task = state.tasks[task_id]
            if not task.done:
                standing |= _QUEUED
            if task.held_by:
                standing |= _HELD
            if task.why.arm != "requested":
                standing |= _ASKED
        if self._copies is not None:
            before = bool(self._standing[row] & (_LABELLED | _HELD))
            after = bool(standing & (_LABELLED | _HELD))
            self._taken_copies[self._copies[row]] += int(after) - int(before)
        self._standing[row] = standing
        self.read[row] = False

    def _is_labelled(self) -> NDArray[np.bool_]:
        """Mask (n,) of the rows with a label."""
        return (self._standing & _LABELLED).astype(bool)

    def training_rows(self) -> Ints:
        """Labelled rows the model may learn from, in pool order."""
        return np.flatnonzero(self._is_labelled() & (self.role <= CONTROL))

    def measuring_rows(self) -> Ints:
        """Labelled holdout rows, in pool order."""
        return np.flatnonzero(self._is_labelled() & (self.role == HOLDOUT))

    def candidates(self, at_least: int) -> Ints:
        """Open rows a strategy may pick from, in pool order.

        Waiting tasks count as candidates, since a new ranking replaces them. Copies of
        content somebody labelled or holds step back while `at_least` others remain.
        """
        free = (self._standing & (_LABELLED | _HELD | _PASSED)) == 0
        free &= self.role == OPEN
        if self._copies is not None:
            fresh = free & (self._taken_copies[self._copies] == 0)
            if np.count_nonzero(fresh) >= at_least:
                free = fresh
        found: Ints = np.flatnonzero(free)
        return found

    def control_queue(self) -> Ints:
        """Control rows still to be asked, in their drawn order."""
        return self._free_in(self._control_order)

    def holdout_queue(self) -> Ints:
        """Holdout rows with no task yet, in their drawn order."""
        rows = self._holdout_order
        without: Ints = rows[(self._standing[rows] & (_LABELLED | _QUEUED | _PASSED)) == 0]
        return without

    def asked(self) -> tuple[int, int]:
        """How many training items the loop asked and that stand, and how many are control.

        Items their owner requested by name are in neither count.
        """
        stands = ((self._standing & _ASKED) > 0) & ((self._standing & (_LABELLED | _HELD)) > 0)
        stands &= self.role <= CONTROL
        return int(np.count_nonzero(stands)), int(np.count_nonzero(stands[self._control_order]))

    def is_free(self, item_id: str) -> bool:
        """Whether nobody labelled, holds or passed on an item."""
        return not self._standing[self.pool.rows([item_id])[0]] & (_LABELLED | _HELD | _PASSED)

    def drawn(self, rows: Ints) -> NDArray[np.bool_]:
        """Mask of the rows that were asked as control: a random draw, chosen by nobody."""
        found: NDArray[np.bool_] = (self.role[rows] == CONTROL) & (
            (self._standing[rows] & _ASKED) > 0
        )
        return found

    def __copy__(self) -> Ledger:
        """The ledger as it stands now: what is told later does not show in the copy."""
        now = object.__new__(Ledger)
        now.__dict__.update(self.__dict__)
        now._standing = self._standing.copy()
        now._taken_copies = self._taken_copies.copy()
        return now

    def covered_rows(self) -> Ints:
        """Rows that count as the space to cover: everything but the holdout and the stop set."""
        return np.flatnonzero(self.role <= CONTROL)

    def _free_in(self, rows: Ints) -> Ints:
        free: Ints = rows[(self._standing[rows] & (_LABELLED | _HELD | _PASSED)) == 0]
        return free

    def counts(self) -> dict[str, int]:
        """How the data divide: pool, queued, labelled, passed and held out add up to total."""
        kept = self.role >= STOP
        labelled = self._is_labelled() & ~kept
        queued = (self._standing & _QUEUED).astype(bool) & ~kept & ~labelled
        passed = (self._standing & _PASSED).astype(bool) & ~kept & ~labelled & ~queued
        held_out = int(np.count_nonzero(kept))
        parts = {
            "labelled": int(np.count_nonzero(labelled)),
            "queued": int(np.count_nonzero(queued)),
            "passed": int(np.count_nonzero(passed)),
            "held_out": held_out,
        }
        total = len(self.keys)
        return {"total": total, "pool": total - sum(parts.values()), **parts}

    def role_of(self, row: int) -> str:
        """Name of a row's role."""
        return ROLE_NAMES[int(self.role[row])]
