"""Who may use a server: people, from the machine that holds the folder."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from querist.cli.options import AsJson
from querist.cli.output import say, say_json, say_table
from querist.core.errors import BadInput

if TYPE_CHECKING:
    from querist.server.people import People

BY = "command line"  # who did it, as the audit has it


def people(
    folder: Annotated[
        Path, typer.Argument(metavar="DIR", help="The folder that is served: of one or several.")
    ],
    invite: Annotated[
        str | None, typer.Option(metavar="ROLE", help="Invite an owner, reviewer or annotator.")
    ] = None,
    name: Annotated[
        str | None,
        typer.Option(help="With --invite: for this name; a known one is let in again."),
    ] = None,
    days: Annotated[float, typer.Option(help="With --invite: how long it holds.")] = 7.0,
    address: Annotated[
        str, typer.Option(help="With --invite: where the server is reached.")
    ] = "http://127.0.0.1:8123",
    add: Annotated[
        str | None,
        typer.Option(metavar="NAME=ROLE", help="Add somebody, a script say; prints a token."),
    ] = None,
    token: Annotated[
        str | None, typer.Option(metavar="NAME", help="Print one more token of somebody.")
    ] = None,
    role: Annotated[
        str | None, typer.Option(metavar="NAME=ROLE", help="Change what somebody may do.")
    ] = None,
    disable: Annotated[
        str | None, typer.Option(metavar="NAME", help="Close an account; its answers stay.")
    ] = None,
    withdraw: Annotated[
        int | None, typer.Option(metavar="ID", help="Make an invitation void.")
    ] = None,
    revoke: Annotated[
        int | None, typer.Option(metavar="ID", help="End a token or a session.")
    ] = None,
    audit: Annotated[
        bool, typer.Option("--audit", help="Show the last 200 logins, refusals and changes.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Show, invite and change the people of a server.

    It may run meanwhile.

    Without an option everybody is listed, with open invitations and live tokens.
    """
    from querist.server.people import People

    acts = {
        "invite": invite,
        "add": add,
        "token": token,
        "role": role,
        "disable": disable,
        "withdraw": withdraw,
        "revoke": revoke,
        "audit": audit or None,
    }
    given = {act: value for act, value in acts.items() if value is not None}
    if len(given) > 1:
        raise BadInput(f"one act a call, not {' and '.join('--' + act for act in given)}")
    _check_folder(folder)
    here = People(folder)
    try:
        act, value = next(iter(given.items()), ("list", None))
        if act == "invite":
            _invite(here, str(value), name, days, address, as_json)
        elif act in ("list", "audit"):
            (_list if act == "list" else _audit)(here, as_json)
        else:
            _change(here, act, value, as_json)
    finally:
        here.close()


def _invite(
    here: People, role: str, name: str | None, days: float, address: str, as_json: bool
) -> None:
    code, made = here.invite(role, by=BY, name=name, days=days)
    link = f"{address.rstrip('/')}/join/{code}"
    if as_json:
        say_json({"link": link, **made.to_json()})
    else:
        say(link, f"For one {made.role}, once, within {days:g} days.")


def _change(here: People, act: str, value: Any, as_json: bool) -> None:
    if act == "add":
        name, role = _pair(value)
        here.add(name, role, by=BY)
        act, value = "token", name
    if act == "token":
        secret, key = here.keys.make_token(value, "made at the command line", by=BY)
        if as_json:
            say_json({"token": secret, **key.to_json()})
        else:
            say(secret)
        return
    if act == "role":
        found: Any = here.set_role(*_pair(value), by=BY)
        done = f"{found.name} is {found.role} now"
    elif act == "disable":
        found = here.disable(value, by=BY)
        done = f"the account of {found.name} is closed"
    elif act == "revoke":
        found = here.keys.revoke(value, by=BY)
        done = f"the {found.kind} {found.id} of {found.user} is dead"
    else:
        here.withdraw(value, by=BY)
        found, done = None, f"the invitation {value} is void"
    if as_json:
        say_json(found.to_json() if found else {"ok": True})
    else:
        say(done)


def _list(here: People, as_json: bool) -> None:
    users, invitations, tokens = here.users(), here.invitations(), here.keys.listed("token")
    if as_json:
        say_json(
            {
                "people": [user.to_json() for user in users],
                "invitations": [one.to_json() for one in invitations],
                "tokens": [key.to_json() for key in tokens],
            }
        )
        return
    if not users:
        say("nobody has a login here; invite the first owner with --invite owner")
    else:
        say_table(
            ("name", "role", "since", "closed"),
            [(u.name, u.role, _when(u.made), _when(u.disabled)) for u in users],
        )
    if invitations:
        say("")
        say_table(
            ("invitation", "role", "for", "until"),
            [(i.id, i.role, i.name, _when(i.expires)) for i in invitations],
        )
    if tokens:
        say("")
        say_table(
            ("token", "of", "for", "last used"),
            [(k.id, k.user, k.label, _when(k.used)) for k in tokens],
        )


def _audit(here: People, as_json: bool) -> None:
    lines = here.audit.entries()
    if as_json:
        say_json([line.to_json() for line in lines])
    else:
        say_table(
            ("when", "what", "whom", "by", "from", "detail"),
            [
                (_when(line.at), line.kind, line.name, line.by, line.address, line.detail)
                for line in lines
            ],
        )


def _check_folder(folder: Path) -> None:
    from querist.loop.config import CONFIG, campaigns_in

    if not (folder / CONFIG).is_file() and not campaigns_in(folder):
        raise BadInput(
            f"{folder} holds no campaign (no {CONFIG} in it or in a folder of it); people belong "
            "to the folder that is served"
        )


def _pair(given: str) -> tuple[str, str]:
    name, equals, role = given.rpartition("=")
    if not equals:
        raise BadInput(f"expected NAME=ROLE, as in bob=annotator; got {given!r}")
    return name, role


def _when(seconds: float | None) -> str | None:
    if seconds is None:
        return None
    return time.strftime("%Y-%m-%d %H:%M", time.localtime(seconds))
