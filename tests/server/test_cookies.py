from __future__ import annotations

import hmac

import pytest
from starlette.responses import Response

from querist.server.cookies import cookie_name, csrf, drop_cookie, open_cookie, same, set_cookie
from querist.server.people import People
from querist.server.settings import Settings


@pytest.fixture
def people(tmp_path):
    made = People(tmp_path)
    yield made
    made.close()


def test_servers_on_one_host_do_not_take_each_others_cookies(people, tmp_path):
    one, other = Settings(tmp_path, port=8123), Settings(tmp_path, port=8124)
    assert cookie_name(one, people, "http") != cookie_name(other, people, "http")
    people.add("ann", "owner", by="shell")
    # with people it belongs to the folder: several servers of one folder share a login
    assert cookie_name(one, people, "http") == cookie_name(other, people, "http")
    assert cookie_name(one, people, "https") == "__Host-" + cookie_name(one, people, "http")


@pytest.mark.parametrize("secure", [False, True])
def test_no_script_and_no_other_site_gets_the_cookie(secure):
    name = "__Host-querist-1" if secure else "querist-1"
    for work in (
        lambda r: set_cookie(r, name, "x", lasting=True),
        lambda r: drop_cookie(r, name),
    ):
        response = Response()
        work(response)
        given = response.headers["set-cookie"]
        assert "HttpOnly" in given and "SameSite=strict" in given and "Path=/" in given
        assert ("Secure" in given) == secure and "Domain" not in given


def test_words_are_derived_and_lead_nowhere_back():
    assert csrf("a") != csrf("b") and "a" * 40 not in csrf("a" * 40)
    assert open_cookie("token") != csrf("token") and len(open_cookie("token")) == 64


def test_secrets_are_compared_in_constant_time(people, monkeypatch):
    compared = []
    plain = hmac.compare_digest

    def watched(one, other):
        compared.append((one, other))
        return plain(one, other)

    people.add("ann", "owner", by="shell")
    token, _ = people.keys.make_token("ann", "test", by="ann")
    monkeypatch.setattr(hmac, "compare_digest", watched)
    assert same("ä\ud800", "ä\ud800") and not same("a", "b")
    assert people.keys.holder(token).name == "ann"
    assert len(compared) == 3 and token.encode() not in compared[2]
