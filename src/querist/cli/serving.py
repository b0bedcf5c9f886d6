"""The labelling server, and the process that thinks beside it: serve, work."""

from __future__ import annotations

import secrets
import signal
import socket
import sys
import threading
import webbrowser
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from querist.cli import options
from querist.cli.output import hint, say, say_json
from querist.core.errors import BadInput, need_extra

if TYPE_CHECKING:
    from querist.server.settings import Settings

EXTRA = ("fastapi", "uvicorn", "jinja2", "markdown_it")


def serve(
    target: Annotated[
        Path, typer.Argument(metavar="DIR|FILE", help="A campaign, a folder of them, or data.")
    ],
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65535, help="0 takes a free one.")] = 8123,
    browser: Annotated[
        bool, typer.Option("--browser/--no-browser", help="Open the page in a browser.")
    ] = True,
    token: Annotated[
        str | None,
        typer.Option(envvar="QUERIST_TOKEN", help="What opens the server. Default: a random one."),
    ] = None,
    work: Annotated[
        bool, typer.Option("--work/--no-work", help="Retrain beside the server.")
    ] = True,
    root_path: Annotated[
        str, typer.Option(help="What a proxy in front puts before every path, such as /label.")
    ] = "",
    proxy: Annotated[
        bool,
        typer.Option("--proxy", help="Believe the X-Forwarded headers of a proxy in front."),
    ] = False,
    allow_host: Annotated[
        list[str] | None,
        typer.Option(help="A further Host header to answer to without users, as in box:9000."),
    ] = None,
    upload: Annotated[
        float, typer.Option(min=0.001, max=4096, help="Megabytes that a file of items may have.")
    ] = 10,
    id: options.Id = None,
    text: options.Text = None,
    images: options.Images = False,
    label: options.Label = None,
    ask: options.Ask = None,
    ask_many: options.AskMany = None,
    number: options.Number = None,
    batch: options.Batch = None,
    budget: options.Budget = None,
    as_json: options.AsJson = False,
) -> None:
    """Serve the labelling page and the HTTP API.

    DIR is a campaign folder, or a folder of several. FILE makes a campaign beside it first, as
    querist new does, or goes on with it. Prints the address once it answers.
    """
    for package in EXTRA:
        if find_spec(package) is None:
            raise need_extra(package, "server")
    if target.suffix and not target.exists():
        raise BadInput(f"there is no file {target}")
    if target.is_file() or (images and not _holds_campaign(target)):
        target = _made(
            target,
            {"id": id, "text": text, "images": images, "label": label},
            (ask, ask_many, number),
            {"batch": batch, "budget": budget},
        )
    from querist.server.app import create_app
    from querist.server.campaigns import Served
    from querist.server.settings import Settings

    served = Served(target)
    settings = Settings(
        root=served.root,
        host=host,
        port=port,
        token=token or secrets.token_urlsafe(32),
        work=work,
        hosts=tuple(name.lower() for name in allow_host or ()),
        root_path=root_path.rstrip("/"),
        proxy=proxy,
        upload=int(upload * 2**20),
    )
    known = _known(settings)
    listening = _bound(host, port)
    settings = replace(settings, port=listening.getsockname()[1])
    app = create_app(served, settings)
    _run(app, listening, lambda: _greet(settings, known, browser and sys.stdout.isatty(), as_json))


def _holds_campaign(folder: Path) -> bool:
    from querist.loop.config import CONFIG

    return (folder / CONFIG).is_file()


def _made(
    file: Path,
    columns: dict[str, Any],
    asked: tuple[str | None, str | None, str | None],
    settings: dict[str, Any],
) -> Path:
    """The folder beside a data file, made afresh unless it is there."""
    from querist.loop.folder import create_folder

    folder = file.with_name(file.stem + ".campaign")
    if not _holds_campaign(folder):
        question = options.make_question(*asked)
        create_folder(folder, file, question, columns=columns, settings=settings).log.close()
        hint(f"made the campaign {folder}")
    return folder


def _bound(host: str, port: int) -> socket.socket:
    try:
        found = socket.create_server(
            (host, port), family=socket.AF_INET6 if ":" in host else socket.AF_INET, backlog=2048
        )
    except OSError as error:
        raise BadInput(
            f"cannot listen on {host}, port {port}: {error.strerror}; choose another --port, or 0 "
            "for a free one"
        ) from error
    return found


def _known(settings: Settings) -> bool:
    """Whether people log in here; beyond this machine nothing is served without."""
    from querist.server.people import People
    from querist.server.people_file import NotGranted

    people = People(settings.root)
    try:
        known = people.any()
        if not (settings.loopback or known or people.expects_owner()):
            raise NotGranted(
                f"{settings.host} can be reached from other machines, and nobody has a login yet; "
                f"invite the first owner with: querist people {settings.root} --invite owner",
                403,
            )
    finally:
        people.close()
    return known or not settings.loopback


def _greet(settings: Settings, known: bool, browse: bool, as_json: bool) -> None:
    host = f"[{settings.host}]" if ":" in settings.host else settings.host
    address = f"http://{host}:{settings.port}/"
    if not known:
        address += f"?token={settings.token}"
    if as_json:
        found = {"url": f"http://{host}:{settings.port}", "token": settings.token}
        say_json({"url": found["url"]} if known else found)
    else:
        say(f"querist serves {settings.root.name} at {address}")
    if browse:
        threading.Thread(target=webbrowser.open, args=(address,), daemon=True).start()


def _run(app: Any, listening: socket.socket, ready: Callable[[], None]) -> None:
    import uvicorn

    from querist.server.connections import Connection, make_room

    make_room()

    class Server(uvicorn.Server):
        async def startup(self, sockets: list[socket.socket] | None = None) -> None:
            await super().startup(sockets)
            if self.started:
                ready()

        def handle_exit(self, sig: int, frame: Any) -> None:
            app.state.leaving()
            super().handle_exit(sig, frame)

        @contextmanager
        def capture_signals(self) -> Iterator[None]:
            # uvicorn's own raises the signal again at the end, which makes an orderly end fail
            known = {s: signal.signal(s, self.handle_exit) for s in (signal.SIGINT, signal.SIGTERM)}
            try:
                yield
            finally:
                for number, handler in known.items():
                    signal.signal(number, handler)

    config = uvicorn.Config(
        app,
        http=Connection,
        log_level="warning",
        access_log=False,
        ws="none",  # nothing here speaks it, and its library takes long to load
        server_header=False,
        date_header=False,
        proxy_headers=False,  # the gate reads them, where it was asked to
        timeout_graceful_shutdown=10,
    )
    Server(config).run(sockets=[listening])
