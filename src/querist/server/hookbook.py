"""The book of a campaign's webhooks: who wants to know what, what was sent, and what came of it.

An SQLite file beside the log. Whatever is to be sent is written here before it is sent, in one
transaction with the place in the log it comes from; so a crash at any moment repeats a message
with the same id, and loses none.
"""

from __future__ import annotations

import json
import secrets
import sqlite3
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from itertools import islice, takewhile
from pathlib import Path
from typing import Any

from querist.core.errors import BadInput
from querist.core.events import campaign_mark
from querist.core.protocols import Log
from querist.logs.sqlite_file import (
    connect,
    make_private,
    statements,
    transaction,
    trouble,
    write_ahead,
)
from querist.server.facts import KINDS, TABLES, facts_of
from querist.server.messages import Hook, Kept, Message, composed, new_secret

FILE = "hooks.sqlite"
TOGETHER = 100  # answers in one message at most
OVERLAP = 86_400.0  # seconds an old secret still signs after it was replaced
KEPT = 500  # deliveries that came through, remembered for each hook
_PAGE = 2_000

_OWN = """
CREATE TABLE fact (id INTEGER PRIMARY KEY AUTOINCREMENT, position INTEGER, kind TEXT, data TEXT);
CREATE TABLE hook (id TEXT PRIMARY KEY, url TEXT, events TEXT, secret TEXT, old_secret TEXT,
    old_until REAL, private INTEGER, state TEXT, why TEXT, made REAL, seen INTEGER,
    owner TEXT, until REAL);
CREATE TABLE delivery (seq INTEGER PRIMARY KEY AUTOINCREMENT, hook TEXT, id TEXT, kind TEXT,
    body TEXT, state TEXT, attempts INTEGER, made REAL, since REAL, due REAL, ended REAL,
    status INTEGER, note TEXT);
CREATE INDEX delivery_of_hook ON delivery (hook, state, seq)
"""
_UNSEEN = (
    "FROM fact WHERE fact.id > hook.seen "
    "AND fact.kind IN (SELECT value FROM json_each(hook.events))"
)


class HookBook:
    """The webhooks of one campaign folder, for any number of processes.

    Parameters
    ----------
    path : str or Path
        The file; made when it is not there.
    """

    def __init__(self, path: str | Path) -> None:
        self.path = Path(path)
        make_private(self.path)  # it holds secrets
        self._db = connect(self.path.absolute())
        self._lock = threading.Lock()
        self._checked = False
        try:
            with self._reading() as db:
                write_ahead(db)
                db.execute("PRAGMA synchronous = FULL")
            with self._writing() as db:
                if not db.execute("SELECT 1 FROM sqlite_master").fetchone():
                    for statement in statements(TABLES + _OWN):
                        db.execute(statement)
        except BaseException:
            self._db.close()
            raise

    def close(self) -> None:
        """Let go of the file."""
        with self._lock:
            self._db.close()

    def add(self, log: Log, url: str, events: Sequence[str], *, private: bool = False) -> Hook:
        """Tell `url` of everything of the given kinds that happens from now on.

        Raises
        ------
        BadInput
            For a kind of event nobody knows.
        """
        unknown = sorted(set(events) - set(KINDS))
        if unknown or not events:
            raise BadInput(
                f"a webhook hears of one or more of {', '.join(KINDS)}; got {list(events)}"
            )
        self.take_in(log)  # what was before is not told
        made = time.time()
        kinds = tuple(kind for kind in KINDS if kind in events)
        hook = Hook(
            f"hook_{secrets.token_hex(6)}", url, kinds, (new_secret(),), private, "on", "", made
        )
        with self._writing() as db:
            (last,) = db.execute(
                "SELECT coalesce(max(seq), 0) FROM sqlite_sequence WHERE name = 'fact'"
            ).fetchone()
            db.execute(
                "INSERT INTO hook VALUES (?, ?, ?, ?, NULL, 0, ?, 'on', '', ?, ?, '', 0)",
                (hook.id, url, json.dumps(kinds), hook.secrets[0], private, made, last),
            )
        return hook

    def hooks(self) -> list[Hook]:
        """All of them, the oldest first."""
        with self._reading() as db:
            rows = db.execute(
                "SELECT id, url, events, secret, old_secret, old_until, private, state, why, "
                f"made, (SELECT count(*) FROM (SELECT 1 {_UNSEEN} LIMIT 1000)), "
                "(SELECT due FROM delivery WHERE hook = hook.id AND state = 'waiting') "
                "FROM hook ORDER BY made, id"
            ).fetchall()
        now = time.time()
        return [_hook_of(row, now) for row in rows]

    def find(self, name: str) -> Hook:
        """The hook with an id, or the only one with an address.

        Raises
        ------
        BadInput
            When there is none, or more than one.
        """
        found = [hook for hook in self.hooks() if name in (hook.id, hook.url)]
        if len(found) != 1:
            known = ", ".join(f"{h.id} ({h.url})" for h in self.hooks()) or "none yet"
            what = "several webhooks go" if found else "no webhook goes"
            raise BadInput(f"{what} by {name!r}; name one by its id. There are: {known}")
        return found[0]

    def remove(self, hook: str) -> None:
        """Forget a hook and what was sent to it."""
        with self._writing() as db:
            db.execute("DELETE FROM hook WHERE id = ?", (hook,))
            db.execute("DELETE FROM delivery WHERE hook = ?", (hook,))

    def rotate(self, hook: str) -> str:
        """Give a hook a new secret; for a day the old one signs too."""
        secret = new_secret()
        with self._writing() as db:
            db.execute(
                "UPDATE hook SET old_secret = secret, old_until = ?, secret = ? WHERE id = ?",
                (time.time() + OVERLAP, secret, hook),
            )
        return secret

    def resume(self, hook: str) -> None:
        """Send again to a hook that was given up, beginning with what it did not take."""
        with self._writing() as db:
            db.execute("UPDATE hook SET state = 'on', why = '' WHERE id = ?", (hook,))
            db.execute(
                "UPDATE delivery SET state = 'waiting', attempts = 0, due = 0, since = NULL, "
                "ended = NULL WHERE hook = ? AND state != 'done'",
                (hook,),
            )

    def take_in(self, log: Log) -> int:
        """Read on in the log and keep the facts that hooks wait for; return how many came.

        Raises
        ------
        BadInput
            When the file belongs to the log of another campaign.
        """
        self._begin(log)
        came = 0
        while True:
            with self._reading() as db:
                (position,) = db.execute("SELECT position FROM reading").fetchone()
            rows = list(islice(iter(log.read(after=position)), _PAGE))
            if not rows:
                return came
            with self._writing() as db:
                (now,) = db.execute("SELECT position FROM reading").fetchone()
                wanted = dict(db.execute("SELECT DISTINCT value, 1 FROM hook, json_each(events)"))
                facts = [
                    (at, fact.kind, json.dumps(fact.data, ensure_ascii=False))
                    for at, event in rows
                    if at > now  # another process may have read them since
                    for fact in facts_of(event, at, db)
                    if fact.kind in wanted
                ]
                db.executemany("INSERT INTO fact VALUES (NULL, ?, ?, ?)", facts)
                came += len(facts)
                db.execute("UPDATE reading SET position = ?", (max(now, rows[-1][0]),))
                db.execute(
                    "UPDATE hook SET seen = max(seen, (SELECT coalesce(max(id), 0) FROM fact)) "
                    f"WHERE NOT EXISTS (SELECT 1 {_UNSEEN})"
                )
                db.execute("DELETE FROM fact WHERE id <= (SELECT min(seen) FROM hook)")

    def claim(self, hook: str, owner: str, seconds: float) -> bool:
        """Become the one who delivers to a hook for so long; 0 seconds gives one's own back.

        Only one process at a time can, so the order is kept. A claim that lasts longer than any
        can was made before the clock was set back, and holds nobody up.
        """
        with self._writing() as db:
            now = time.time()  # in here: whoever waited for his turn knows a later time
            changed = db.execute(
                "UPDATE hook SET owner = ?, until = ? "
                "WHERE id = ? AND (owner = ? OR (? > 0 AND until NOT BETWEEN ? AND ?))",
                (owner, now + seconds, hook, owner, seconds, now, now + seconds),
            )
            return changed.rowcount == 1

    def next_message(self, hook: Hook) -> Message | None:
        """What is to be sent next, written down before it is; answers that wait go together."""
        with self._writing() as db:
            waits = db.execute(
                "SELECT seq, id, kind, body, attempts, since, due FROM delivery "
                "WHERE hook = ? AND state = 'waiting' ORDER BY seq LIMIT 1",
                (hook.id,),
            ).fetchone()
            if waits is not None:
                return Message(*waits)
            facts = _next_facts(hook, db)
            if not facts:
                return None
            (campaign,) = db.execute("SELECT campaign FROM reading").fetchone()
            name, body = composed(facts, hook.id, campaign, self.path.absolute().parent.name)
            put = db.execute(
                "INSERT INTO delivery VALUES "
                "(NULL, ?, ?, ?, ?, 'waiting', 0, ?, NULL, 0, NULL, NULL, NULL)",
                (hook.id, name, facts[0].kind, body, time.time()),
            )
            db.execute("UPDATE hook SET seen = ? WHERE id = ?", (facts[-1].id, hook.id))
            assert put.lastrowid is not None
            return Message(put.lastrowid, name, facts[0].kind, body, 0, None, 0.0)

    def settle(self, seq: int, **fields: Any) -> None:
        """Write what came of an attempt: state, attempts, since, due, ended, status, note.

        A state other than "waiting" and "done" is the hook's as well: no more is sent to it.
        """
        with self._writing() as db:
            put = ", ".join(f"{name} = ?" for name in fields)
            db.execute(f"UPDATE delivery SET {put} WHERE seq = ?", (*fields.values(), seq))
            found = db.execute("SELECT hook FROM delivery WHERE seq = ?", (seq,)).fetchone()
            if found is None:
                return  # removed meanwhile, with its hook
            (hook,), state = found, fields["state"]
            if state == "done":
                db.execute(
                    "DELETE FROM delivery WHERE hook = ? AND state = 'done' AND seq <= ("
                    "SELECT seq FROM delivery WHERE hook = ? AND state = 'done' "
                    "ORDER BY seq DESC LIMIT 1 OFFSET ?)",
                    (hook, hook, KEPT),
                )
            elif state != "waiting":
                db.execute(
                    "UPDATE hook SET state = ?, why = ? WHERE id = ?", (state, fields["note"], hook)
                )

    def deliveries(self, hook: str, n: int = 50) -> list[dict[str, Any]]:
        """The last messages to a hook, the newest first, and what came of each."""
        names = ("id", "kind", "state", "attempts", "made", "due", "ended", "status", "note")
        with self._reading() as db:
            rows = db.execute(
                f"SELECT {', '.join(names)} FROM delivery WHERE hook = ? ORDER BY seq DESC LIMIT ?",
                (hook, n),
            ).fetchall()
        return [dict(zip(names, row, strict=True)) for row in rows]

    def _begin(self, log: Log) -> None:
        """See to it that the file speaks of this log."""
        if self._checked:
            return
        first = next(iter(log.read()), None)
        if first is None:
            raise BadInput("the log of the campaign is empty: there is nothing to tell of yet")
        campaign = campaign_mark(first[1])
        with self._writing() as db:
            known = db.execute("SELECT campaign FROM reading").fetchone()
            if known is None:
                db.execute("INSERT INTO reading VALUES (?, 0, 0, 0)", (campaign,))
            elif known != (campaign,):
                raise BadInput(
                    f"{self.path} holds the webhooks of another campaign than the log beside it; "
                    "remove the file and add the webhooks again"
                )
        self._checked = True

    @contextmanager
    def _writing(self) -> Iterator[sqlite3.Connection]:
        try:
            with self._lock, transaction(self._db, "BEGIN IMMEDIATE"):
                yield self._db
        except sqlite3.Error as error:
            raise trouble(error, self.path) from error

    @contextmanager
    def _reading(self) -> Iterator[sqlite3.Connection]:
        try:
            with self._lock:
                yield self._db
        except sqlite3.Error as error:
            raise trouble(error, self.path) from error


def _hook_of(row: Sequence[Any], now: float) -> Hook:
    id_, url, events, secret, old, old_until, private, state, why, made, waiting, due = row
    return Hook(
        id_,
        url,
        tuple(json.loads(events)),
        (secret, old) if old and old_until > now else (secret,),
        bool(private),
        state,
        why,
        made,
        waiting + (due is not None),
        due or 0.0,
    )


def _next_facts(hook: Hook, db: sqlite3.Connection) -> list[Kept]:
    """The facts of the next message: one, or as many answers as follow each other."""
    seen = db.execute("SELECT seen FROM hook WHERE id = ?", (hook.id,)).fetchone()
    if seen is None:
        return []  # removed meanwhile
    marks = ", ".join("?" * len(hook.events))
    rows = db.execute(
        f"SELECT id, position, kind, data FROM fact WHERE id > ? AND kind IN ({marks}) "
        "ORDER BY id LIMIT ?",
        (*seen, *hook.events, TOGETHER),
    ).fetchall()
    facts = [Kept(*row) for row in rows]
    if facts and facts[0].kind != "answered":
        return facts[:1]
    return list(takewhile(lambda fact: fact.kind == "answered", facts))
