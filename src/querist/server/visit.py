"""The head of a request, read once: where it goes, what it carries, where it comes from."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from ipaddress import IPv6Network
from urllib.parse import parse_qsl, quote, urlencode, urlsplit

from starlette.types import Scope

_PORTS = {"http": 80, "https": 443}
_SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
_LOCAL = frozenset({"localhost", "127.0.0.1", "::1"})
_WANTED = {
    name.encode(): name.replace("-", "_")
    for name in (
        *("host", "origin", "cookie", "authorization", "accept", "content-length"),
        *("x-querist-csrf", "sec-fetch-site", "sec-fetch-mode", "user-agent"),
        *("x-forwarded-for", "x-forwarded-proto", "x-forwarded-host"),
    )
}


@dataclass(slots=True)
class Visit:
    """What the gate has to know of a request.

    Attributes
    ----------
    path : str
        Decoded, without the prefix of a proxy.
    root : str
        That prefix; empty without one.
    heads : dict
        The headers that matter, by name with underscores; the first where one is repeated.
    twice : bool
        Whether one that must be alone (host, authorization, origin) came twice.
    size : int
        Bytes of all headers together.
    """

    path: str
    root: str
    method: str
    scheme: str
    query: str
    address: str
    heads: dict[str, str]
    twice: bool
    size: int

    @classmethod
    def of(cls, scope: Scope, *, proxy: bool) -> Visit:
        """Read a request; the headers of a proxy count where the server was told of one."""
        heads: dict[str, str] = {}
        twice, size = False, 0
        for name, value in scope["headers"]:
            size += len(name) + len(value)
            known = _WANTED.get(name)
            if known is not None:
                if known in heads:
                    twice = twice or known in ("host", "authorization", "origin", "content_length")
                    if known == "cookie":  # HTTP/2 splits it
                        heads[known] += "; " + value.decode("latin-1")
                    if known == "x_forwarded_for":
                        heads[known] += "," + value.decode("latin-1")
                else:
                    heads[known] = value.decode("latin-1")
        scheme = str(scope.get("scheme", "http"))
        address = str((scope.get("client") or ("", 0))[0])
        if proxy:
            # the proxy appends: what stands last is what it saw itself
            address = heads.get("x_forwarded_for", address).split(",")[-1].strip()[:64]
            scheme = heads.get("x_forwarded_proto", scheme).split(",")[-1].strip().lower()
            if "x_forwarded_host" in heads:
                heads["host"] = heads["x_forwarded_host"].split(",")[-1].strip()
        root, path = scope.get("root_path", ""), scope["path"]
        if root and (path == root or path.startswith(root + "/")):
            path = path[len(root) :] or "/"
        query = scope.get("query_string", b"").decode("latin-1")
        return cls(path, root, scope["method"], scheme, query, address, heads, twice, size)

    @property
    def neighbourhood(self) -> str:
        """The address as limits count it: one home has as many IPv6 addresses as it likes."""
        try:
            return str(IPv6Network((self.address, 64), strict=False))
        except ValueError:
            return self.address

    @property
    def changes(self) -> bool:
        """Whether the method may change something."""
        return self.method not in _SAFE

    @property
    def wants_page(self) -> bool:
        """Whether a person looks at the answer in a browser."""
        return "text/html" in self.heads.get("accept", "")

    @property
    def came_across(self) -> bool:
        """Whether a link on another site led here: SameSite=Strict holds cookies back then."""
        return (
            self.heads.get("sec_fetch_site") in ("cross-site", "same-site")
            and self.heads.get("sec_fetch_mode") == "navigate"
        )

    @property
    def bearer(self) -> str | None:
        """The token of an Authorization header; None without one of the kind Bearer.

        A proxy in front may ask for a password of its own: what it passes on is not for us.
        """
        kind, space, token = self.heads.get("authorization", "").partition(" ")
        return token.strip() if space and kind.lower() == "bearer" else None

    def cookie(self, name: str) -> str | None:
        """The value of a cookie; None without it, and where it comes twice.

        Two of a name mean that somebody else's page on this host set one.
        """
        found = None
        for part in self.heads.get("cookie", "").split(";"):
            key, _, value = part.strip().partition("=")
            if key == name:
                if found is not None:
                    return None
                found = value
        return found

    def asked(self, name: str) -> str | None:
        """A parameter of the query; None without it."""
        if name not in self.query:
            return None
        return dict(parse_qsl(self.query, keep_blank_values=True)).get(name)

    def without(self, name: str) -> str:
        """The address of this request without one parameter, to be sent on to."""
        kept = [pair for pair in parse_qsl(self.query, keep_blank_values=True) if pair[0] != name]
        address = quote(here(self.root + self.path), safe="/:@!$&'()*+,;=~")
        return address + ("?" + urlencode(kept) if kept else "")

    def is_from_here(self) -> bool:
        """Whether a browser says that a page of this very server sent the request.

        Programs that are no browsers send neither header, and no cookie by accident either.
        """
        origin = self.heads.get("origin")
        if origin is not None:
            return same_origin(origin, self.scheme, self.heads.get("host", ""))
        return self.heads.get("sec_fetch_site", "same-origin") in ("same-origin", "none")

    def is_local(self, port: int, others: tuple[str, ...] = ()) -> bool:
        """Whether the request names this machine itself as the host, and the right port.

        A page of evil.example whose name suddenly resolves to 127.0.0.1 still says evil.example.
        """
        host = self.heads.get("host", "").lower()
        name, given = split_host(host)
        return host in others or (name in _LOCAL and (given or _PORTS["http"]) == port)


@lru_cache(512)
def split_host(host: str) -> tuple[str, int | None]:
    """Name and port of a Host header; an empty name for one that is none.

    Examples
    --------
    >>> split_host("localhost:8123"), split_host("[::1]:80"), split_host("example.org")
    (('localhost', 8123), ('::1', 80), ('example.org', None))
    >>> split_host("localhost:x"), split_host("a@b")
    (('', None), ('', None))
    """
    try:
        parts = urlsplit("//" + host)
        bad = parts.username is not None or parts.path or parts.query or parts.fragment
        return ("", None) if bad or "@" in host else (parts.hostname or "", parts.port)
    except ValueError:
        return "", None


@lru_cache(512)
def same_origin(origin: str, scheme: str, host: str) -> bool:
    """Whether an Origin header is that of a server.

    Behind a proxy that ends TLS a server may not know that it is reached by https; the other
    way round is refused.

    Examples
    --------
    >>> same_origin("http://localhost:8123", "http", "localhost:8123")
    True
    >>> same_origin("https://label.example", "http", "label.example")
    True
    >>> same_origin("http://localhost:9", "http", "localhost:8123"), same_origin("null", "http", "")
    (False, False)
    """
    kind, _, rest = origin.partition("://")
    if kind not in _PORTS or (kind == "http" and scheme == "https"):
        return False
    name, port = split_host(rest.lower())
    own, own_port = split_host(host.lower())
    standard = _PORTS[kind]
    return bool(name) and name == own and (port or standard) == (own_port or standard)


def here(path: str) -> str:
    """A path as an address on this server: two slashes at the start would name another host.

    Examples
    --------
    >>> here("//evil.example/x"), here("/a"), here("https://evil.example")
    ('/evil.example/x', '/a', '/https://evil.example')
    """
    clean = "".join(c for c in path if c.isprintable()).replace("\\", "/")
    return "/" + clean.lstrip("/")
