"""The campaigns a server serves: one folder, or every campaign folder in a folder."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import logging
import os
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Annotated, TypeVar
from urllib.parse import quote

from fastapi import Depends, Request

from querist.core.errors import BadInput, QueristError
from querist.core.events import Event, ItemsAdded, campaign_mark
from querist.core.protocols import Pool, Question
from querist.loop.config import CONFIG, campaigns_in, read_config
from querist.loop.desk import Desk
from querist.loop.folder import LOG, open_desk, open_folder_pool
from querist.server.clerk import Clerk
from querist.server.errors import Refused
from querist.server.live import Live
from querist.server.recent import Recent

T = TypeVar("T")
log = logging.getLogger("querist.server")

LOOK = 0.5  # seconds between looks whether a folder is still there
RETRY = 2.0  # seconds before a campaign that could not be opened is tried again
EAGER = 4  # campaigns that are opened before anybody asks: those written to last
PAUSE = 0.2  # seconds before that, in which the server gets to its feet


class Open:
    """A campaign being served.

    Attributes
    ----------
    name : str
        The name of its folder.
    folder : Path
        Where it lies.
    clerk : Clerk
        Asks and tells.
    live : Live
        Who has the page open, and what they are told as it happens.
    recent : Recent
        What each person answered last.
    """

    def __init__(self, name: str, folder: Path, desk: Desk) -> None:
        self.name = name
        self.folder = folder
        self._log = _file_of(folder / LOG)
        self._looked = time.monotonic()
        self.desk = desk
        self.clerk = Clerk(desk)
        self.recent = Recent(desk.journal.state)
        self.live = Live(self.clerk)
        self._reading: asyncio.Task[None] | None = None
        self.clerk.subscribe(self.recent.take_in)
        self.clerk.subscribe(self._follow)

    def stands(self) -> bool:
        """Whether the folder still holds the log this campaign was opened from.

        What would be written to a log that was removed, or replaced by another, would be lost.
        """
        now = time.monotonic()
        if now - self._looked < LOOK:
            return True
        self._looked = now
        return (self.folder / CONFIG).is_file() and _file_of(self.folder / LOG) == self._log

    @property
    def identity(self) -> str:
        """What no other campaign has."""
        opened = self.desk.journal.state.opened
        assert opened is not None
        return campaign_mark(opened)

    @property
    def question(self) -> Question:
        """What is asked."""
        return self.desk.question

    @property
    def pool(self) -> Pool:
        """The data."""
        return self.desk.growth.pool

    async def read(self, look: Callable[[Desk], T]) -> T:
        """What `look` finds on the newest state; it must be quick, and change nothing."""

        def newest(desk: Desk) -> T:
            desk.journal.sync()
            return look(desk)

        return await self.clerk.do(newest, firm=False)

    async def take_in(self, pool: Pool) -> None:
        """Go on with a longer pool; laid out beside the loop, since that takes seconds."""
        journal, growth = self.desk.journal, self.desk.growth

        def lay_out() -> None:
            with journal.lock:
                if len(pool) > len(growth.pool):
                    growth.take_in(pool)

        await asyncio.to_thread(lay_out)

    def _follow(self, news: Iterable[tuple[int, Event]]) -> None:
        """Read the pool again when another process added items to it."""
        if self._reading is None and any(isinstance(event, ItemsAdded) for _, event in news):
            self._reading = asyncio.create_task(self._read_again())

    async def _read_again(self) -> None:
        try:
            while len(self.pool) < (total := self.desk.journal.state.arrivals[-1].total):
                config = await asyncio.to_thread(read_config, self.folder)
                pool = await asyncio.to_thread(open_folder_pool, self.folder, config)
                if len(pool) < total:
                    raise BadInput(f"the log knows {total} items, its files hold {len(pool)}")
                await self.take_in(pool)
        except (QueristError, OSError) as error:  # what it knows goes on being served
            log.warning("cannot read the new items of %s: %s", self.name, error)
        finally:
            self._reading = None

    async def close(self) -> None:
        """Finish what was asked, and let go of the log."""
        self.live.close()
        await self.clerk.close()
        if (reading := self._reading) is not None:
            reading.cancel()
            await asyncio.gather(reading, return_exceptions=True)
        await asyncio.to_thread(self.desk.journal.log.close)


def _file_of(path: Path) -> tuple[int, int] | None:
    """What tells a file from another that came to stand in its place; None without one."""
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_dev, found.st_ino


def _written(path: Path) -> float:
    """When a log was written to last; 0 without one."""
    times = [file.stat().st_mtime for file in (path, Path(f"{path}-wal")) if file.exists()]
    return max(times, default=0.0)


class Served:
    """Every campaign of a server, opened when it is first asked for.

    Parameters
    ----------
    root : Path
        A campaign folder, or a folder that holds some.

    Raises
    ------
    BadInput
        When there is no such folder, or no campaign in it.
    """

    def __init__(self, root: str | Path) -> None:
        self.root = Path(root).resolve()
        self.single = (self.root / CONFIG).is_file()
        if not self.names():
            raise BadInput(
                f"{root} holds no campaign (no {CONFIG} in it or in a folder of it); make one "
                "with: querist new FILE --text COLUMN --ask a,b --dir DIR"
            )
        self._open: dict[str, Open] = {}
        self._locks: dict[str, asyncio.Lock] = {}
        self._failed: dict[str, tuple[float, Exception]] = {}
        self._on_open: list[Callable[[Open], None]] = []

    def names(self) -> list[str]:
        """Names of the campaigns there are now."""
        return list(self.folders())

    def folders(self) -> dict[str, Path]:
        """The campaigns there are now, by name."""
        if self.single:
            return {self.root.name: self.root} if (self.root / CONFIG).is_file() else {}
        return campaigns_in(self.root)

    def folder(self, name: str) -> Path:
        """The folder of a campaign.

        Raises
        ------
        Refused
            404 when there is none of that name.
        """
        # by membership, so that no name leads out of the folder
        if (folder := self.folders().get(name)) is None:
            raise Refused(404, f"no campaign goes by the name {name!r} here")
        return folder

    def base(self, name: str) -> str:
        """What stands before the paths of a campaign's pages."""
        return "" if self.single else f"/c/{quote(name, safe='')}"

    def on_open(self, callback: Callable[[Open], None]) -> None:
        """Call back with each campaign once it is open."""
        self._on_open.append(callback)

    async def get(self, name: str) -> Open:
        """A campaign by its name.

        Raises
        ------
        Refused
            404 when there is none, 409 when it cannot be opened.
        """
        if (found := self._open.get(name)) is not None:
            if found.stands():
                return found
            del self._open[name]
            gc.unfreeze()  # so that what is left of it goes
            await found.close()
        folder = self.folder(name)
        async with self._locks.setdefault(name, asyncio.Lock()):
            if (found := self._open.get(name)) is not None:
                return found
            since, error = self._failed.get(name, (0.0, None))
            if error is None or time.monotonic() - since > RETRY:
                return await self._begin(name, folder)
            raise self._broken(name, error)

    async def _begin(self, name: str, folder: Path) -> Open:
        try:
            found = await asyncio.to_thread(lambda: Open(name, folder, open_desk(folder)))
        except (QueristError, OSError) as error:
            self._failed[name] = (time.monotonic(), error)
            raise self._broken(name, error) from error
        # what stays for as long as it is served is not looked through again and again: that
        # would hold up everybody for a tenth of a second
        gc.freeze()
        self._failed.pop(name, None)
        self._open[name] = found
        await found.clerk.start()
        for callback in self._on_open:
            callback(found)
        return found

    async def open_ahead(self) -> None:
        """Open the campaigns that are at work, so that nobody has to wait for it.

        One that cannot be opened says so to whoever asks for it.
        """
        await asyncio.sleep(PAUSE)
        written = {name: _written(self.folder(name) / LOG) for name in self.names()}
        for name in sorted(written, key=lambda name: -written[name])[:EAGER]:
            with contextlib.suppress(Refused):
                await self.get(name)

    def _broken(self, name: str, error: Exception) -> Refused:
        # where on the machine it lies is nobody's business who labels
        said = str(error).replace(f"{self.root.parent}{os.sep}", "")
        return Refused(409, f"the campaign {name!r} cannot be opened: {said}")

    def opened(self) -> list[Open]:
        """The campaigns that are open now."""
        return list(self._open.values())

    def leave(self) -> None:
        """Say goodbye to those who listen, so that an orderly end need not wait for them."""
        for found in self._open.values():
            found.live.close()

    async def close(self) -> None:
        """Close every campaign."""
        opened, self._open = self._open, {}
        gc.unfreeze()
        await asyncio.gather(*(found.close() for found in opened.values()))


async def campaign_of(request: Request) -> Open:
    """The campaign that a path speaks of; without a name the only one there is."""
    served: Served = request.app.state.served
    name = request.path_params.get("name")
    if name is None:
        if not served.single:
            example = next(iter(served.names()), "NAME")
            raise Refused(404, f"campaigns go by their names here, as in /c/{example}/api/v1")
        name = served.root.name
    return await served.get(name)


Here = Annotated[Open, Depends(campaign_of)]
