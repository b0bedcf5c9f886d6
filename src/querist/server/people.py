"""Who may come in: people, their roles, and the invitations that bring them."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import get_args

from querist.core.errors import BadInput
from querist.server.audit import Audit, enter
from querist.server.keys import Keys, Role, digest, new_secret, session_in
from querist.server.names import check_name, looks_of
from querist.server.people_file import NotGranted, PeopleFile

ROLES: tuple[Role, ...] = get_args(Role)
INVITED_DAYS = 7.0
_MOST_DAYS = 365.0
_DAY = 86400.0


@dataclass(frozen=True)
class User:
    """A person: `disabled` is when the account was closed, None while it is open."""

    name: str
    role: Role
    made: float
    disabled: float | None = None

    def to_json(self) -> dict[str, object]:
        """The fields by name."""
        return asdict(self)


@dataclass(frozen=True)
class Invitation:
    """A way in for one person, once; `name` where it is meant for one name."""

    id: int
    role: Role
    name: str | None
    by: str
    made: float
    expires: float

    def to_json(self) -> dict[str, object]:
        """The fields by name."""
        return asdict(self)


class People:
    """The people of a served folder, kept in its ``people.sqlite``.

    There are no passwords. An invitation lets one person in once; personal tokens, made while
    logged in, let that person in again.

    Parameters
    ----------
    folder : path
        The folder that is served: of one campaign, or of several.
    clock : callable
        Seconds since 1970; tests give their own.

    Attributes
    ----------
    keys : Keys
        Tokens and sessions.
    audit : Audit
        Logins, refusals and changes.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     people = People(folder)
    ...     code, invitation = people.invite("owner", by="shell")
    ...     ann, session = people.join(code, "ann")
    ...     print(ann.name, ann.role, people.keys.holder(session).name)
    ...     people.close()
    ann owner ann
    """

    def __init__(self, folder: str | Path, clock: Callable[[], float] = time.time) -> None:
        self.file = PeopleFile(Path(folder), clock)
        self.keys = Keys(self.file)
        self.audit = Audit(self.file)
        self._any = False

    def any(self) -> bool:
        """Whether somebody is known: from then on nobody comes in without a login."""
        # the last owner cannot go, so what was true once stays true
        self._any = self._any or bool(self.file.rows("SELECT 1 FROM users LIMIT 1"))
        return self._any

    def expects_owner(self) -> bool:
        """Whether an invitation of an owner waits to be used."""
        return any(invitation.role == "owner" for invitation in self.invitations())

    def users(self) -> list[User]:
        """Everybody, in the order they came; disabled ones too."""
        rows = self.file.rows("SELECT name, role, made, disabled FROM users ORDER BY made, name")
        return [User(*row) for row in rows]

    def invite(
        self,
        role: str,
        *,
        by: str,
        name: str | None = None,
        days: float = INVITED_DAYS,
        address: str = "",
    ) -> tuple[str, Invitation]:
        """A code that lets one person in once, and how the invitation is listed.

        An invitation with the name of somebody who is here lets that person in again, in the
        role he has: the way back for whoever lost his token.

        Raises
        ------
        BadInput
            When role, name or days are none.
        NotGranted
            When the first person would not be an owner, or the name looks like another's.
        """
        role_ = check_role(role)
        if isinstance(days, bool) or not 0 < days <= _MOST_DAYS:
            raise BadInput(f"days must be above 0 and at most {_MOST_DAYS:.0f}, got {days!r}")
        if name is not None:
            check_name(name)
        code, now = new_secret(), self.file.clock()
        with self.file.write() as db:
            if role_ != "owner" and not _owners(db):
                raise NotGranted("the first to come must be an owner; invite one", 409)
            if name is not None:
                known = _known(db, name)
                role_ = known.role if known else role_
            done = db.execute(
                "INSERT INTO invitations (hash, role, name, by, made, expires) "
                "VALUES (?, ?, ?, ?, ?, ?)",
                (digest(code), role_, name, by, now, now + days * _DAY),
            )
            detail = f"{role_} {done.lastrowid}"
            enter(db, now, "invited", name=name or "", by=by, address=address, detail=detail)
        at = int(done.lastrowid or 0)
        return code, Invitation(at, role_, name, by, now, now + days * _DAY)

    def invitations(self) -> list[Invitation]:
        """Those that can still be used, newest first."""
        rows = self.file.rows(
            f"SELECT {_INVITATION} FROM invitations WHERE {_OPEN} ORDER BY id DESC",
            (self.file.clock(),),
        )
        return [Invitation(*row) for row in rows]

    def invitation(self, code: str) -> Invitation:
        """The invitation of a code; looking does not use it up.

        Raises
        ------
        NotGranted
            When there is none, or it was used, withdrawn, or came too late.
        """
        rows = self.file.rows(
            f"SELECT {_INVITATION} FROM invitations WHERE {_OPEN} AND hash = ?",
            (self.file.clock(), digest(code)),
        )
        if not rows:
            raise NotGranted(_NO_INVITATION, 404)
        return Invitation(*rows[0])

    def withdraw(self, invitation: int, *, by: str, address: str = "") -> None:
        """Make an invitation void.

        Raises
        ------
        NotGranted
            When it is not open.
        """
        with self.file.write() as db:
            now = self.file.clock()
            done = db.execute(
                f"UPDATE invitations SET withdrawn = ? WHERE {_OPEN} AND id = ?",
                (now, now, invitation),
            )
            if not done.rowcount:
                raise NotGranted(f"there is no open invitation with the id {invitation}", 404)
            enter(db, now, "withdrawn", by=by, address=address, detail=str(invitation))

    def join(
        self, code: str, name: str | None = None, *, address: str = "", agent: str = ""
    ) -> tuple[User, str]:
        """Use an invitation up: the person, and the secret of a fresh session.

        Raises
        ------
        BadInput
            When the name cannot be one; the invitation stays open.
        NotGranted
            When the invitation is not open, is for another name, or the name looks like one
            that is taken.
        """
        with self.file.write() as db:
            now = self.file.clock()
            row = db.execute(
                f"SELECT {_INVITATION} FROM invitations WHERE {_OPEN} AND hash = ?",
                (now, digest(code)),
            ).fetchone()
            if row is None:
                raise NotGranted(_NO_INVITATION, 404)
            invitation = Invitation(*row)
            wanted = check_name(name or invitation.name or "")
            if invitation.name is not None and wanted != invitation.name:
                raise NotGranted(f"this invitation is for {invitation.name!r} alone", 403)
            user = _known(db, wanted)
            if user is None:
                user = _add(db, wanted, invitation.role, now)
                kind = "joined"
            elif invitation.name is None:
                raise NotGranted(f"the name {wanted!r} is taken; choose another", 409)
            else:
                kind = "returned"
                db.execute("UPDATE users SET disabled = NULL WHERE name = ?", (wanted,))
            db.execute(
                "UPDATE invitations SET used = ?, used_by = ? WHERE id = ?",
                (now, wanted, invitation.id),
            )
            return user, session_in(db, now, wanted, address, agent, kind)

    def add(self, name: str, role: str, *, by: str, address: str = "") -> User:
        """Add a person without an invitation: a script, say, that only needs a token.

        Raises
        ------
        BadInput
            When name or role are none.
        NotGranted
            When the name looks like one that is taken, or the first would not be an owner.
        """
        check_name(name)
        role_ = check_role(role)
        with self.file.write() as db:
            if _known(db, name) is not None:
                raise NotGranted(f"the name {name!r} is taken; choose another", 409)
            if role_ != "owner" and not _owners(db):
                raise NotGranted("the first to come must be an owner; invite one", 409)
            user = _add(db, name, role_, self.file.clock())
            enter(db, user.made, "joined", name=name, by=by, address=address, detail=role_)
        return user

    def set_role(self, name: str, role: str, *, by: str, address: str = "") -> User:
        """Change what a person may do, from his next request on.

        Raises
        ------
        NotGranted
            When there is no such person, or no owner would be left.
        """
        role_ = check_role(role)
        with self.file.write() as db:
            user = _one(db, name)
            if role_ != "owner":
                _keep_an_owner(db, user)
            db.execute("UPDATE users SET role = ? WHERE name = ?", (role_, name))
            detail = f"{user.role} -> {role_}"
            now = self.file.clock()
            enter(db, now, "role", name=name, by=by, address=address, detail=detail)
        return User(name, role_, user.made, user.disabled)

    def disable(self, name: str, *, by: str, address: str = "") -> User:
        """Close an account: its tokens and sessions are dead at once, its answers stay.

        An invitation by the same name opens it again, without the old tokens.

        Raises
        ------
        NotGranted
            When there is no such person, or no owner would be left.
        """
        with self.file.write() as db:
            user = _one(db, name)
            if user.disabled is not None:
                return user
            _keep_an_owner(db, user)
            now = self.file.clock()
            db.execute("UPDATE users SET disabled = ? WHERE name = ?", (now, name))
            db.execute(
                "UPDATE keys SET revoked = ? WHERE user = ? AND revoked IS NULL", (now, name)
            )
            enter(db, now, "disabled", name=name, by=by, address=address)
        return User(name, user.role, user.made, now)

    def close(self) -> None:
        """Write what the audit still counts, and let go of the file."""
        self.audit.flush()
        self.file.close()


_INVITATION = "id, role, name, by, made, expires"
_OPEN = "used IS NULL AND withdrawn IS NULL AND expires > ?"
_NO_INVITATION = (
    "this invitation is unknown, was used or withdrawn, or is too old; ask for a new one"
)


def check_role(role: str) -> Role:
    """Return the role, or raise BadInput naming the allowed ones."""
    for known in ROLES:
        if role == known:
            return known
    raise BadInput(f"the role must be one of {', '.join(ROLES)}; got {role!r}")


def _owners(db: sqlite3.Connection) -> int:
    """How many owners can come in."""
    sql = "SELECT COUNT(*) FROM users WHERE role = 'owner' AND disabled IS NULL"
    return int(db.execute(sql).fetchone()[0])


def _one(db: sqlite3.Connection, name: str) -> User:
    row = db.execute(
        "SELECT name, role, made, disabled FROM users WHERE name = ?", (name,)
    ).fetchone()
    if row is None:
        raise NotGranted(f"there is nobody called {name!r} here", 404)
    return User(*row)


def _known(db: sqlite3.Connection, name: str) -> User | None:
    """The person of exactly this name; NotGranted where it only looks like somebody's."""
    row = db.execute(
        "SELECT name, role, made, disabled FROM users WHERE looks = ?", (looks_of(name),)
    ).fetchone()
    if row is None:
        return None
    if row[0] != name:
        raise NotGranted(
            f"the name {name!r} looks like {row[0]!r}, who is here; choose another", 409
        )
    return User(*row)


def _add(db: sqlite3.Connection, name: str, role: Role, now: float) -> User:
    db.execute(
        "INSERT INTO users (name, looks, role, made) VALUES (?, ?, ?, ?)",
        (name, looks_of(name), role, now),
    )
    return User(name, role, now)


def _keep_an_owner(db: sqlite3.Connection, user: User) -> None:
    if user.role == "owner" and user.disabled is None and _owners(db) == 1:
        raise NotGranted(f"{user.name!r} is the only owner; make somebody else an owner first", 409)
