"""The benchmarks of the server in small: several people, two servers, kills; all over HTTP."""

from __future__ import annotations

import importlib
from pathlib import Path

import pytest

BENCHMARKS = Path(__file__).parents[2] / "benchmarks"


@pytest.fixture
def bench(monkeypatch):
    monkeypatch.syspath_prepend(str(BENCHMARKS))
    return importlib.import_module


@pytest.mark.slow
@pytest.mark.parametrize("processes", [1, 2])
def test_people_at_once_get_the_queue_in_order_and_nobody_the_same(bench, tmp_path, processes):
    load, client = bench("server_load"), bench("server_client")
    folder = load.make(tmp_path, items=600, batch=400)
    servers = [client.Server(folder) for _ in range(processes)]
    try:
        found = load.measured(servers, clients=8, pairs=320, name="run")
    finally:
        for server in servers:
            server.__exit__()
    assert found["first_errors"] == []
    assert (found["pairs"], found["given_twice"]) == (320, 0)
    assert load.out_of_order(folder) == 0


@pytest.mark.slow
def test_the_list_of_the_queue_sees_what_is_out_of_order(bench, tmp_path):
    from querist.core.events import Asked
    from querist.logs import open_log

    load = bench("server_load")
    folder = load.make(tmp_path, items=60, batch=20)
    log = open_log(f"sqlite:///{folder / load.LOG}")
    log.append([Asked(task_ids=("b0-0",), by="ann"), Asked(task_ids=("b0-2",), by="bob")])
    log.close()
    assert load.out_of_order(folder) == 1


@pytest.mark.slow
def test_kill_9_under_load_loses_and_doubles_nothing(bench, tmp_path):
    crash = bench("server_crash")
    folder = crash.make(tmp_path, items=3000, batch=2500)
    found = crash.run(folder, kills=3, clients=4, longest=0.2)
    assert found["acknowledged"] > 0 and found["connections_cut"] > 0
    wrong = ("lost", "doubled", "items_of_two_people", "handed_out_twice", "out_of_order")
    assert {name: found[name] for name in wrong} == dict.fromkeys(wrong, 0)
    assert found["refused"] == 0, found["first_refused"]


def test_the_page_is_what_the_results_give(bench):
    made = bench("server_page")
    assert made.page(made.results()) == made.PAGE.read_text(encoding="utf-8"), (
        "run: python benchmarks/server_page.py"
    )
