"""Where a message may go: public addresses, unless the owner of the machine allows others.

Whoever may name an address could otherwise have this server knock at doors inside its own
network. So each address a host stands for is looked at, and the connection is made to the very
address that was looked at.
"""

from __future__ import annotations

import asyncio
import ipaddress
import socket
from dataclasses import dataclass
from urllib.parse import urlsplit

from querist.core.errors import BadInput

IP = ipaddress.IPv4Address | ipaddress.IPv6Address
_TRIED = 4  # addresses of one host, one after the other
_NAT64 = ipaddress.IPv6Network("64:ff9b::/96")


@dataclass(frozen=True)
class Target:
    """An address that was checked.

    Attributes
    ----------
    url : str
        The URL with the number of the machine in place of its name.
    host, host_header : str
        The name, for the certificate; the name and the port, for the header.
    """

    url: str
    host: str
    host_header: str


def check_url(url: str, *, private: bool) -> None:
    """Refuse what cannot be the address of a webhook.

    Raises
    ------
    BadInput
        When it is no http(s) URL, holds a name or password, or is not encrypted although it may
        lead out.

    Examples
    --------
    >>> check_url("https://example.org/hook", private=False)
    >>> check_url("http://example.org/hook", private=False)
    Traceback (most recent call last):
    querist.core.errors.BadInput: http:// would send the answers in clear over the network; ...
    """
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname, parts.port
    except ValueError as error:
        raise BadInput(f"{url!r} is not a URL: {error}") from None
    if parts.scheme not in ("http", "https") or not host:
        raise BadInput(f"a webhook goes to https://host/path; got {url!r}")
    if parts.username is not None or parts.password is not None:
        raise BadInput("a webhook's URL holds no name or password; messages are signed instead")
    if any(not letter.isprintable() or letter.isspace() for letter in url):
        raise BadInput(f"the URL {url!r} holds a blank or a control character")
    if parts.scheme == "http" and not private:
        raise BadInput(
            "http:// would send the answers in clear over the network; use https://, or allow "
            "it, for receivers in your own network, with: querist hooks add DIR URL "
            "--allow-private"
        )


def is_public(ip: IP) -> bool:
    """Whether an address is one of the open internet, also where it wraps another address.

    Examples
    --------
    >>> from ipaddress import ip_address
    >>> [is_public(ip_address(a)) for a in ("1.1.1.1", "10.0.0.1", "169.254.169.254")]
    [True, False, False]
    >>> [is_public(ip_address(a)) for a in ("::ffff:127.0.0.1", "64:ff9b::a00:1", "::1")]
    [False, False, False]
    """
    if isinstance(ip, ipaddress.IPv6Address):
        inner: list[IP] = [ip.ipv4_mapped] if ip.ipv4_mapped else []
        inner += [ip.sixtofour] if ip.sixtofour else []
        inner += list(ip.teredo) if ip.teredo else []
        inner += [ipaddress.IPv4Address(int(ip) & 0xFFFFFFFF)] if ip in _NAT64 else []
        if inner:
            return all(is_public(part) for part in inner)
    return ip.is_global and not ip.is_multicast


async def reach(url: str, *, private: bool) -> list[Target]:
    """Look up the host of a URL and check every address it stands for; the best come first.

    Raises
    ------
    BadInput
        When it has no address, or one that is not public and not allowed.
    """
    check_url(url, private=private)
    parts = urlsplit(url)
    host = parts.hostname or ""
    port = parts.port or (443 if parts.scheme == "https" else 80)
    try:
        found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        raise BadInput(f"the host {host!r} has no address: {error}") from None
    ips = [ipaddress.ip_address(str(info[4][0]).partition("%")[0]) for info in found]
    if not private and not all(map(is_public, ips)):
        raise BadInput(
            f"the host {host!r} stands for an address that is not on the public internet; whoever "
            "owns this machine can allow it with: querist hooks add DIR URL --allow-private"
        )
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    name = f"[{host}]" if ":" in host else host
    header = name if parts.port is None else f"{name}:{parts.port}"
    numbers = [f"[{ip}]" if ip.version == 6 else str(ip) for ip in dict.fromkeys(ips)]
    return [Target(f"{parts.scheme}://{n}:{port}{path}", host, header) for n in numbers[:_TRIED]]
