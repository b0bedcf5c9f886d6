"""Where the terminal annotator gets tasks and brings answers: a campaign folder, or a server."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from html.parser import HTMLParser
from http.client import HTTPException
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol
from urllib.error import HTTPError, URLError
from urllib.parse import parse_qs, quote, urlsplit
from urllib.request import Request, urlopen

from querist.core.errors import BadInput, LeaseLost, QueristError

if TYPE_CHECKING:
    from querist.core.types import Task
    from querist.loop.desk import Desk

LEASE = 600.0
PATIENCE = 20.0  # seconds to wait for a server


class Unreachable(OSError):
    """The server cannot be reached, or does not answer as one; nothing was recorded."""


class Item(NamedTuple):
    """A task in the hands of the annotator."""

    task_id: str
    item_id: str
    item: Any


class Batch(NamedTuple):
    """What came of asking: tasks, how many more wait, and why there are none."""

    items: list[Item]
    waiting: int
    reason: str


class Asked(NamedTuple):
    """The question: its JSON form, the guidelines as text, and their version."""

    form: Mapping[str, Any]
    guidelines: str
    version: int


class Counter(Protocol):
    """Asks and tells for one annotator."""

    def question(self) -> Asked:
        """What is asked."""

    def ask(self, n: int) -> Batch:
        """Take up to `n` tasks."""

    def tell(self, item: Item, value: Any, seconds: float, key: str, version: int) -> None:
        """Record an answer."""

    def skip(self, item: Item, reason: str) -> None:
        """Pass on a task."""

    def undo(self, item: Item) -> bool:
        """Take an answer back and hold its task; False when it is not to be asked again."""

    def note(self, item: Item, text: str) -> None:
        """Write a comment on an item."""

    def renew(self, items: Sequence[Item]) -> set[str]:
        """Keep tasks for longer; the ids of those that are lost."""

    def release(self, items: Sequence[Item]) -> None:
        """Give tasks back."""

    def close(self) -> None:
        """Let go of what is open."""


class FolderCounter:
    """The desk of a campaign folder."""

    def __init__(self, folder: Path, by: str) -> None:
        from querist.loop.folder import open_desk

        self.desk: Desk = open_desk(folder)
        self.folder = folder
        self.by = by

    def question(self) -> Asked:
        """What is asked."""
        given = self.desk.journal.state.recipe.get("guidelines") or {}
        about = {name: part.get("text", "") for name, part in given.get("labels", {}).items()}
        text = _guidelines(given.get("text") or "", about)
        return Asked(self.desk.question.to_json(), text, int(given.get("version", 0)))

    def ask(self, n: int) -> Batch:
        """Take up to `n` tasks."""
        tasks = self.desk.ask(n, self.by, LEASE, "train")
        state = self.desk.journal.state
        reason = (
            "the campaign is paused"
            if state.recipe.get("paused")
            else "nothing waits for you; the next batch comes from a running querist work "
            f"{self.folder}, or once from querist step {self.folder}"
        )
        return Batch([_item(task) for task in tasks], len(state.queues["train"]), reason)

    def tell(self, item: Item, value: Any, seconds: float, key: str, version: int) -> None:
        """Record an answer."""
        told = {"task": item.task_id, "value": value, "by": self.by, "seconds": seconds}
        self.desk.tell([{**told, "key": key, "guidelines": version}], strict=True)

    def skip(self, item: Item, reason: str) -> None:
        """Pass on a task."""
        self.desk.skip(item.task_id, reason, self.by)

    def undo(self, item: Item) -> bool:
        """Take an answer back and hold its task; False when it is not to be asked again."""
        return self.desk.retract(item.task_id, self.by, lease=LEASE) is not None

    def note(self, item: Item, text: str) -> None:
        """Write a comment on an item."""
        self.desk.note(item.task_id, text, self.by)

    def renew(self, items: Sequence[Item]) -> set[str]:
        """Keep tasks for longer; the ids of those that are lost."""
        return set(self.desk.renew([item.task_id for item in items], self.by, LEASE)[1])

    def release(self, items: Sequence[Item]) -> None:
        """Give tasks back."""
        self.desk.release([item.task_id for item in items], self.by)

    def close(self) -> None:
        """Let go of the log."""
        self.desk.journal.log.close()


class ServerCounter:
    """The HTTP API of a server.

    Parameters
    ----------
    url : str
        As `querist serve` prints it; a campaign of several is named by its path, /c/NAME.
    token : str or None
        The token, unless the URL carries it.
    by : str or None
        Name of the annotator; with users the server knows it.
    """

    def __init__(self, url: str, token: str | None, by: str | None) -> None:
        parts = urlsplit(url)
        token = token or parse_qs(parts.query).get("token", [""])[0]
        path = parts.path.rstrip("/")
        self._base = f"{parts.scheme}://{parts.netloc}{path}/api/v1"
        self._headers = {"Content-Type": "application/json"}
        if token:
            self._headers["Authorization"] = f"Bearer {token}"
        self.by = by
        self.by = self._call("GET", "me" + (f"?by={quote(by)}" if by else ""))["name"]

    def question(self) -> Asked:
        """What is asked."""
        form = self._call("GET", "question")
        given = form["guidelines"]
        about = {name: text_of(part["html"]) for name, part in given["labels"].items()}
        return Asked(form, _guidelines(text_of(given["html"]), about), given["version"])

    def ask(self, n: int) -> Batch:
        """Take up to `n` tasks."""
        found = self._post("ask", n=n, lease=LEASE)
        items = [Item(t["task_id"], t["item_id"], t["item"]) for t in found["tasks"]]
        return Batch(items, found["waiting"], found.get("reason", ""))

    def tell(self, item: Item, value: Any, seconds: float, key: str, version: int) -> None:
        """Record an answer."""
        told = {"task_id": item.task_id, "value": value, "seconds": seconds}
        self._post("tell", answers=[{**told, "key": key, "guidelines": version}])

    def skip(self, item: Item, reason: str) -> None:
        """Pass on a task."""
        self._post("skip", task_id=item.task_id, reason=reason)

    def undo(self, item: Item) -> bool:
        """Take an answer back and hold its task; False when it is not to be asked again."""
        found = self._post("retract", task_id=item.task_id, hold=True, lease=LEASE)
        return found.get("task") is not None

    def note(self, item: Item, text: str) -> None:
        """Write a comment on an item."""
        self._post("note", task_id=item.task_id, text=text)

    def renew(self, items: Sequence[Item]) -> set[str]:
        """Keep tasks for longer; the ids of those that are lost."""
        found = self._post("renew", task_ids=[item.task_id for item in items], lease=LEASE)
        return set(found["lost"])

    def release(self, items: Sequence[Item]) -> None:
        """Give tasks back."""
        self._post("release", task_ids=[item.task_id for item in items])

    def close(self) -> None:
        """Nothing stays open between two requests."""

    def _post(self, verb: str, **body: Any) -> Any:
        return self._call("POST", verb, {**body, "by": self.by})

    def _call(self, method: str, verb: str, body: Any = None) -> Any:
        data = None if body is None else json.dumps(body).encode()
        request = Request(f"{self._base}/{verb}", data, self._headers, method=method)
        try:
            with urlopen(request, timeout=PATIENCE) as answer:
                return json.load(answer)
        except HTTPError as error:
            raise _refusal(error) from None
        except (URLError, HTTPException, OSError, ValueError) as error:
            reason = getattr(error, "reason", error)
            raise Unreachable(f"no answer from {self._base}: {reason}") from None


def _refusal(error: HTTPError) -> QueristError | Unreachable:
    """What the server says, as the error it is."""
    try:
        said = json.load(error)
        said = said["results"][0] if "results" in said else said
        message = str(said["error"])
    except (ValueError, KeyError, IndexError, TypeError, OSError):
        return Unreachable(f"{error.url} answered {error.code}, and is no server of querist")
    if isinstance(code := said.get("code"), str):
        return LeaseLost(message, code)
    return BadInput(message) if error.code < 500 else Unreachable(message)


def open_counter(target: str, token: str | None, by: str | None) -> Counter:
    """The counter of a campaign folder, or of a server's URL."""
    if target.startswith(("http://", "https://")):
        return ServerCounter(target, token, by)
    return FolderCounter(Path(target), by or "me")


def _item(task: Task) -> Item:
    return Item(task.task_id, task.item_id, task.item)


def _guidelines(text: str, about: Mapping[str, str]) -> str:
    """Guidelines in one text: the whole, then each label."""
    parts = [text.strip(), *(f"{name}: {part.strip()}" for name, part in about.items() if part)]
    return "\n\n".join(part for part in parts if part)


class _Text(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.parts: list[str] = []

    def handle_data(self, data: str) -> None:
        self.parts.append(data)


def text_of(html: str) -> str:
    """The text of a page without its tags.

    Examples
    --------
    >>> text_of("<p>Ask <b>for</b> &lt;money&gt;.</p>")
    'Ask for <money>.'
    """
    reader = _Text()
    reader.feed(html)
    return "".join(reader.parts).strip()
