"""A webhook and its messages: whom to tell, the text of a message, and its signature."""

from __future__ import annotations

import hashlib
import hmac
import json
import secrets
from base64 import b64decode, b64encode
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, NamedTuple


@dataclass(frozen=True)
class Hook:
    """Somebody who wants to know: where to send, what, signed how, and whether it goes well.

    Attributes
    ----------
    state : str
        "on"; "failing" when a message could not be delivered for too long; "gone" when the
        receiver answered 410. Only "on" is sent to.
    private : bool
        Whether the owner allows an address that is not on the public internet.
    waiting, due : int, float
        What happened and was not delivered yet, counted up to 1,000; when the next attempt is.
    """

    id: str
    url: str
    events: tuple[str, ...]
    secrets: tuple[str, ...]
    private: bool
    state: str
    why: str
    made: float
    waiting: int = 0
    due: float = 0.0

    def shown(self) -> dict[str, Any]:
        """All but the secrets."""
        return {name: value for name, value in vars(self).items() if name != "secrets"}


class Message(NamedTuple):
    """What is to be sent next to a hook."""

    seq: int
    id: str
    kind: str
    body: str
    attempts: int
    since: float | None
    due: float


class Kept(NamedTuple):
    """A fact that was written down."""

    id: int
    position: int
    kind: str
    data: str


def composed(facts: Sequence[Kept], hook: str, campaign: str, name: str) -> tuple[str, str]:
    """Id and body of a message: the same facts for the same hook give the same."""
    data: dict[str, Any] = {"campaign": name}
    told = [json.loads(fact.data) for fact in facts]
    data |= {"answers": told} if facts[0].kind == "answered" else told[0]
    form = {"type": facts[0].kind, "timestamp": iso(told[-1]["at"]), "data": data}
    body = json.dumps(form, ensure_ascii=False, separators=(",", ":"))
    span = f"{facts[0].position}-{facts[-1].position}"
    text = "\n".join(fact.data for fact in facts)
    digest = hashlib.sha256(f"{campaign}\n{hook}\n{span}\n{text}".encode()).hexdigest()
    return f"msg_{digest[:32]}", body


def new_secret() -> str:
    """A secret to sign with, as Standard Webhooks writes it.

    Examples
    --------
    >>> new_secret()[:6], len(new_secret())
    ('whsec_', 50)
    """
    return "whsec_" + b64encode(secrets.token_bytes(32)).decode()


def iso(at: float) -> str:
    """A time as text.

    Examples
    --------
    >>> iso(0.5)
    '1970-01-01T00:00:00.500Z'
    """
    return datetime.fromtimestamp(at, UTC).isoformat(timespec="milliseconds")[:-6] + "Z"


def sign(secrets_: Iterable[str], message_id: str, timestamp: int, body: str) -> str:
    """The signatures of a message, one for each secret, separated by spaces.

    Examples
    --------
    >>> sign(["whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"], "msg_p5jXN8AQM9LWM0D4loKWxJek",
    ...      1614265330, '{"test": 2432232314}')
    'v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE='
    """
    signed = f"{message_id}.{timestamp}.{body}".encode()
    keys = (b64decode(secret.removeprefix("whsec_")) for secret in secrets_)
    digests = (hmac.new(key, signed, hashlib.sha256).digest() for key in keys)
    return " ".join(f"v1,{b64encode(digest).decode()}" for digest in digests)
