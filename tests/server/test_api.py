"""The routes of a campaign, through real HTTP: each act, its answer, and what it left behind."""

import http.client
import json
import threading
import time

import httpx
import pytest

from nursery import nursery
from querist.core.questions import Choices, Number
from querist.loop.folder import open_desk, open_folder

from .conftest import label, wait_for


@pytest.fixture
def running(server, folder):
    return server(folder)


@pytest.fixture
def client(running):
    return running.client()


def asked(client, n=1, by="ann", **more):
    found = client.post("ask", json={"n": n, "by": by, **more})
    assert found.status_code == 200, found.text
    return found.json()["tasks"]


def told(client, *answers, by="ann"):
    return client.post("tell", json={"answers": list(answers), "by": by})


def of(task, **more):
    return {"task_id": task["task_id"], "value": label(int(task["item_id"][1:])), **more}


def everything(client):
    """What a refused request must leave as it was."""
    status = client.get("status").json()
    return {**status, "all": client.get("labels").json()}


# what each act does


def test_a_task_says_what_is_asked_and_why_but_not_of_control_items(client):
    tasks = asked(client, 10)
    assert len(tasks) == 10
    open_ones = [task for task in tasks if "why" in task]
    assert len(open_ones) == 9  # one in ten is control, and nothing tells it from the others
    assert {task["view"] for task in tasks} == {"choice"}
    assert {task["kind"] for task in tasks} == {"text"}
    assert all(task["lease_until"] > time.time() + 500 for task in tasks)
    assert set(open_ones[0]["why"]) >= {"strategy", "score", "rank", "probability", "candidates"}
    none = client.post("ask", json={"by": "bob"}).json()
    assert none["tasks"] == [] and "hands" in none["reason"]


def test_answers_are_judged_one_by_one(client):
    one, two, three = asked(client, 3)
    found = told(client, of(one), {**of(two), "value": "eggs"}, {"no": 1}, of(three, seconds=2.5))
    results = found.json()["results"]
    assert found.status_code == 200
    assert [result["ok"] for result in results] == [True, False, False, True]
    assert [result.get("status") for result in results] == [None, 422, 422, None]
    assert "spam, ham" in results[1]["error"]
    assert client.get("status").json()["labels"] == 2
    assert client.get(f"why/{three['item_id']}").json()["votes"][0]["seconds"] == 2.5


def test_the_same_key_is_the_same_answer(client):
    (task,) = asked(client)
    first = told(client, of(task, key="k1")).json()["results"][0]
    again = told(client, of(task, key="k1")).json()["results"][0]
    assert first["ok"] and again == first
    changed = told(client, {**of(task, key="k2"), "value": "ham"}).json()["results"][0]
    assert changed["position"] > first["position"]
    late = told(client, of(task, key="k1")).json()["results"][0]  # a retry that was long on its way
    assert late["position"] == first["position"]
    votes = client.get(f"why/{task['item_id']}").json()["votes"]
    assert [vote["value"] for vote in votes] == ["ham"]


def test_e20_partial_late_duplicate_and_conflicting_returns(client):
    (one,), (two,) = asked(client), asked(client, lease=0.5)
    assert told(client, of(one)).status_code == 200  # in part
    time.sleep(0.6)
    late = told(client, of(two))
    assert late.status_code == 409
    assert late.json()["results"][0]["code"] == "lease_expired"
    assert client.post("renew", json={"task_ids": [two["task_id"]], "by": "ann"}).json() == {
        "renewed": [two["task_id"]],
        "lost": [],
    }
    assert told(client, of(two), of(two)).status_code == 200  # twice in one call
    assert told(client, of(two)).status_code == 200  # and once more
    assert client.get("status").json()["labels"] == 2
    (three,) = asked(client, by="bob")
    conflict = told(client, of(three), by="ann")  # in somebody else's hands
    assert conflict.json()["results"][0]["code"] == "held"
    assert told(client, of(three), by="bob").status_code == 200


def test_a04_answers_land_on_their_items_out_of_order_and_in_part(client):
    tasks = asked(client, 8)
    late = [of(task) for task in reversed(tasks)][:5]
    assert told(client, *late).status_code == 200
    found = {row["id"]: row["value"] for row in client.get("labels").json()["labels"]}
    assert found == {f"m{k}": label(k) for k in (int(t["item_id"][1:]) for t in tasks[3:])}
    assert client.get("status").json()["queue"]["leased"] == 3


def test_a19_people_may_pass_answer_unasked_flag_and_owners_may_pick(client):
    task, other = asked(client, 2)
    said = {"task_id": task["task_id"], "reason": "cannot tell", "by": "ann"}
    assert client.post("skip", json=said).json() == {"ok": True}
    assert task["task_id"] not in [t["task_id"] for t in asked(client, 10)]
    assert client.get(f"why/{task['item_id']}").json()["skips"][0]["reason"] == "cannot tell"
    assert told(client, {"task_id": "m59", "value": "ham"}).status_code == 200  # nobody asked
    assert client.get("why/m59").json()["votes"][0]["value"] == "ham"
    flagged = {"task_id": other["task_id"], "text": "", "flag": True, "by": "ann"}
    assert client.post("note", json=flagged).json() == {"ok": True}
    (mine,) = client.post("ask", json={"items": ["m58"], "by": "ann"}).json()["tasks"]
    assert mine["item_id"] == "m58"


def test_undo_gives_the_task_back_to_the_same_person(client):
    one, two = asked(client, 2)
    told(client, of(one), of(two))
    assert [a["item_id"] for a in client.get("recent", params={"by": "ann"}).json()["answers"]] == [
        two["item_id"],
        one["item_id"],
    ]
    found = client.post("retract", json={"task_id": two["task_id"], "hold": True, "by": "ann"})
    assert found.json()["task"]["task_id"] == two["task_id"]
    left = client.get("recent", params={"by": "ann"}).json()["answers"]
    assert [(a["item_id"], a["value"]) for a in left] == [(one["item_id"], of(one)["value"])]
    assert two["task_id"] not in [task["task_id"] for task in asked(client, 10, by="bob")]
    assert told(client, of(two)).status_code == 200


def test_what_is_given_back_comes_first(client):
    tasks = asked(client, 4)
    back = [task["task_id"] for task in tasks[1:3]]
    assert client.post("release", json={"task_ids": back, "by": "ann"}).json() == {"released": 2}
    assert [task["task_id"] for task in asked(client, 2, by="bob")] == back
    assert client.post("release", json={"task_ids": None, "by": "ann"}).json() == {"released": 2}


def test_e07_two_annotators_never_get_the_same_task(running):
    seen, lock = [], threading.Lock()

    def work(name):
        mine = running.client()
        while tasks := asked(mine, 1, by=name):
            with lock:
                seen.append(tasks[0]["task_id"])
            told(mine, of(tasks[0]), by=name)

    threads = [threading.Thread(target=work, args=(f"p{k}",)) for k in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(seen) == len(set(seen)) == 10
    queue = running.client().get("status").json()["queue"]
    assert (queue["waiting"], queue["leased"]) == (0, 0)


def test_a_raised_budget_is_no_stop_any_more(server, make_folder):
    folder = make_folder("short", budget=10)
    client = server(folder).client()
    told(client, *[of(task) for task in asked(client, 10)])
    assert client.get("status").json()["bought"] == 10
    assert client.post("ask", json={}).json()["reason"].startswith("stopped: budget")
    desk = open_desk(folder)
    desk.change("budget", 20, "me")
    desk.journal.log.close()
    assert client.get("status").json()["stop"]["stop"]["stop"] is False
    assert "stopped" not in client.post("ask", json={}).json().get("reason", "")


def test_h06_why_says_who_picked_labelled_and_when(client):
    (task,) = asked(client)
    told(client, of(task, key="k"))
    found = client.get(f"why/{task['item_id']}").json()
    assert found["asked"][0]["task_id"] == task["task_id"]
    assert found["asked"][0]["model_version"] is None  # before the first model
    assert [vote["by"] for vote in found["votes"]] == ["ann"]
    assert abs(found["votes"][0]["at"] - time.time()) < 60
    assert task["item_id"] in found["why"] and "ann" in found["why"]


def test_me_counts_what_i_did(client):
    for task in asked(client, 3):
        told(client, of(task))
    mine = client.get("me", params={"by": "ann"}).json()
    assert (mine["name"], mine["answered"], mine["today"]) == ("ann", 3, 3)
    assert client.get("me", params={"by": "bob"}).json()["answered"] == 0


def test_the_question_says_what_a_page_needs(client, server, make_folder):
    found = client.get("question").json()
    assert found["labels"] == ["spam", "ham"] and found["view"] == "choice"
    assert found["campaign"]["name"] == "mails" and len(found["campaign"]["id"]) == 16
    assert found["guidelines"]["version"] == 0 and found["suggestions"] is False
    other = server(make_folder("other", question=Number(0, 10))).client().get("question").json()
    assert (other["view"], other["low"], other["high"]) == ("number", 0, 10)
    assert other["campaign"]["id"] != found["campaign"]["id"]


def test_several_labels_and_numbers_are_answers_too(server, make_folder):
    many = server(make_folder("many", question=Choices(["a", "b", "c"]))).client()
    (task,) = asked(many)
    assert told(many, {"task_id": task["task_id"], "value": ["c", "a"]}).status_code == 200
    assert many.get("labels").json()["labels"][0]["value"] == ["a", "c"]
    number = server(make_folder("number", question=Number(0, 10))).client()
    (task,) = asked(number)
    assert told(number, {"task_id": task["task_id"], "value": 11}).status_code == 422
    assert told(number, {"task_id": task["task_id"], "value": 3}).status_code == 200


# what is refused

UNHAPPY = [
    ("ask", b"{", 422, "JSON"),
    ("ask", b"[]", 422, "object"),
    ("ask", b'{"n": 0}', 422, "'n'"),
    ("ask", b'{"n": 1001}', 422, "'n'"),
    ("ask", b'{"n": true}', 422, "'n'"),
    ("ask", b'{"n": 1e3}', 422, "'n'"),
    ("ask", b'{"lease": NaN}', 422, "'lease'"),
    ("ask", b'{"lease": 1e300}', 422, "'lease'"),
    ("ask", b'{"lease": -1}', 422, "'lease'"),
    ("ask", b'{"by": ""}', 422, "'by'"),
    ("ask", b'{"by": "  "}', 422, "by"),
    ("ask", b'{"job": "mine"}', 422, "'job'"),
    ("ask", b'{"m": 1}', 422, "'m'"),
    ("ask", b'{"items": ["nobody"]}', 404, "nobody"),
    ("ask", b'{"by": "\\ud800"}', 422, "JSON"),
    ("ask", b'{"by": "' + b"x" * 101 + b'"}', 422, "'by'"),
    ("ask", b"\xff\xfe", 422, "JSON"),
    ("tell", b'{"answers": []}', 422, "'answers'"),
    ("tell", b'{"answers": [{"task_id": "zzz", "value": "spam"}]}', 404, "zzz"),
    ("tell", b'{"answers": [{"task_id": "b0-0", "value": NaN}]}', 422, ""),
    ("tell", b'{"answers": [{"task_id": "b0-0", "value": 1e999}]}', 422, ""),
    ("tell", b'{"answers": [{"task_id": "b0-0", "value": {"a": 1}}]}', 422, "value"),
    ("tell", b'{"answers": [{"task_id": "b0-0", "value": null}]}', 422, "None"),
    ("tell", b'{"answers": [{"task_id": "b0-0"}]}', 422, "'value'"),
    ("tell", b'{"answers": [{"task_id": 7, "value": "spam"}]}', 422, "'task_id'"),
    ("tell", b'{"answers": 5}', 422, "'answers'"),
    ("skip", b'{"task_id": "zzz"}', 404, "zzz"),
    ("skip", b"{}", 422, "'task_id'"),
    ("retract", b'{"task_id": "b0-0"}', 404, "no answer"),
    ("retract", b'{"task_id": "b0-0", "hold": 1}', 422, "'hold'"),
    ("renew", b'{"task_ids": "b0-0"}', 422, "'task_ids'"),
    ("release", b'{"task_ids": [1]}', 422, "'task_ids.0'"),
    ("note", b'{"task_id": "zzz", "text": "hm"}', 404, "zzz"),
    ("items", b'{"items": []}', 422, "'items'"),
    ("items", b'{"items": [{"id": "m1", "text": "again"}]}', 422, "m1"),
    ("items", b'{"items": [{"id": "x", "colour": "red"}]}', 422, "body"),
]


def test_bad_requests_are_refused_in_words_and_change_nothing(client):
    before = everything(client)
    for path, body, status, word in UNHAPPY:
        headers = {"Content-Type": "application/json"}
        found = client.post(path, content=body, headers=headers)
        assert found.status_code == status, (path, body, found.text)
        error = found.json().get("error") or found.json()["results"][0]["error"]
        assert word in error, (path, body, error)
        assert len(error) < 1000
    for path in ("why/zzz", "why/..%2f..%2fetc", "image/m1", "image/..%2f..%2fetc%2fpasswd"):
        assert client.get(path).status_code in (400, 404), path
    assert client.get("recent", params={"n": "many"}).status_code == 422
    assert client.get("ask").status_code == 405
    assert everything(client) == before


def test_ten_thousand_answers_with_one_bad_one(server, make_folder):
    client = server(make_folder("big", n=10_000, batch=10)).client()
    answers = [{"task_id": f"m{k}", "value": label(k)} for k in range(10_000)]
    answers[4321]["value"] = "eggs"
    begun = time.perf_counter()
    found = told(client, *answers)
    assert time.perf_counter() - begun < 30
    results = found.json()["results"]
    assert found.status_code == 200
    assert [k for k, result in enumerate(results) if not result["ok"]] == [4321]
    assert results[4321]["status"] == 422
    assert client.get("status").json()["labels"] == 9_999
    assert told(client, *answers, answers[0]).status_code == 422  # one more than a call may hold


def test_a_wrong_or_missing_token_opens_nothing(running, client):
    before = everything(client)
    for headers in ({}, {"Authorization": "Bearer wrong"}, {"Authorization": "Basic x"}):
        with httpx.Client(base_url=running.api, headers=headers) as stranger:
            assert stranger.post("/ask", json={"n": 5}).status_code == 401
            assert stranger.get("/labels").status_code == 401
            assert stranger.get("/openapi.json").status_code == 401
    assert everything(client) == before


def test_a_post_from_another_site_is_refused(running, client):
    before = everything(client)
    with httpx.Client(base_url=running.url) as person:
        person.get("/", params={"token": running.token})  # now the cookie is there
        assert person.get("/api/v1/me").status_code == 200
        body = {"answers": [{"task_id": "m1", "value": "spam"}]}
        assert person.post("/api/v1/tell", json=body).status_code == 403
        evil = {"Origin": "https://evil.example", "Content-Type": "text/plain"}
        assert person.post("/api/v1/tell", json=body, headers=evil).status_code == 403
    assert everything(client) == before


# whole runs over HTTP


def test_e01_a_plain_script_completes_a_cycle(server, folder):
    """Standard library only: ask, tell, and wait for the model that came of it."""
    running = server(folder, "--work")
    host = running.url.removeprefix("http://")
    line = http.client.HTTPConnection(host, timeout=30)
    headers = {"Authorization": f"Bearer {running.token}"}

    def call(method, path, body=None):
        line.request(method, f"/api/v1/{path}", body and json.dumps(body), headers)
        answer = line.getresponse()
        assert answer.status == 200
        return json.loads(answer.read())

    tasks = call("POST", "ask", {"n": 10})["tasks"]
    answers = [of(task) for task in tasks]
    assert all(result["ok"] for result in call("POST", "tell", {"answers": answers})["results"])
    wait_for(lambda: call("GET", "status")["round"] >= 1, 60)
    fresh = wait_for(lambda: call("POST", "ask", {"n": 5})["tasks"])
    assert {task["item_id"] for task in fresh}.isdisjoint(task["item_id"] for task in tasks)
    assert fresh[0]["round"] == 1
    line.close()


def test_f16_an_agent_drives_a_whole_run(server, make_folder):
    """JSON in and out until the stopping rule speaks: no other channel is needed."""
    folder = make_folder("agent", n=90, batch=10, budget=30, control=0.1)
    client = server(folder, "--work").client()
    schema = client.get("openapi.json").json()
    assert {"/api/v1/ask", "/api/v1/tell", "/api/v1/status"} <= set(schema["paths"])
    until = time.monotonic() + 120
    while time.monotonic() < until:
        found = client.post("ask", json={"n": 10, "by": "agent"}).json()
        if found["tasks"]:
            told(client, *[of(task) for task in found["tasks"]], by="agent")
            # the first model is of these ten: no more are answered before it was begun
            wait_for(lambda: client.get("status").json()["round"] >= 1)
        elif "stopped" in found["reason"]:
            break
        else:
            time.sleep(0.1)
    status = client.get("status").json()
    assert status["bought"] == 30
    assert status["stop"]["stop"]["stop"] and "30" in found["reason"]
    rounds = wait_for(lambda: [r for r in client.get("curve").json()["rounds"] if r["labels"]])
    assert rounds[0]["labels"] == 10


def test_f15_python_cli_and_http_do_the_same_acts(server, folder):
    client = server(folder).client()
    one, two = asked(client, 2)
    told(client, of(one))
    with open_folder(folder) as campaign:  # the same log, in this process
        campaign.tell(two["task_id"], of(two)["value"], by="ann")
        python = {row["id"]: row for row in campaign.labels()}
    http_rows = {row["id"]: row for row in client.get("labels").json()["labels"]}
    assert python == http_rows
    desk = open_desk(folder)
    try:
        (third,) = desk.ask(1, "bob", 600, "train")
    finally:
        desk.journal.log.close()
    assert client.get("status").json()["queue"]["leased"] == 1
    assert third.task_id not in [task["task_id"] for task in asked(client, 10)]
    said = nursery().run("status", folder, "--json")
    shell, web = json.loads(said.stdout), client.get("status").json()
    same = set(shell) & set(web) - {"seconds", "notes", "goals"}
    assert {"labels", "bought", "items", "queue", "stop", "classes", "annotators"} <= same
    assert {name: shell[name] for name in same} == {name: web[name] for name in same}


def test_g15_campaigns_side_by_side_share_nothing(server, make_folder, tmp_path):
    make_folder("spam", n=40)
    make_folder("tone", n=40, question=Choices(["kind", "rude"]))
    (tmp_path / "notes").mkdir()  # a folder that is no campaign is left alone
    running = server(tmp_path)
    listed = httpx.get(
        f"{running.api}/campaigns", headers={"Authorization": f"Bearer {running.token}"}
    ).json()["campaigns"]
    assert [one["name"] for one in listed] == ["spam", "tone"]
    spam, tone = running.client(base="/c/spam"), running.client(base="/c/tone")
    (task,) = asked(spam)
    assert told(spam, of(task)).status_code == 200
    (other,) = asked(tone)
    assert other["task_id"] == task["task_id"] == "b0-0"  # the same name, another campaign
    assert told(tone, {"task_id": "b0-0", "value": ["rude"]}).status_code == 200
    assert spam.get("labels").json()["labels"][0]["value"] in ("spam", "ham")
    assert tone.get("labels").json()["labels"][0]["value"] == ["rude"]
    with httpx.Client(headers={"Authorization": f"Bearer {running.token}"}) as anybody:
        for name in ("nobody", "..", "%2e%2e", "notes", "spam%2f..%2ftone"):
            found = anybody.get(f"{running.url}/c/{name}/api/v1/status")
            assert found.status_code in (400, 404), name
        assert "their names" in anybody.get(f"{running.api}/status").json()["error"]
