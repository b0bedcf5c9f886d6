"""Keys of a person, one by one: from a terminal as they are pressed, from a pipe as they come."""

from __future__ import annotations

import codecs
import os
import select
import sys
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

ENTER, BACKSPACE, ESCAPE, END = "enter", "backspace", "escape", "end"
_NAMED = {"\r": ENTER, "\n": ENTER, "\x7f": BACKSPACE, "\x08": BACKSPACE, "\x04": END}


class Keyboard:
    """Reads keys from a file descriptor; the end of the input is the key `END`, for ever.

    Parameters
    ----------
    source : int
        File descriptor of a terminal or a pipe.
    """

    def __init__(self, source: int) -> None:
        self._source = source
        self._decoder = codecs.getincrementaldecoder("utf-8")(errors="replace")
        self._keys: deque[str] = deque()
        self._ended = False

    def key(self, wait: float | None = None) -> str | None:
        """The next key: a letter or a name; None when none came within `wait` seconds."""
        while not self._keys:
            if self._ended:
                return END
            if wait is not None and not select.select([self._source], [], [], wait)[0]:
                return None
            raw = os.read(self._source, 4096)
            self._ended = not raw
            self._keys.extend(keys_of(self._decoder.decode(raw, final=not raw)))
        return self._keys.popleft()

    def line(self, echo: Any) -> str | None:
        """A line of text, echoed letter by letter; None when Escape was pressed or all ended."""
        text = ""
        while True:
            key = self.key()
            if key == ENTER:
                echo("\n")
                return text
            if key in (ESCAPE, END):
                echo("\n")
                return None
            if key == BACKSPACE:
                echo("\b \b" * bool(text))
                text = text[:-1]
            elif key is not None and len(key) == 1:
                echo(key)
                text += key


def keys_of(text: str) -> Iterator[str]:
    r"""The keys that a piece of input stands for; arrows and their like are left out.

    Examples
    --------
    >>> list(keys_of("1a\x7f\r")), list(keys_of("\x1b[A2")), list(keys_of("\x1b"))
    (['1', 'a', 'backspace', 'enter'], ['2'], ['escape'])
    """
    at = 0
    while at < len(text):
        letter = text[at]
        at += 1
        if letter == "\x1b":
            if text[at : at + 1] not in ("[", "O"):
                yield ESCAPE
                continue
            at += 1
            while at < len(text) and not text[at].isalpha() and text[at] != "~":
                at += 1
            at += 1
        elif letter in _NAMED:
            yield _NAMED[letter]
        elif letter.isprintable():
            yield letter


@contextmanager
def keyboard() -> Iterator[Keyboard]:
    """The keys of standard input; on a terminal without Enter and without echo, until the end."""
    source = sys.stdin.fileno()
    if not os.isatty(source):
        yield Keyboard(source)
        return
    import termios
    import tty

    before = termios.tcgetattr(source)
    try:
        tty.setcbreak(source, termios.TCSADRAIN)
        yield Keyboard(source)
    finally:
        termios.tcsetattr(source, termios.TCSADRAIN, before)
