from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from querist.server.visit import Visit, here, same_origin, split_host


def visit(*headers, proxy=False, **more):
    scope = {
        "type": "http",
        "method": "GET",
        "path": "/",
        "scheme": "http",
        "query_string": b"",
        "client": ("127.0.0.1", 5000),
        "headers": [(name.lower().encode(), value.encode()) for name, value in headers],
    }
    return Visit.of(scope | more, proxy=proxy)


def test_a_cookie_that_comes_twice_is_none():
    assert visit(("Cookie", "a=1; b=2")).cookie("b") == "2"
    assert visit(("Cookie", "a=1; a=2")).cookie("a") is None
    assert visit(("Cookie", "a=1"), ("Cookie", "a=2")).cookie("a") is None
    assert visit(("Cookie", "aa=1;ba=3")).cookie("a") is None
    assert visit().cookie("a") is None


@pytest.mark.parametrize(
    ("header", "token"),
    [("Bearer x", "x"), ("bearer  x ", "x"), ("Bearer ", ""), ("Basic x", None), ("x", None)],
)
def test_only_bearer_carries_a_token(header, token):
    assert visit(("Authorization", header)).bearer == token
    assert visit().bearer is None


def test_a_prefix_is_taken_off_once_and_only_whole():
    assert visit(root_path="/label", path="/label/insight").path == "/insight"
    assert visit(root_path="/label", path="/label").path == "/"
    assert visit(root_path="/label", path="/labels").path == "/labels"
    assert visit(root_path="/label", path="/label/label/x").path == "/label/x"


def test_the_token_leaves_the_address():
    seen = visit(path="/c/a b/", query_string=b"token=x&by=ann&token=y")
    assert seen.asked("by") == "ann" and seen.asked("token") == "y" and seen.asked("n") is None
    assert seen.without("token") == "/c/a%20b/?by=ann"
    assert visit(path="//evil.example", query_string=b"token=x").without("token") == "/evil.example"
    assert "\r" not in visit(path="/\r\nSet-Cookie: a=b").without("token")


def test_a_home_is_counted_once():
    def seen(address):
        return visit(client=(address, 1)).neighbourhood

    assert seen("2001:db8:1:2::5") == seen("2001:db8:1:2:ffff::9") != seen("2001:db8:1:3::5")
    assert seen("203.0.113.5") == "203.0.113.5" != seen("203.0.113.6")
    assert seen("") == "" and visit(client=None).neighbourhood == ""


@pytest.mark.parametrize(
    ("origin", "host"),
    [
        ("http://localhost:8123", "localhost:8123"),
        ("http://label.example", "label.example:80"),
        ("https://label.example", "label.example"),
        ("https://LABEL.example:443", "label.example"),
        ("http://[::1]:8123", "[::1]:8123"),
    ],
)
def test_origins_of_this_server(origin, host):
    assert same_origin(origin, "http", host)


@pytest.mark.parametrize(
    ("origin", "scheme", "host"),
    [
        ("http://localhost:8123", "http", "127.0.0.1:8123"),
        ("http://localhost:8124", "http", "localhost:8123"),
        ("http://label.example", "https", "label.example"),
        ("http://label.example.evil", "http", "label.example"),
        ("http://evil@label.example", "http", "label.example"),
        ("http://label.example@evil", "http", "label.example"),
        ("ftp://label.example", "http", "label.example"),
        ("label.example", "http", "label.example"),
        ("", "http", ""),
        ("http://", "http", ""),
        ("null", "http", "null"),
    ],
)
def test_other_origins(origin, scheme, host):
    assert not same_origin(origin, scheme, host)


def test_without_headers_of_a_browser_it_is_none():
    assert visit(("Host", "a")).is_from_here()
    assert visit(("Host", "a"), ("Sec-Fetch-Site", "none")).is_from_here()
    assert not visit(("Host", "a"), ("Sec-Fetch-Site", "same-site")).is_from_here()
    assert not visit(("Host", "a"), ("Origin", "null")).is_from_here()


def test_what_a_proxy_says_counts_where_asked():
    headers = [
        ("Host", "inside:8123"),
        ("X-Forwarded-For", "198.51.100.1"),
        ("X-Forwarded-For", "203.0.113.50"),
        ("X-Forwarded-Proto", "https"),
        ("X-Forwarded-Host", "label.example"),
    ]
    believed, plain = visit(*headers, proxy=True), visit(*headers)
    assert (believed.address, believed.scheme) == ("203.0.113.50", "https")
    assert believed.heads["host"] == "label.example"
    assert (plain.address, plain.scheme, plain.heads["host"]) == (
        "127.0.0.1",
        "http",
        "inside:8123",
    )


@given(st.text())
def test_nothing_leads_to_another_host(text):
    address = here(text)
    assert address.startswith("/") and not address.startswith("//")
    assert all(c.isprintable() for c in address) and "\\" not in address


@given(st.text(), st.text())
def test_odd_hosts_and_origins_raise_nothing(one, other):
    split_host(one)
    assert isinstance(same_origin(one, "http", other), bool)
