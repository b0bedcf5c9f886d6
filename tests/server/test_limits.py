from __future__ import annotations

import asyncio

import pytest
from starlette.exceptions import HTTPException

from querist.server.limits import Buckets, bounded, while_true


def test_a_bucket_gives_its_rate_and_no_more():
    now = [0.0]
    buckets = Buckets(rate=10, burst=20, clock=lambda: now[0])
    given = 0
    for _ in range(1000):
        given += buckets.take("ann") == 0
        now[0] += 0.01  # a hundred a second, for ten seconds
    assert 115 <= given <= 121  # the burst, and ten a second
    assert 0 < buckets.wait("ann") == buckets.take("ann") <= 0.1
    assert buckets.wait("bob") == buckets.wait("bob") == 0
    now[0] += 0.1
    assert buckets.take("ann") == 0


def test_a_million_addresses_do_not_fill_the_memory():
    now = [0.0]
    buckets = Buckets(rate=1, burst=2, clock=lambda: now[0])
    for k in range(50_000):
        now[0] += 0.001
        assert buckets.take(str(k)) == 0
    assert len(buckets._held) <= 10_000


def reader(*parts):
    """A `receive` that gives the parts of a body, then waits for ever."""
    left = list(parts)

    async def receive():
        if not left:
            await asyncio.sleep(3600)
        part = left.pop(0)
        return {"type": "http.request", "body": part, "more_body": bool(left)}

    return receive


async def read(receive):
    body = b""
    while True:
        message = await receive()
        body += message["body"]
        if not message["more_body"]:
            return body


def test_a_body_of_the_size_passes_and_a_byte_more_does_not():
    assert asyncio.run(read(bounded(reader(b"12", b"345"), 5))) == b"12345"
    with pytest.raises(HTTPException) as refused:
        asyncio.run(read(bounded(reader(b"12", b"345", b"6"), 5)))
    assert refused.value.status_code == 413


def test_a_body_that_stands_still_is_given_up():
    async def stalled():
        parts = iter([b"1"])

        async def receive():
            for part in parts:
                return {"type": "http.request", "body": part, "more_body": True}
            await asyncio.sleep(3600)

        return await read(bounded(receive, 100, patience=0.05))

    with pytest.raises(HTTPException) as refused:
        asyncio.run(stalled())
    assert refused.value.status_code == 408


def test_waiting_for_a_client_to_leave_takes_as_long_as_it_takes():
    async def work():
        receive = bounded(reader(b"x"), 10, patience=0.01)
        assert await read(receive) == b"x"
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(receive(), 0.1)  # not 408: the body was whole

    asyncio.run(work())


def test_a_stream_ends_when_its_key_does():
    async def work():
        known = [True]
        receive = while_true(reader(b"x"), lambda: known[0], every=0.01)
        assert (await receive())["body"] == b"x"
        waiting = asyncio.ensure_future(receive())
        await asyncio.sleep(0.05)
        assert not waiting.done()
        known[0] = False
        assert (await asyncio.wait_for(waiting, 30))["type"] == "http.disconnect"

    asyncio.run(work())
