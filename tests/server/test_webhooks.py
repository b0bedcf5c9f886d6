"""Webhooks against a real receiver: signed, retried, in order, each at least once, none lost."""

from __future__ import annotations

import asyncio
import contextlib
import gzip
import os
import random
import shutil
import signal
import socket
import ssl
import subprocess
import sys
import threading
import time
import tracemalloc
from contextlib import closing
from typing import Any

import httpx
import pytest
from standardwebhooks import Webhook

from querist.core.errors import BadInput, LogError
from querist.logs.sqlite import SQLiteLog
from querist.loop.folder import LOG, open_desk, open_folder
from querist.server import webhooks
from querist.server.hookbook import FILE, HookBook
from querist.server.messages import sign
from querist.server.webhooks import Patience, Postman, is_due, try_out

from .conftest import wait_for
from .receivers import Receiver, reserved

# tries again at once, but leaves a receiver that is slow, as all are on a busy machine, its time
QUICK = Patience(timeout=50.0, first=0.1, most=0.5, whole=600.0, poll=0.02)
HASTY = Patience(timeout=1.0, first=0.1, most=0.5, whole=600.0, poll=0.02)


@pytest.fixture
def receiver():
    """Start a receiver: receiver(script), closed at the end."""
    running: list[Receiver] = []

    def start(script=lambda k: 200, port=0) -> Receiver:
        running.append(Receiver(script, port))
        return running[-1]

    yield start
    for one in running:
        one.close()


@pytest.fixture
def desk(folder):
    found = open_desk(folder)
    yield found
    found.journal.log.close()


@pytest.fixture
def book(folder):
    found = HookBook(folder / FILE)
    yield found
    found.close()


@pytest.fixture
def deliver(folder):
    """Run a postman in a thread of its own: deliver(patience); ended with the test."""
    ends = []

    def start(patience: Patience = QUICK, at=folder):
        said: list[str] = []
        log = SQLiteLog(at / LOG)
        loop = asyncio.new_event_loop()
        postman = Postman(at, log, patience, said.append)
        task = loop.create_task(postman.run())

        def run() -> None:
            with contextlib.suppress(asyncio.CancelledError):
                loop.run_until_complete(task)
            loop.run_until_complete(loop.shutdown_default_executor())
            loop.close()

        thread = threading.Thread(target=run)
        thread.start()

        def end() -> None:
            if thread.is_alive():
                loop.call_soon_threadsafe(task.cancel)
            thread.join()
            log.close()

        ends.append(end)
        return said, end

    yield start
    for end in ends:
        end()


def answer(desk, n: int, by: str = "ann") -> list[str]:
    """Ask and tell one by one; the items in the order they were answered."""
    done = []
    for _ in range(n):
        (task,) = desk.ask(1, by, 600.0, "train")
        desk.tell([(task, "spam" if int(task.item_id[1:]) % 3 == 0 else "ham", by, 1.5)])
        done.append(task.item_id)
    return done


def items(receiver: Receiver) -> list[str]:
    return [given["item_id"] for given in receiver.answers]


def test_answers_arrive_signed_and_in_order(folder, desk, book, receiver, deliver):
    taker = receiver()
    hook = book.add(desk.journal.log, taker.url, ["answered", "batch.done"], private=True)
    deliver()
    done = answer(desk, 10)
    wait_for(lambda: len(items(taker)) == 10 and taker.got[-1].json["type"] == "batch.done")
    assert items(taker) == done
    check = Webhook(hook.secrets[0])
    for got in taker.got:
        form = check.verify(got.body, got.headers)  # the parity oracle
        assert set(form) == {"type", "timestamp", "data"} and form["data"]["campaign"] == "mails"
    over = taker.got[-1].json["data"]
    assert (over["size"], over["answered"], over["complete"]) == (10, 10, True)
    first = taker.answers[0]
    assert (first["by"], first["seconds"]) == ("ann", 1.5)
    assert len({got.id for got in taker.got}) == len(taker.got)
    assert wait_for(lambda: book.find(hook.id).waiting == 0 or None) is True
    sent = book.deliveries(hook.id)
    assert {one["state"] for one in sent} == {"done"} and len(sent) == len(taker.got)


def test_signatures_are_those_of_the_standard_library_of_others():
    secret, body = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", '{"a": "é"}'
    now = int(time.time())
    headers = {
        "webhook-id": "msg_1",
        "webhook-timestamp": str(now),
        "webhook-signature": sign([secret], "msg_1", now, body),
    }
    assert Webhook(secret).verify(body, headers) == {"a": "é"}


def test_a_hook_hears_only_what_it_asked_for_and_nothing_of_before(
    folder, desk, book, receiver, deliver
):
    answer(desk, 2)
    taker, other = receiver(), receiver()
    book.add(desk.journal.log, taker.url, ["trained", "settings.changed"], private=True)
    book.add(desk.journal.log, other.url, ["answered"], private=True)
    deliver()
    done = answer(desk, 8)

    def budget() -> int | None:
        changed = [got.json["data"] for got in taker.got[1:]]
        return next((one["new"] for one in reversed(changed) if one["name"] == "budget"), None)

    with open_folder(folder) as campaign:
        turn = campaign.step()
        campaign.change(budget=55, by="ann")
        wait_for(lambda: budget() == 55 and len(items(other)) == 8)
        campaign.change(budget=66, by="ann")
        wait_for(lambda: budget() == 66)
    assert taker.got[0].json["type"] == "trained"
    assert {got.json["type"] for got in taker.got[1:]} == {"settings.changed"}
    trained = taker.got[0].json["data"]
    assert (trained["labels"], trained["model_version"]) == (turn.labels, turn.model_version)
    assert items(other) == done
    kept = {kind for (kind,) in book._db.execute("SELECT kind FROM fact")}
    assert "answered" not in kept, "what everybody has seen is not kept"


def test_an_error_is_tried_again_with_the_same_id(desk, book, receiver, deliver):
    taker = receiver(lambda k: 500 if k < 3 else 200)
    hook = book.add(desk.journal.log, taker.url, ["answered"], private=True)
    said, _ = deliver()
    done = answer(desk, 3)
    wait_for(lambda: items(taker)[-1:] == done[-1:] and len(taker.got) >= 4)
    first = [got for got in taker.got if got.id == taker.got[0].id]
    assert len(first) == 4 and len({got.body for got in first}) == 1
    assert [got.id for got in taker.got[:4]] == [first[0].id] * 4, "nothing overtakes it"
    assert items(taker) == done
    wait_for(lambda: not book.find(hook.id).waiting)  # the outcome is written after the answer
    (delivery,) = [d for d in book.deliveries(hook.id) if d["id"] == first[0].id]
    assert (delivery["attempts"], delivery["state"]) == (4, "done")
    assert any("500 not today; next attempt" in line for line in said)


def test_answers_that_wait_go_together(desk, book, receiver, deliver):
    taker = receiver(lambda k: 500 if k == 0 else 200)
    book.add(desk.journal.log, taker.url, ["answered"], private=True)
    done = answer(desk, 10)
    deliver(Patience(timeout=50.0, first=0.2, most=0.2, poll=0.02))
    wait_for(lambda: len(taker.got) == 2)
    assert items(taker) == done
    assert len({got.id for got in taker.got}) == 1, "ten answers, one message, sent twice"


def test_a_receiver_that_hangs_is_left_and_tried_again(desk, book, receiver, deliver):
    taker = receiver(lambda k: None if k == 0 else 200)
    book.add(desk.journal.log, taker.url, ["answered"], private=True)
    begun = time.time()
    said, _ = deliver(HASTY)
    answer(desk, 1)
    wait_for(lambda: len(taker.got) >= 2)
    assert taker.got[0].id == taker.got[1].id
    assert taker.got[1].at - begun >= 0.99
    assert any("no answer within 1 s" in line for line in said)


def test_a_hanging_receiver_holds_up_no_other_and_no_click(desk, book, receiver, deliver):
    slow, quick = receiver(lambda k: None), receiver()
    for taker in (slow, quick):
        book.add(desk.journal.log, taker.url, ["answered"], private=True)
    deliver(Patience(timeout=300.0, poll=0.02))
    begun = time.monotonic()
    done = answer(desk, 5)
    wait_for(lambda: items(quick) == done)
    wait_for(lambda: len(slow.got) == 1)
    assert time.monotonic() - begun < 150  # half of what the slow one is left


def test_nothing_is_lost_while_a_receiver_is_down(desk, book, receiver, deliver):
    taker = receiver()
    port = taker.port
    book.add(desk.journal.log, taker.url, ["answered"], private=True)
    said, _ = deliver()
    before = answer(desk, 2)
    wait_for(lambda: items(taker) == before)
    with reserved(port):
        taker.close()
        during = answer(desk, 4)
        wait_for(lambda: any("ConnectError" in line for line in said))
        back = receiver(port=port)
    wait_for(lambda: len(items(back)) >= 4)
    assert items(back) == during


def test_nothing_is_lost_while_nobody_delivers(desk, book, receiver, deliver):
    taker = receiver()
    book.add(desk.journal.log, taker.url, ["answered"], private=True)
    _, end = deliver()
    before = answer(desk, 2)
    wait_for(lambda: items(taker) == before)
    end()
    during = answer(desk, 3)
    assert items(taker) == before
    deliver()
    wait_for(lambda: len(items(taker)) == 5)
    assert items(taker) == before + during


def test_what_cannot_be_delivered_is_given_up_shown_and_sent_when_resumed(
    desk, book, receiver, deliver
):
    well = threading.Event()
    taker = receiver(lambda k: 200 if well.is_set() else 503)
    hook = book.add(desk.journal.log, taker.url, ["answered"], private=True)
    deliver(Patience(timeout=50.0, first=0.05, most=0.1, whole=0.5, poll=0.02))
    done = answer(desk, 1)
    wait_for(lambda: book.find(hook.id).state == "failing")
    found = book.find(hook.id)
    assert "given up after" in found.why and "503" in found.why
    assert book.deliveries(hook.id)[0]["state"] == "failing"
    tries = len(taker.got)
    done += answer(desk, 2)
    time.sleep(0.3)
    assert len(taker.got) == tries, "nothing more is sent to it"
    well.set()
    book.resume(hook.id)
    wait_for(lambda: len(items(taker)) == 3)
    assert items(taker) == done
    assert book.find(hook.id).state == "on"


def test_gone_is_gone(desk, book, receiver, deliver):
    taker = receiver(lambda k: 410)
    hook = book.add(desk.journal.log, taker.url, ["answered"], private=True)
    deliver()
    answer(desk, 3)
    wait_for(lambda: book.find(hook.id).state == "gone")
    time.sleep(0.3)
    assert len(taker.got) == 1


def test_redirects_are_not_followed(desk, book, receiver, deliver):
    inner = receiver()
    taker = receiver(lambda k: (302, {"location": inner.url}))
    hook = book.add(desk.journal.log, taker.url, ["answered"], private=True)
    deliver()
    answer(desk, 1)
    wait_for(lambda: len(taker.got) >= 2)
    assert inner.got == []
    assert "redirect" in book.deliveries(hook.id)[0]["note"]


def test_a_receiver_may_ask_for_time(desk, book, receiver, deliver):
    taker = receiver(lambda k: (429, {"retry-after": "1"}) if k == 0 else 200)
    book.add(desk.journal.log, taker.url, ["answered"], private=True)
    deliver()
    answer(desk, 1)
    wait_for(lambda: len(taker.got) == 2)
    assert taker.got[1].at - taker.got[0].at >= 0.99


def test_private_addresses_are_refused_at_the_moment_of_sending(desk, book, receiver, deliver):
    taker = receiver()
    url = taker.url.replace("http://", "https://")
    hook = book.add(desk.journal.log, url, ["answered"])
    said, _ = deliver()
    answer(desk, 1)
    wait_for(lambda: any("not on the public internet" in line for line in said))
    assert taker.got == [] and book.find(hook.id).waiting == 1


def test_certificates_are_checked_against_the_name(desk, book, tmp_path, monkeypatch):
    """The connection goes to a number; the certificate must be that of the name."""
    if shutil.which("openssl") is None:
        pytest.skip("openssl is not installed: no certificate can be made")
    key, certificate = tmp_path / "key.pem", tmp_path / "cert.pem"
    command = f"openssl req -x509 -newkey rsa:2048 -nodes -days 2 -keyout {key} -out {certificate}"
    names = ["-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost"]
    subprocess.run([*command.split(), *names], check=True, capture_output=True)
    tls = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    tls.load_cert_chain(certificate, key)
    taker = Receiver(tls=tls)
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    webhooks._tools.cache_clear()
    try:
        for host, taken in (("localhost", True), ("127.0.0.1", False)):
            url = f"https://{host}:{taker.port}/"
            hook = book.add(desk.journal.log, url, ["answered"], private=True)
            came = asyncio.run(try_out(hook))
            assert came.ok == taken, came.note
        assert "certificate verify failed" in came.note and len(taker.got) == 1
    finally:
        webhooks._tools.cache_clear()
        taker.close()


def test_while_a_secret_is_replaced_both_sign(desk, book, receiver):
    taker = receiver()
    hook = book.add(desk.journal.log, taker.url, ["answered"], private=True)
    old, new = hook.secrets[0], book.rotate(hook.id)
    came = asyncio.run(try_out(book.find(hook.id)))
    assert came.ok and came.status == 200
    (got,) = taker.got
    assert old != new and len(got.headers["webhook-signature"].split()) == 2
    for secret in (old, new):
        assert Webhook(secret).verify(got.body, got.headers)["type"] == "test"
    with pytest.raises(Exception, match="No matching signature"):
        Webhook("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw").verify(got.body, got.headers)


def test_of_several_processes_one_delivers(folder, desk, book, receiver, deliver):
    taker = receiver()
    book.add(desk.journal.log, taker.url, ["answered"], private=True)
    for _ in range(3):
        deliver()
    done = []
    for _ in range(5):
        done += answer(desk, 2)
        time.sleep(0.05)
    wait_for(lambda: len(items(taker)) == 10)
    time.sleep(0.3)
    assert items(taker) == done
    told = [given["item_id"] for got in taker.got for given in got.json["data"]["answers"]]
    assert told == done, "nobody sent what another had sent"


def test_a_kill_in_the_middle_of_a_delivery_loses_nothing(folder, desk, book, receiver, deliver):
    """The first message hangs; the process that sends it is killed; the next one sends it again."""
    taker = receiver(lambda k: None if k == 0 else 200)
    book.add(desk.journal.log, taker.url, ["answered"], private=True)
    code = (
        "import asyncio, sys; from querist.logs.sqlite import SQLiteLog;"
        "from querist.server.webhooks import Patience, Postman;"
        "asyncio.run(Postman(sys.argv[1], SQLiteLog(sys.argv[1] + '/log.sqlite'),"
        "Patience(timeout=1.0, poll=0.02)).run())"
    )
    process = subprocess.Popen([sys.executable, "-c", code, str(folder)])
    done = answer(desk, 4)
    wait_for(lambda: len(taker.got) == 1)
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    deliver()
    wait_for(lambda: len(taker.got) >= 2 and len(items(taker)) == 4)
    assert items(taker) == done
    assert taker.got[1].id == taker.got[0].id and taker.got[1].body == taker.got[0].body


def test_who_comes_too_late_does_not_give_back_what_another_claimed(desk, book, monkeypatch):
    """As whoever slept for longer than a claim lasts does at his next step."""
    hook = book.add(desk.journal.log, "https://example.org/", ["answered"])
    now = time.time()
    assert book.claim(hook.id, "one", 31.0)
    monkeypatch.setattr(time, "time", lambda: now + 40)
    assert book.claim(hook.id, "two", 31.0) and not book.claim(hook.id, "one", 31.0)
    book.claim(hook.id, "one", 0.0)
    monkeypatch.setattr(time, "time", lambda: now + 41)
    assert not book.claim(hook.id, "three", 31.0)
    book.claim(hook.id, "two", 0.0)
    monkeypatch.setattr(time, "time", lambda: now + 42)
    assert book.claim(hook.id, "three", 31.0)


def test_who_is_ended_while_he_claims_a_hook_keeps_it_from_nobody(
    folder, desk, book, receiver, monkeypatch
):
    """The claim stands in the book before he hears of it; it must not stand until it lapses."""
    hook = book.add(desk.journal.log, receiver().url, ["answered"], private=True)
    answer(desk, 1)
    claim, stands, enough = HookBook.claim, threading.Event(), threading.Event()

    def slowly(self, name, owner, seconds):
        claimed = claim(self, name, owner, seconds)
        if seconds:
            stands.set()
            enough.wait(30)
        return claimed

    monkeypatch.setattr(HookBook, "claim", slowly)

    async def ended():
        task = asyncio.create_task(Postman(folder, desk.journal.log, QUICK).run())
        await asyncio.to_thread(stands.wait)
        task.cancel()
        asyncio.get_running_loop().call_later(0.2, enough.set)
        await asyncio.wait({task})

    asyncio.run(ended())
    assert claim(book, hook.id, "the next", QUICK.lease)


def test_through_errors_hangs_cuts_and_kills_everything_arrives_in_order(
    make_folder, receiver, deliver
):
    """Each answer at least once, first seen in the order of the log, whatever happens between."""
    folder = make_folder("storm", n=200, batch=150)
    draw, sky, calm = random.Random(7), random.Random(7), threading.Event()

    def weather(k: int):
        kinds, weights = (200, 500, "drop", None), (10, 4, 4, 1)
        if k == 0:  # one at least comes twice
            return 500
        return 200 if calm.is_set() else sky.choices(kinds, weights)[0]

    taker = receiver(weather)
    patience = Patience(timeout=0.5, first=0.01, most=0.05, poll=0.01)
    with closing(HookBook(folder / FILE)) as book, closing(SQLiteLog(folder / LOG)) as log:
        hook = book.add(log, taker.url, ["answered", "retracted"], private=True)
        desk = open_desk(folder)
        for _ in range(4):
            came = len(taker.got)
            ends = [deliver(patience, folder)[1] for _ in range(2)]
            for item_id in answer(desk, 12):
                if draw.random() < 0.2:
                    desk.retract(item_id, "ann")
            wait_for(lambda came=came: len(taker.got) > came)
            time.sleep(draw.random() * 0.5)
            for end in ends:
                end()  # cancelled wherever it is
        calm.set()
        deliver(patience, folder)
        book.take_in(log)
        wait_for(lambda: book.find(hook.id).waiting == 0, 60)
        happened = [(e.kind, e.item_id) for _, e in log.read() if e.kind in ("told", "retracted")]
        desk.journal.log.close()
    first: dict[str, Any] = {}
    for got in taker.got:
        first.setdefault(got.id, got.json)
    told = []
    for form in first.values():
        if form["type"] == "answered":
            told += [("told", one["item_id"]) for one in form["data"]["answers"]]
        else:
            told.append(("retracted", form["data"]["item_id"]))
    assert told == happened and len(happened) > 50
    assert len(taker.got) > len(first), "some came twice, under one id"


def test_a_delivery_cut_after_its_head_has_not_come(receiver):
    """As a process that is killed between the two leaves it; the tests above rest on this."""
    taker = receiver()
    with socket.create_connection(("127.0.0.1", taker.port)) as line:
        line.sendall(b"POST /hook HTTP/1.1\r\nwebhook-id: a\r\ncontent-length: 9\r\n\r\n{")
        line.shutdown(socket.SHUT_WR)
        assert line.recv(1) == b"" and taker.got == []


def test_a_book_of_another_campaign_is_refused(make_folder, folder, desk):
    with closing(HookBook(folder / FILE)) as book:
        book.take_in(desk.journal.log)
    other = make_folder("other")
    (other / FILE).write_bytes((folder / FILE).read_bytes())
    with (
        closing(HookBook(other / FILE)) as wrong,
        closing(SQLiteLog(other / LOG)) as log,
        pytest.raises(BadInput, match="another campaign"),
    ):
        wrong.take_in(log)


def test_a_book_is_for_its_owner_alone(folder, book):
    assert (folder / FILE).stat().st_mode & 0o077 == 0


def test_an_unknown_kind_of_event_is_refused(desk, book):
    with pytest.raises(BadInput, match="answered, retracted"):
        book.add(desk.journal.log, "https://example.org/", ["labelled"])
    with pytest.raises(BadInput, match="no webhook goes by"):
        book.find("hook_1")


def test_a_book_that_is_none_is_said_to_be_none(folder):
    (folder / FILE).write_bytes(b"no database at all " * 100)
    with pytest.raises(LogError, match="damaged or not an SQLite file"):
        HookBook(folder / FILE)


def test_a_clock_that_was_set_back_holds_no_hook_up(desk, book, monkeypatch):
    now = time.time()
    hook = book.add(desk.journal.log, "https://example.org/", ["answered"])
    monkeypatch.setattr(time, "time", lambda: now + 86_400)
    assert book.claim(hook.id, "one", 31.0) and not book.claim(hook.id, "two", 31.0)
    monkeypatch.setattr(time, "time", lambda: now)
    assert book.claim(hook.id, "two", 31.0) and not book.claim(hook.id, "one", 31.0)
    assert is_due(now, now) and is_due(now + 86_400, now) and not is_due(now + 3_000, now)


def test_an_answer_that_unpacks_to_gigabytes_is_not_unpacked():
    packed = gzip.compress(gzip.compress(bytes(200 << 20)))
    headers = {"content-encoding": "gzip, gzip"}
    said = httpx.Response(500, headers=headers, stream=httpx.ByteStream(packed))
    tracemalloc.start()
    words = asyncio.run(webhooks._words(said))
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert len(words) <= 300 and most < 4 << 20


def test_opening_the_book_again_lets_no_other_program_take_its_log_away(book, desk, receiver):
    """Closing any descriptor of a file drops this process's locks on it, SQLite's among them."""
    hook = book.add(desk.journal.log, receiver().url, ["answered"], private=True)
    HookBook(book.path).close()  # as each call of the owner's page does
    look = "import sqlite3, sys; db = sqlite3.connect(sys.argv[1]); "
    look += "print(*db.execute('SELECT secret FROM hook').fetchone()); db.close()"
    asked = [sys.executable, "-c", look, str(book.path)]
    subprocess.run(asked, check=True)
    book.rotate(hook.id)
    seen = subprocess.run(asked, check=True, capture_output=True, text=True).stdout.strip()
    assert seen == book.find(hook.id).secrets[0]
