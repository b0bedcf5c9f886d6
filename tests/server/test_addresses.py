"""Addresses: what may be reached, and that what was looked at is what is reached."""

from __future__ import annotations

import asyncio
import socket

import pytest

from querist.core.errors import BadInput
from querist.server.addresses import check_url, reach


@pytest.mark.parametrize(
    "url",
    [
        "ftp://example.org/",
        "https:///path",
        "example.org",
        "https://user:pass@example.org/",
        "https://example.org/a b",
        "https://example.org/\n",
        "https://[::1/",
        "https://example.org:99999/",
        "http://example.org/",
    ],
)
def test_what_is_no_address_of_a_webhook_is_refused(url):
    with pytest.raises(BadInput):
        check_url(url, private=False)


@pytest.mark.parametrize(
    "host",
    [
        "127.0.0.1",
        "localhost",
        "10.1.2.3",
        "169.254.169.254",
        "0.0.0.0",
        "[::1]",
        "2130706433",
        "[::ffff:10.0.0.1]",
        "[fe80::1]",
        "[fd00::1]",
        "100.64.0.1",
        "224.0.0.1",
    ],
)
def test_private_addresses_are_refused_unless_allowed(host):
    with pytest.raises(BadInput, match=r"public internet|no address"):
        asyncio.run(reach(f"https://{host}/", private=False))


def test_allowed_addresses_are_reached_by_number():
    target = asyncio.run(reach("http://127.0.0.1:8000/hook?a=1", private=True))[0]
    assert target.url == "http://127.0.0.1:8000/hook?a=1"
    assert (target.host, target.host_header) == ("127.0.0.1", "127.0.0.1:8000")


def test_one_private_address_among_public_ones_is_enough_to_refuse(monkeypatch):
    def found(host, port, *_):
        return [
            (socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port))
            for address in ("1.1.1.1", "10.0.0.7")
        ]

    monkeypatch.setattr(socket, "getaddrinfo", found)
    with pytest.raises(BadInput, match="public internet"):
        asyncio.run(reach("https://rebinding.example/", private=False))
    monkeypatch.setattr(socket, "getaddrinfo", lambda host, port, *_: found(host, port)[:1])
    (target,) = asyncio.run(reach("https://good.example/x", private=False))
    assert target.url == "https://1.1.1.1:443/x", "the connection goes to the address looked at"
    assert (target.host, target.host_header) == ("good.example", "good.example")


def test_a_host_without_an_address_says_so():
    with pytest.raises(BadInput, match="has no address"):
        asyncio.run(reach("https://nowhere.invalid/", private=False))
