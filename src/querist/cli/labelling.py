"""The terminal annotator: one item, one key."""

from __future__ import annotations

import secrets
import signal
import time
from collections.abc import Callable
from contextlib import closing
from typing import TYPE_CHECKING, Annotated, Any

import typer

from querist.cli.counter import LEASE, Asked, Counter, Item, Unreachable, open_counter
from querist.cli.keyboard import BACKSPACE, END, ENTER, ESCAPE, Keyboard, keyboard
from querist.cli.labelscreen import KEYS, choices, plain, show
from querist.cli.options import AsJson
from querist.cli.output import console, say, say_json
from querist.core.errors import LeaseLost, QueristError

if TYPE_CHECKING:
    from rich.console import Console

AHEAD = 5  # tasks taken at a time
DIGITS = "0123456789.,-+e"  # what a number is typed with
POLL = 2.0  # seconds between two questions for tasks when there are none

COMMANDS = {
    "backspace, u": "undo: back to the answer before, as often as you like",
    "s": "skip, with a reason",
    "space": "skip",
    "c": "comment",
    "g": "guidelines",
    "/": "choose a label by typing it",
    "q": "quit; what you hold is given back",
}


def label(
    target: Annotated[
        str, typer.Argument(metavar="DIR|URL", help="A campaign folder, or a server's address.")
    ],
    by: Annotated[str | None, typer.Option("--by", help="Your name. Default: me.")] = None,
    token: Annotated[
        str | None,
        typer.Option("--token", envvar="QUERIST_TOKEN", help="Token of the server."),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Label in the terminal: one item, one key.

    Each label has a key, drawn beside it; with one label per item the key is the answer. `?`
    shows the other keys. Keys may come from a pipe as well. At the end, tasks that were not
    answered are given back.
    """
    for number in (signal.SIGTERM, getattr(signal, "SIGHUP", signal.SIGTERM)):
        signal.signal(number, _leave)
    with closing(open_counter(target, token, by)) as counter, keyboard() as keys:
        session = Session(counter, keys, console(stderr=as_json))
        try:
            session.run()
        except (KeyboardInterrupt, Left):
            session.say("")
        finally:
            session.give_back()
    if as_json:
        say_json(session.summary())
    else:
        found = session.summary()
        given = found["given_back"]
        say(
            f"{found['labelled']} labelled, {found['skipped']} skipped, {found['undone']} undone "
            f"in {found['seconds']:.0f} s; {given} task{'s'[: given != 1]} given back"
        )


class Left(Exception):
    """The person has had enough."""


def _leave(number: int, frame: Any) -> None:
    raise Left


class Session:
    """One person at one keyboard.

    Parameters
    ----------
    counter : Counter
        Where tasks come from and answers go.
    keys : Keyboard
        What is pressed.
    screen : Console
        Where it is shown.
    """

    def __init__(self, counter: Counter, keys: Keyboard, screen: Console) -> None:
        self.counter = counter
        self.keys = keys
        self.screen = screen
        self.asked: Asked = counter.question()
        self.held: list[Item] = []
        self.answered: list[Item] = []
        self.chosen: list[str] = []
        self.typed = ""
        self.waiting = 0
        self.message = ""
        self._counts = {"labelled": 0, "skipped": 0, "undone": 0, "given_back": 0}
        self._begun = self._renewed = time.monotonic()

    @property
    def kind(self) -> str:
        """choice, choices or number."""
        return str(self.asked.form["kind"])

    @property
    def labels(self) -> list[str]:
        """The labels, in the order of their keys; none for a number."""
        return list(self.asked.form.get("labels", ()))

    def run(self) -> None:
        """Item after item until the end of the keys, or of the tasks in a pipe."""
        before, begun = None, 0.0
        while self._refill():
            item = self.held[0]
            self._show(item)
            if item != before:  # not when it is merely drawn again
                before, begun = item, time.monotonic()
            while not self._pressed(self.keys.key(), begun):
                pass
            if item not in self.held:
                before = None

    def say(self, line: str) -> None:
        """A line to the person, as it is."""
        from rich.text import Text

        self.screen.print(Text(line))

    def give_back(self) -> None:
        """Give back every task that was not answered."""
        held, self.held = self.held, []
        try:
            if held:
                self.counter.release(held)
            self._counts["given_back"] += len(held)
        except Unreachable as error:
            self.say(f"{error}\nWhat you held goes back by itself within {LEASE / 60:.0f} minutes.")

    def summary(self) -> dict[str, Any]:
        """What was done."""
        return {**self._counts, "seconds": round(time.monotonic() - self._begun, 1)}

    def _refill(self) -> bool:
        """See to it that there is a task; False at the end."""
        said = ""
        while not self.held:
            try:
                self.held, self.waiting, reason = self.counter.ask(AHEAD)
                self.asked = self.counter.question()
            except (Unreachable, QueristError) as error:
                if not self.screen.is_terminal:
                    raise
                reason = str(error)
            self._renewed = time.monotonic()
            if self.held:
                return True
            if not self.screen.is_terminal:
                self.say(f"{self.message}\nno task: {reason}".lstrip())
                return False
            if reason != said:
                said = reason
                self.say(f"\n{reason}. Looking again every {POLL:.0f} s; q leaves, u undoes.")
            key = self.keys.key(POLL)
            if key in ("q", END):
                return False
            if key in ("u", BACKSPACE):
                self._undo()
        return True

    def _pressed(self, key: str | None, begun: float) -> bool:
        """Act on a key; True when something new is to be shown."""
        if key is None:
            return False
        if key in ("q", END):
            raise Left
        if self.kind == "number" and (key in DIGITS or (self.typed and key == BACKSPACE)):
            self.typed = self.typed[:-1] if key == BACKSPACE else self.typed + key
            self._echo(f"\r{self.typed} \b")
            return False
        acts: dict[str, Callable[[], None]] = {
            "u": self._undo,
            BACKSPACE: self._undo,
            " ": lambda: self._skip(""),
            "s": self._skip_saying_why,
            "c": self._comment,
            "g": self._guidelines,
            "/": lambda: self._search(begun),
            "?": self._help,
            ENTER: lambda: self._submit(begun),
            ESCAPE: self._clear,
        }
        found = self._label_of(key)
        if found is not None:
            self._choose(found, begun)
            return True
        if key in acts:
            acts[key]()
            return key != ENTER or self.kind != "choice"
        return False

    def _label_of(self, key: str) -> str | None:
        """The label a key stands for; with two labels, a and x too."""
        labels = self.labels
        if len(labels) == 2 and key in ("a", "x"):
            return labels["ax".index(key)]
        place = KEYS.find(key) if len(key) == 1 else -1
        return labels[place] if 0 <= place < len(labels) else None

    def _choose(self, name: str, begun: float) -> None:
        if self.kind == "choice":
            self._tell(name, begun)
        elif name in self.chosen:
            self.chosen.remove(name)
        else:
            self.chosen.append(name)

    def _submit(self, begun: float) -> None:
        if self.kind == "choices":
            self._tell(list(self.chosen), begun)
        elif self.kind == "number" and self.typed:
            self._tell(self.typed.replace(",", "."), begun)

    def _tell(self, value: Any, begun: float) -> None:
        """Record an answer; a lease that ran out is renewed if nobody has the task."""
        item, seconds = self.held[0], round(time.monotonic() - begun, 2)
        key, version = secrets.token_hex(8), self.asked.version
        self._clear()
        self.message = ""
        if time.monotonic() - self._renewed > LEASE / 2 and not self._renew(item):
            return
        self.message = self._tried(
            lambda: self.counter.tell(item, value, seconds, key, version), item
        )
        if not self.message:
            self.held.remove(item)
            self.answered.append(item)
            self._counts["labelled"] += 1
            shown = ", ".join(value) or "none" if isinstance(value, list) else value
            self.message = f"{shown}  (u takes it back)"

    def _renew(self, item: Item) -> bool:
        """Keep what is held for longer; whether the item is among it still."""
        lost: set[str] = set()
        self.message = self._tried(lambda: lost.update(self.counter.renew(self.held)))
        if self.message:
            return False
        self._drop(lost)
        self._renewed = time.monotonic()
        if item not in self.held:
            self.message = "somebody else has that item by now; your answer was not recorded"
        return item in self.held

    def _tried(self, act: Callable[[], None], item: Item | None = None) -> str:
        """Do something, about an item say; "" or why it did not work, with a lost item dropped."""
        while True:
            try:
                act()
                return ""
            except LeaseLost as lost:
                if item is not None:
                    self._drop({item.task_id})
                return str(lost)
            except Unreachable as error:
                if not self.screen.is_terminal:
                    raise
                self.say(f"{error}\nEnter tries again; q leaves, and what you pressed is lost.")
                while (pressed := self.keys.key()) != ENTER:
                    if pressed in ("q", END):
                        raise Left from error
            except QueristError as error:
                return str(error)

    def _undo(self) -> None:
        """Take the last answer back, and ask it again at once."""
        self._clear()
        if not self.answered:
            self.message = "there is nothing to undo"
            return
        item = self.answered[-1]
        reopened = False

        def undo() -> None:
            nonlocal reopened
            reopened = self.counter.undo(item)

        self.message = self._tried(undo, item)
        if self.message:
            return
        self.answered.pop()
        self._counts["undone"] += 1
        self._counts["labelled"] -= 1
        self.message = "taken back"
        if reopened:
            self.held.insert(0, item)

    def _skip(self, reason: str) -> None:
        item = self.held[0]
        self._clear()
        self.message = self._tried(lambda: self.counter.skip(item, reason), item)
        if not self.message:
            self.held.remove(item)
            self._counts["skipped"] += 1
            self.message = "skipped"

    def _skip_saying_why(self) -> None:
        reason = self._asked_for("why skip it? (Escape: do not) ")
        if reason is not None:
            self._skip(reason.strip())

    def _comment(self) -> None:
        text = self._asked_for("comment: ")
        if text and text.strip():
            item, said = self.held[0], text.strip()
            self.message = self._tried(lambda: self.counter.note(item, said), item) or "noted"

    def _search(self, begun: float) -> None:
        """Choose the label whose name begins with, or else holds, what is typed."""
        typed = self._asked_for("label: ")
        if not typed or not self.labels:
            return
        wanted = typed.strip().casefold()
        found = [name for name in self.labels if name.casefold() == wanted]
        found = found or [name for name in self.labels if name.casefold().startswith(wanted)]
        found = found or [name for name in self.labels if wanted in name.casefold()]
        if len(found) == 1:
            self._choose(found[0], begun)
        else:
            near = ", ".join(found[:8]) or "no label"
            self.message = f"{typed!r} fits {near}"

    def _guidelines(self) -> None:
        def look() -> None:
            self.asked = self.counter.question()

        self.message = self._tried(look) or self.asked.guidelines or "there are no guidelines"

    def _help(self) -> None:
        self.message = "\n".join(f"{keys:<14}{what}" for keys, what in COMMANDS.items())

    def _clear(self) -> None:
        self.chosen, self.typed = [], ""

    def _asked_for(self, prompt: str) -> str | None:
        self._echo(prompt)
        return self.keys.line(self._echo)

    def _drop(self, lost: set[str]) -> None:
        self.held = [item for item in self.held if item.task_id not in lost]

    def _echo(self, text: str) -> None:
        self.screen.file.write(text)
        self.screen.file.flush()

    def _show(self, item: Item) -> None:
        """The item, its labels, and how far one is; on a terminal on a fresh screen."""
        done = self._counts["labelled"]
        pace = done / max(time.monotonic() - self._begun, 1.0) * 60
        far = f"{done} done, {self.waiting + len(self.held)} waiting"
        far += f", {pace:.0f} a minute" if done > 2 else ""
        if self.screen.is_terminal:
            below = choices(self.asked.form, self.chosen, self.typed)
            show(self.screen, far, item.item, below, self.message)
            return
        if self.message:
            self.say(self.message)
        self.say(f"[{far}] {item.item_id}: {plain(item.item)}")
