"""Tokens and sessions: random keys of which only a digest is kept."""

from __future__ import annotations

import hashlib
import hmac
import secrets
import sqlite3
from dataclasses import asdict, dataclass
from typing import Any, Literal

from querist.core.errors import BadInput
from querist.server.audit import enter
from querist.server.people_file import NotGranted, PeopleFile

Role = Literal["owner", "reviewer", "annotator"]
Kind = Literal["token", "session"]

PREFIX = "querist_"  # so that a scanner for leaked secrets can know one
SESSION_DAYS = 30
_DAY = 86400.0
_TOUCH = 60.0  # seconds between two notes of when a key was last used
_MOST = 100  # live tokens a person may have, and live sessions


def new_secret() -> str:
    """256 random bits as text."""
    return secrets.token_urlsafe(32)


def digest(secret: str) -> bytes:
    """What is kept of a secret: SHA-256.

    A slow, salted hash protects passwords because people choose guessable ones. These secrets
    are 256 random bits: nobody can try them through, whatever one try costs, and a slow hash
    would be paid on every request.
    """
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).digest()


@dataclass(frozen=True)
class Key:
    """A token or a session as it is listed; the secret itself is nowhere."""

    id: int
    kind: Kind
    user: str
    label: str
    made: float
    used: float | None
    expires: float | None

    def to_json(self) -> dict[str, object]:
        """The fields by name."""
        return asdict(self)


@dataclass(frozen=True, slots=True)
class Holder:
    """Who holds a key, and what he may do now."""

    key: int
    kind: Kind
    name: str
    role: Role
    used: float | None


class Keys:
    """Makes, finds and ends the keys of people.

    Every lookup reads the file, some 10 microseconds: a revoked key is dead at once, in every
    process that serves the folder.

    Parameters
    ----------
    file : PeopleFile
        Where they are kept.
    """

    def __init__(self, file: PeopleFile) -> None:
        self._file = file

    def holder(self, secret: str) -> Holder | None:
        """Who holds a secret; None for an unknown, ended, revoked or disabled one.

        The index is searched by digest, so how long it takes tells nothing about a secret; the
        digests are compared once more in constant time all the same.
        """
        wanted = digest(secret)
        rows = self._file.rows(
            "SELECT k.hash, k.id, k.kind, k.user, u.role, k.used FROM keys k JOIN users u "
            "ON u.name = k.user WHERE k.hash = ? AND k.revoked IS NULL AND u.disabled IS NULL "
            "AND (k.expires IS NULL OR k.expires > ?)",
            (wanted, self._file.clock()),
        )
        if not rows or not hmac.compare_digest(rows[0][0], wanted):
            return None
        return Holder(*rows[0][1:])

    def is_stale(self, holder: Holder) -> bool:
        """Whether the time of last use has to be noted again."""
        return holder.used is None or self._file.clock() - holder.used > _TOUCH

    def touch(self, key: int) -> None:
        """Note that a key is in use."""
        with self._file.write() as db:
            db.execute("UPDATE keys SET used = ? WHERE id = ?", (self._file.clock(), key))

    def make_token(self, user: str, label: str, *, by: str, address: str = "") -> tuple[str, Key]:
        """A new token and how it is listed; the token is shown here and never again.

        Raises
        ------
        BadInput
            When the label is blank or too long.
        NotGranted
            When there is no such person, or he has too many tokens.
        """
        label = label.strip() if isinstance(label, str) else ""
        if not label or len(label) > 100 or not label.isprintable():
            raise BadInput(
                "a token needs a label of 1 to 100 characters that says what it is for, "
                "such as 'import script'"
            )
        secret = PREFIX + new_secret()
        with self._file.write() as db:
            _live(db, user)
            live = self._count(db, user, "token")
            if live >= _MOST:
                raise NotGranted(f"{user} has {live} tokens; revoke one that is not needed", 409)
            now = self._file.clock()
            key = _insert(db, secret, "token", user, label, now, None)
            enter(db, now, "token made", name=user, by=by, address=address, detail=label)
        return secret, Key(key, "token", user, label, now, None, None)

    def open_session(self, user: str, *, address: str = "", agent: str = "") -> str:
        """A fresh session after a login; the secret goes into the cookie."""
        with self._file.write() as db:
            return session_in(db, self._file.clock(), user, address, agent, "login")

    def listed(self, kind: Kind, user: str | None = None) -> list[Key]:
        """Live keys of one person, or of everybody, newest first."""
        rows = self._file.rows(
            "SELECT id, kind, user, label, made, used, expires FROM keys WHERE kind = ? "
            "AND revoked IS NULL AND (expires IS NULL OR expires > ?) "
            "AND (? IS NULL OR user = ?) ORDER BY id DESC",
            (kind, self._file.clock(), user, user),
        )
        return [Key(*row) for row in rows]

    def revoke(self, key: int, *, by: str, of: str | None = None, address: str = "") -> Key:
        """End a token or a session, at once and for good.

        Parameters
        ----------
        of : str, optional
            Only when it is this person's.

        Raises
        ------
        NotGranted
            When there is no such live key.
        """
        with self._file.write() as db:
            row = db.execute(
                "SELECT id, kind, user, label, made, used, expires FROM keys "
                "WHERE id = ? AND revoked IS NULL AND (? IS NULL OR user = ?)",
                (key, of, of),
            ).fetchone()
            if row is None:
                raise NotGranted(f"there is no live token or session with the id {key}", 404)
            found, now = Key(*row), self._file.clock()
            db.execute("UPDATE keys SET revoked = ? WHERE id = ?", (now, key))
            what = "token revoked" if found.kind == "token" else "session ended"
            enter(db, now, what, name=found.user, by=by, address=address, detail=found.label)
        return found

    def _count(self, db: sqlite3.Connection, user: str, kind: Kind) -> int:
        return int(
            db.execute(
                "SELECT COUNT(*) FROM keys WHERE user = ? AND kind = ? AND revoked IS NULL",
                (user, kind),
            ).fetchone()[0]
        )


def session_in(
    db: sqlite3.Connection, now: float, user: str, address: str, agent: str, kind: str
) -> str:
    """Open a session within a transaction; what ended long ago is cleared away."""
    _live(db, user)
    secret = new_secret()
    long_ago = now - 90 * _DAY
    db.execute(
        "DELETE FROM keys WHERE kind = 'session' AND (expires < ? OR revoked < ?)",
        (long_ago, long_ago),
    )
    db.execute(  # somebody who logs in without end has the newest sessions only
        "UPDATE keys SET revoked = ? WHERE id IN (SELECT id FROM keys WHERE user = ? AND "
        "kind = 'session' AND revoked IS NULL ORDER BY id DESC LIMIT -1 OFFSET ?)",
        (now, user, _MOST - 1),
    )
    label = "".join(c for c in agent if c.isprintable())[:200]
    _insert(db, secret, "session", user, label, now, now + SESSION_DAYS * _DAY)
    enter(db, now, kind, name=user, address=address, detail=label)
    return secret


def _insert(
    db: sqlite3.Connection,
    secret: str,
    kind: Kind,
    user: str,
    label: str,
    now: float,
    expires: float | None,
) -> int:
    done = db.execute(
        "INSERT INTO keys (hash, kind, user, label, made, expires) VALUES (?, ?, ?, ?, ?, ?)",
        (digest(secret), kind, user, label, now, expires),
    )
    return int(done.lastrowid or 0)


def _live(db: sqlite3.Connection, user: str) -> tuple[Any, ...]:
    """The row of a person who is not disabled, or NotGranted."""
    row = db.execute(
        "SELECT name, role FROM users WHERE name = ? AND disabled IS NULL", (user,)
    ).fetchone()
    if row is None:
        raise NotGranted(f"there is nobody called {user!r} here, or the account is disabled", 404)
    return tuple(row)
