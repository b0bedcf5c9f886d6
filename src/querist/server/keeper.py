"""Keeps the work process alive beside the server: started, started again, ended with it."""

from __future__ import annotations

import asyncio
import contextlib
import sys
import time
from collections.abc import Callable
from pathlib import Path

PATIENCE = 10.0  # seconds the work process gets to finish what it does
LONGEST = 60.0  # seconds between two starts at most
STEADY = 30.0  # seconds alive after which the next pause is short again


class Keeper:
    """Runs `querist work` on a folder until told to stop.

    Parameters
    ----------
    root : Path
        What to work on.
    say : callable
        Told in words when the process ended and will be started again.
    """

    def __init__(self, root: Path, say: Callable[[str], None]) -> None:
        self.root = root
        self.process: asyncio.subprocess.Process | None = None
        self._say = say
        self._task: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Begin to keep the process."""
        self._task = asyncio.create_task(self._keep())

    async def stop(self) -> None:
        """End the process: asked first, killed when it does not listen."""
        if self._task is None:
            return
        self._task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await self._task
        process = self.process
        if process is None or process.returncode is not None:
            return
        with contextlib.suppress(ProcessLookupError):
            process.terminate()
        try:
            await asyncio.wait_for(process.wait(), PATIENCE)
        except TimeoutError:
            with contextlib.suppress(ProcessLookupError):
                process.kill()
            await process.wait()

    async def _keep(self) -> None:
        pause = 1.0
        while True:
            begun = time.monotonic()
            try:
                self.process = await self._begin()
                said = f"ended (exit code {await self.process.wait()})"
            except OSError as error:  # no memory, or no process more, at the moment
                said = f"cannot be started ({error})"
            pause = 1.0 if time.monotonic() - begun > STEADY else min(2 * pause, LONGEST)
            self._say(f"the work process {said}; it starts again in {pause:g} s")
            await asyncio.sleep(pause)

    async def _begin(self) -> asyncio.subprocess.Process:
        # its input is a pipe held by this process: when the server dies it reads the end
        return await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "querist", "work", str(self.root), "--child"),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.DEVNULL,
        )
