"""A real HTTP server that takes webhooks as it is told to: well, badly, late or not at all."""

from __future__ import annotations

import json
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


@dataclass
class Got:
    """One request that came."""

    headers: dict[str, str]
    body: str
    at: float

    @property
    def id(self) -> str:
        return self.headers["webhook-id"]

    @property
    def json(self) -> Any:
        return json.loads(self.body)


@contextmanager
def reserved(port: int) -> Iterator[None]:
    """Keep a port from other programs; who connects is refused while no receiver listens there."""
    with socket.socket() as holder:
        holder.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        holder.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        holder.bind(("127.0.0.1", port))
        yield


class Receiver:
    """Answers with what `script` gives for the number of a request.

    A status, or one with headers; None hangs, "drop" closes the connection without a word.
    """

    def __init__(
        self,
        script: Callable[[int], Any] = lambda k: 200,
        port: int = 0,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        self.got: list[Got] = []
        self.leaving = threading.Event()
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                length = int(self.headers["content-length"])
                body = self.rfile.read(length)
                if len(body) < length:  # cut on its way: no request has come
                    self.close_connection = True
                    return
                headers = {name.lower(): value for name, value in self.headers.items()}
                number = len(receiver.got)
                receiver.got.append(Got(headers, body.decode(), time.time()))
                found = script(number)
                status, more = found if isinstance(found, tuple) else (found, {})
                if status is None:  # hang until the end of the test
                    receiver.leaving.wait(600)
                    return
                if status == "drop":  # taken, and nobody is told
                    self.close_connection = True
                    return
                self.send_response(status)
                for name, value in more.items():
                    self.send_header(name, value)
                said = b"" if status < 300 else b"not today"
                self.send_header("content-length", str(len(said)))
                self.end_headers()
                self.wfile.write(said)

            def log_message(self, *_: Any) -> None:
                pass

        class Server(ThreadingHTTPServer):
            daemon_threads = True
            allow_reuse_address = True
            allow_reuse_port = True  # beside `reserved`

            def handle_error(self, *_: Any) -> None:
                pass  # a client that gave up, as the tests have it do

        self.server = Server(("127.0.0.1", port), Handler)
        if tls is not None:
            self.server.socket = tls.wrap_socket(self.server.socket, server_side=True)
        self.thread = threading.Thread(target=self.server.serve_forever, daemon=True)
        self.thread.start()

    @property
    def port(self) -> int:
        return self.server.server_address[1]

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/hook"

    @property
    def answers(self) -> list[Any]:
        """Every answer that came, in order, of messages not seen before."""
        seen: dict[str, Any] = {}
        for got in self.got:
            if got.json["type"] == "answered":
                seen.setdefault(got.id, got.json["data"]["answers"])
        return [answer for answers in seen.values() for answer in answers]

    def close(self) -> None:
        self.leaving.set()
        self.server.shutdown()
        self.server.server_close()
        self.thread.join()
