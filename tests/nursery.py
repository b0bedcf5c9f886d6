"""Processes that have loaded querist once, and are forked for each process that a test wants.

What a command costs is mostly imports, the same ones hundreds of times. What a test is given is
still a process of its own: own signals, files, arguments and end. That commands start from
nothing is for the tests that take `sys.executable` or the installed `querist`, such as those in
`tests/cli/test_cli_app.py` and `tests/cli/test_cli_serving.py`.
"""

from __future__ import annotations

import atexit
import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
import traceback
from collections.abc import Sequence
from contextlib import ExitStack
from functools import cache
from importlib import import_module
from typing import IO, Any

MOST = 65536  # bytes of a message
CALM = {"NO_COLOR": "1", "COLUMNS": "100", "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
# what a server imports, and nothing else: tests look at what it has loaded
SERVER = (
    "querist.cli",
    "querist.cli.serving",
    "querist.server.app",
    "querist.server.campaigns",
    "querist.server.people",
    "uvicorn.lifespan.on",
    "uvicorn.loops.auto",
    "uvicorn.protocols.http.auto",
)
# what most verbs import
VERBS = (
    "querist.cli",
    "querist.loop.campaign",
    "querist.loop.folder",
    "querist.models.defaults",
    "querist.models.geometry",
    "querist.pools.files",
    "querist.pools.frames",
    "querist.pools.images",
    "querist.pools.tables",
    "querist.strategies.auto",
    "pyarrow.csv",
    "pyarrow.parquet",
    "typer._adapters",
)


class Nursery:
    """The parent of processes, seen from the tests.

    Parameters
    ----------
    loaded : sequence of str
        Modules that its children find imported.
    """

    def __init__(self, loaded: tuple[str, ...]) -> None:
        self._turn = threading.Lock()
        self._socket, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with theirs:
            # it ends with this process: its end of the socket then reads the end
            self._process = subprocess.Popen(
                [sys.executable, __file__, str(theirs.fileno()), *loaded],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                pass_fds=[theirs.fileno()],
                env={**os.environ, **CALM},
            )

    def fork(self, args: list[str], stdin: int, stdout: int, stderr: int, code: str = "") -> int:
        """Run `querist` with arguments, or some code; the process id."""
        order = {"args": args, "code": code, "cwd": os.getcwd()}
        return int(self._told(order, [stdin, stdout, stderr]))

    def start(self, *args: object, stdout: int = -1, stderr: int = 2, code: str = "") -> Forked:
        """Run `querist`, or some code; a pipe is what it reads, and says, unless told otherwise."""
        theirs, ours = os.pipe()
        heard, said = os.pipe() if stdout < 0 else (os.open(os.devnull, os.O_RDONLY), stdout)
        pid = self.fork([str(arg) for arg in args], theirs, said, stderr, code)
        os.close(theirs)
        if stdout < 0:
            os.close(said)
        return Forked(self, pid, os.fdopen(ours, "w"), os.fdopen(heard, encoding="utf-8"))

    def run(
        self, *args: object, stdin: str = "", together: bool = False, timeout: float = 300
    ) -> subprocess.CompletedProcess[str]:
        """Run `querist` to its end; what it says comes apart, or all of it as standard output."""
        words = [str(arg) for arg in args]
        with ExitStack() as stack:
            given, *said = (stack.enter_context(tempfile.TemporaryFile()) for _ in range(3))
            given.write(stdin.encode())
            given.seek(0)
            heard = said[:1] * 2 if together else said
            pid = self.fork(words, given.fileno(), *(file.fileno() for file in heard))
            code = ended(self, pid, timeout)
            for file in said:
                file.seek(0)
            out, err = (file.read().decode() for file in said)
        return subprocess.CompletedProcess(words, code, out, err)

    def code(self, pid: int) -> int | None:
        """How a child ended; None while it lives."""
        answer: int | None = self._told({"pid": pid})
        return answer

    def _told(self, order: dict[str, Any], fds: Sequence[int] = ()) -> Any:
        with self._turn:
            socket.send_fds(self._socket, [json.dumps(order).encode()], fds)
            said = self._socket.recv(MOST)
        assert said, f"the nursery ended with exit code {self._process.wait()}"
        return json.loads(said)


def ended(nursery: Nursery, pid: int, timeout: float) -> int:
    """Wait for the end of a child."""
    until = time.monotonic() + timeout
    while (code := nursery.code(pid)) is None:
        if time.monotonic() > until:
            os.kill(pid, signal.SIGKILL)
            raise subprocess.TimeoutExpired(f"process {pid}", timeout)
        time.sleep(0.005)
    return code


class Forked:
    """A child of a nursery, with the methods of `subprocess.Popen` that tests use."""

    def __init__(self, nursery: Nursery, pid: int, stdin: IO[str], stdout: IO[str]) -> None:
        self.pid = pid
        self.stdin = stdin
        self.stdout = stdout
        self._nursery = nursery
        self._code: int | None = None

    def poll(self) -> int | None:
        if self._code is None:
            self._code = self._nursery.code(self.pid)
        return self._code

    def wait(self, timeout: float = 60) -> int:
        if self._code is None:
            self._code = ended(self._nursery, self.pid, timeout)
        return self._code

    def send_signal(self, number: int) -> None:
        if self.poll() is None:
            os.kill(self.pid, number)

    def kill(self) -> None:
        self.send_signal(signal.SIGKILL)

    def close(self) -> None:
        self.stdin.close()
        self.stdout.close()


@cache
def nursery(loaded: tuple[str, ...] = VERBS) -> Nursery:
    """The one of this test process, started when first asked for."""
    return Nursery(loaded)


def _born(control: socket.socket) -> dict[str, Any] | None:
    """Fork for each order: the order in a child, None in the nursery at its end."""
    while True:
        said, fds, _, _ = socket.recv_fds(control, MOST, 3)
        if not said:
            return None
        order = json.loads(said)
        answer: int | None
        if "pid" in order:
            found, status = os.waitpid(order["pid"], os.WNOHANG)
            answer = os.waitstatus_to_exitcode(status) if found else None
        elif pid := os.fork():
            answer = pid
            for fd in fds:
                os.close(fd)
        else:
            control.close()
            for number, fd in enumerate(fds):
                os.dup2(fd, number)
                os.close(fd)
            os.chdir(order["cwd"])
            return dict(order)
        control.send(json.dumps(answer).encode())


def _live(args: list[str], code: str) -> None:
    """What a child does, and its end: without taking apart all that it was born with."""
    sys.argv = ["querist", *args]
    status: object = 0
    try:
        if code:
            exec(compile(code, "<code>", "exec"), {"__name__": "__main__"})
        else:
            from querist.cli import main

            main()
    except SystemExit as left:
        status = left.code
    except BaseException:
        traceback.print_exc()
        status = 1
    threading._shutdown()  # type: ignore[attr-defined]
    atexit._run_exitfuncs()
    sys.stdout.flush()
    sys.stderr.flush()
    if isinstance(status, str):
        print(status, file=sys.stderr, flush=True)
    os._exit(status if isinstance(status, int) else int(status is not None))


if __name__ == "__main__":
    for name in sys.argv[2:]:
        import_module(name)
    order = _born(socket.socket(fileno=int(sys.argv[1])))
    if order is not None:
        _live(order["args"], order["code"])
