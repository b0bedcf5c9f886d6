"""Plain HTTP/1.1 clients that cost next to nothing, and the labelling server as a process.

What the benchmarks of the server share: the client's own work must not stand in the way of what
is measured, and the server is the real `querist serve`.
"""

from __future__ import annotations

import asyncio
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

TOKEN = "benchmark-token-of-the-server"
CALM = {"NO_COLOR": "1", "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
TICKS = os.sysconf("SC_CLK_TCK")


class Wire:
    """One keep-alive connection: `post` gives the status and the JSON of the answer."""

    def __init__(self, port):
        self.port = port
        self.reader = self.writer = None

    async def post(self, path, body):
        if self.writer is None:
            self.reader, self.writer = await asyncio.open_connection("127.0.0.1", self.port)
        raw = json.dumps(body).encode()
        head = (
            f"POST {path} HTTP/1.1\r\nHost: 127.0.0.1:{self.port}\r\n"
            f"Authorization: Bearer {TOKEN}\r\nContent-Type: application/json\r\n"
            f"Content-Length: {len(raw)}\r\n\r\n"
        )
        try:
            self.writer.write(head.encode() + raw)
            answer = await self.reader.readuntil(b"\r\n\r\n")
            status = int(answer[9:12])
            length = int(answer.lower().partition(b"content-length: ")[2].partition(b"\r\n")[0])
            return status, json.loads(await self.reader.readexactly(length))
        except BaseException:
            self.close()
            raise

    def close(self):
        if self.writer is not None:
            self.writer.close()
            self.reader = self.writer = None


class Server:
    """A running `querist serve`; a context manager that ends it."""

    def __init__(self, folder, *options, port=0):
        command = [sys.executable, "-m", "querist", "serve", str(folder), "--no-browser"]
        command += ["--port", str(port), "--token", TOKEN, *(options or ("--no-work",))]
        begun = time.perf_counter()
        self.process = subprocess.Popen(
            command, stdout=subprocess.PIPE, text=True, env={**os.environ, **CALM}
        )
        line = self.process.stdout.readline()
        self.started_in = time.perf_counter() - begun
        if "http://" not in line:
            self.kill()
            raise RuntimeError(f"the server gave no address, but {line!r}")
        self.port = int(line.partition("127.0.0.1:")[2].partition("/")[0])

    def cpu(self):
        """CPU seconds it has taken."""
        stat = Path(f"/proc/{self.process.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(stat[11]) + int(stat[12])) / TICKS

    def rss_mb(self):
        """Its resident memory."""
        status = Path(f"/proc/{self.process.pid}/status").read_text()
        return int(status.partition("VmRSS:")[2].split()[0]) / 1024

    def kill(self):
        """End it as a power cut to the process would."""
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()
        self.process.stdout.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.process.poll() is None:
            self.process.terminate()
            self.process.wait(timeout=30)
        self.process.stdout.close()


async def annotator(port, by, pairs, choose, done=None):
    """Ask and tell `pairs` times, or until `done`; what came of each request.

    Gives a list of (task id, item id, seconds of ask, seconds of tell, begun at) and a list of
    errors. Where the queue is dry it looks again after 10 ms.
    """
    wire, seen, errors = Wire(port), [], []
    try:
        while len(seen) + len(errors) < pairs and not (done and done.is_set()):
            begun = time.perf_counter()
            status, asked = await wire.post("/api/v1/ask", {"n": 1, "by": by, "lease": 600})
            took = time.perf_counter() - begun
            if status != 200:
                errors.append(("ask", status, asked))
                continue
            if not asked["tasks"]:
                if done is None:
                    errors.append(("ask", status, asked.get("reason", "nothing waits")))
                await asyncio.sleep(0.01)
                continue
            [task] = asked["tasks"]
            answer = {
                "task_id": task["task_id"],
                "value": choose(task["item_id"]),
                "seconds": 1.5,
                "key": f"{by}-{len(seen)}",
            }
            again = time.perf_counter()
            status, told = await wire.post("/api/v1/tell", {"by": by, "answers": [answer]})
            if status != 200 or not told["results"][0]["ok"]:
                errors.append(("tell", status, told))
            else:
                spent = time.perf_counter() - again
                seen.append((task["task_id"], task["item_id"], took, spent, begun))
    finally:
        wire.close()
    return seen, errors
