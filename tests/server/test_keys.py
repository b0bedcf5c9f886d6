from __future__ import annotations

import sqlite3
import threading
import time

import pytest

from querist.core.errors import BadInput
from querist.server.keys import PREFIX, SESSION_DAYS, digest
from querist.server.people import People
from querist.server.people_file import NotGranted

DAY = 86400.0


@pytest.fixture
def clock():
    return {"now": 1_000_000.0}


@pytest.fixture
def people(tmp_path, clock):
    made = People(tmp_path, lambda: clock["now"])
    made.add("ann", "owner", by="shell")
    yield made
    made.close()


def test_a_token_opens_and_is_nowhere_in_the_file(people):
    secret, key = people.keys.make_token("ann", " a script ", by="ann")
    assert secret.startswith(PREFIX) and len(secret) >= 43 + len(PREFIX)
    held = people.keys.holder(secret)
    assert (held.name, held.role, held.kind, held.key) == ("ann", "owner", "token", key.id)
    assert key.label == "a script" and people.keys.listed("token", "ann") == [key]
    session = people.keys.open_session("ann", address="127.0.0.1", agent="Firefox")
    people.close()
    for path in people.file.path.parent.glob("people.sqlite*"):
        held_bytes = path.read_bytes()
        assert secret.encode() not in held_bytes and session.encode() not in held_bytes
    assert people.keys.holder(secret) is not None


@pytest.mark.parametrize("wrong", ["", "x", "querist_", "\ud800", "a" * 100_000, "' OR 1=1 --"])
def test_a_wrong_secret_opens_nothing(people, wrong):
    people.keys.make_token("ann", "script", by="ann")
    assert people.keys.holder(wrong) is None


def test_the_digest_is_not_a_secret(people):
    secret, _ = people.keys.make_token("ann", "script", by="ann")
    assert people.keys.holder(digest(secret).hex()) is None


def test_secrets_are_never_the_same(people):
    made = {people.keys.open_session("ann") for _ in range(50)}
    assert len(made) == 50


def test_a_revoked_key_is_dead_at_once_in_other_processes_too(people, tmp_path, clock):
    other = People(tmp_path, lambda: clock["now"])
    secret, key = people.keys.make_token("ann", "script", by="ann")
    assert other.keys.holder(secret) is not None
    people.keys.revoke(key.id, by="ann")
    assert other.keys.holder(secret) is None and people.keys.holder(secret) is None
    with pytest.raises(NotGranted, match="no live token"):
        people.keys.revoke(key.id, by="ann")
    other.close()


def test_only_ones_own_keys_can_be_ended_where_so_asked(people):
    people.add("bob", "annotator", by="ann")
    secret, key = people.keys.make_token("ann", "script", by="ann")
    with pytest.raises(NotGranted) as refused:
        people.keys.revoke(key.id, by="bob", of="bob")
    assert refused.value.status == 404 and people.keys.holder(secret) is not None


def test_a_session_ends_by_itself(people, clock):
    secret = people.keys.open_session("ann")
    clock["now"] += SESSION_DAYS * DAY - 1
    assert people.keys.holder(secret) is not None
    clock["now"] += 2
    assert people.keys.holder(secret) is None
    assert people.keys.listed("session") == []


def test_sessions_that_ended_long_ago_are_cleared(people, clock):
    for _ in range(3):
        people.keys.open_session("ann")
    clock["now"] += (SESSION_DAYS + 91) * DAY
    people.keys.open_session("ann")
    assert people.file.rows("SELECT COUNT(*) FROM keys") == [(1,)]


def test_nobody_fills_the_file_with_keys(people):
    for _ in range(105):
        newest = people.keys.open_session("ann")
    assert len(people.keys.listed("session")) == 100
    assert people.keys.holder(newest) is not None
    for k in range(100):
        people.keys.make_token("ann", f"t{k}", by="ann")
    with pytest.raises(NotGranted, match="revoke one"):
        people.keys.make_token("ann", "one more", by="ann")


@pytest.mark.parametrize("label", ["", "  ", "x" * 101, "a\nb", None])
def test_a_token_needs_a_label(people, label):
    with pytest.raises(BadInput, match="label"):
        people.keys.make_token("ann", label, by="ann")


def test_nobody_has_no_token(people):
    with pytest.raises(NotGranted, match="nobody called 'bob'"):
        people.keys.make_token("bob", "x", by="ann")


def test_the_last_use_is_noted_once_a_minute(people, clock):
    secret, key = people.keys.make_token("ann", "script", by="ann")
    held = people.keys.holder(secret)
    assert people.keys.is_stale(held)
    people.keys.touch(key.id)
    held = people.keys.holder(secret)
    assert not people.keys.is_stale(held) and held.used == clock["now"]
    clock["now"] += 61
    assert people.keys.is_stale(held)


def test_agents_are_kept_as_plain_text(people):
    people.keys.open_session("ann", agent="<b>x</b>\x00\n" + "y" * 500)
    assert people.keys.listed("session")[0].label == ("<b>x</b>" + "y" * 500)[:200]


def test_a_lookup_waits_for_no_writer(people):
    secret, _ = people.keys.make_token("ann", "script", by="ann")
    held = sqlite3.connect(people.file.path, isolation_level=None)
    held.execute("BEGIN EXCLUSIVE")
    try:
        start = time.monotonic()
        assert people.keys.holder(secret).name == "ann"
        assert time.monotonic() - start < 10  # a writer is waited for twice as long
    finally:
        held.execute("ROLLBACK")
        held.close()


def test_threads_look_up_while_others_write(people):
    secret, key = people.keys.make_token("ann", "script", by="ann")
    stop, failed = threading.Event(), []

    def look():
        while not stop.is_set():
            if people.keys.holder(secret) is None:
                failed.append("lost")

    threads = [threading.Thread(target=look) for _ in range(3)]
    for thread in threads:
        thread.start()
    for _ in range(30):
        people.keys.touch(key.id)
    stop.set()
    for thread in threads:
        thread.join()
    assert failed == []
