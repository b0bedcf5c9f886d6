"""The page of evidence about the server, made from what its two benchmarks found.

    python benchmarks/server_page.py

Writes docs/evidence/server.md.
"""

from __future__ import annotations

import json
from pathlib import Path

HERE = Path(__file__).parent
PAGE = HERE.parent / "docs" / "evidence" / "server.md"

BARS = {  # what was promised before it was measured
    "cpu": 2.5,
    "pairs": 400,
    "retrain_p99": 20.0,
    "start": 1.5,
    "import": 1.0,
    "kills": 200,
}

TEXT = """# The labelling server under load

## The claim

One `querist serve` process over a pool of 100,000 items, ranked by `auto`, serves a team
without anyone waiting for anyone: an ask and a tell together cost it at most {cpu} ms of CPU,
it takes at least {pairs} such pairs a second from 4 and from 16 people at once, and while a
model is trained beside it 99 of 100 asks are answered within {retrain_p99:.0f} ms for 4 people.
Nobody is given what somebody else has, no request fails, and items are handed out in the order
of the queue; two server processes on one folder keep all of that. `kill -9` loses no
acknowledged answer and doubles none.

## The test

`benchmarks/server_load.py` starts the real server on a campaign folder (100,000 drawn vectors
in five clouds, first batch by `auto`) and lets annotators, each on a connection of its own, ask
for one task and tell its answer, over and over, without a pause. CPU is the server process's
own, from `/proc`; times are those the annotators waited, on one machine that runs them too.
Afterwards the log is read, and the queue is kept a second time as a plain list to see that each
task handed out was the first in it. "Beside a retrain": another process trains, scores the
whole pool, chooses the next batch and writes it meanwhile. Start: from the command to the
printed address, over a new campaign, best of three. Import: 10,000 texts in one request.

`benchmarks/server_crash.py` kills the server with `kill -9` at drawn moments under the same
kind of load and starts it again. Each annotator sends an answer again under its key until it is
acknowledged. What was acknowledged is kept outside of the server, and looked for in the log at
the end.

## What would refute it

A pair above {cpu} ms or fewer than {pairs} pairs a second at 4 or 16 people on a machine that
does nothing else; one item given to two people, one failed request, one task handed out before
one that stood ahead of it; one acknowledged answer that is missing from the log, or stands in
it twice.

## What came

{cores} cores, Python {python}, FastAPI {fastapi}, uvicorn {uvicorn}; {remark}

{load}

{retrain}

{rest}

{crash}

## Beside Label Studio

What the project measured of Label Studio 1.23.2 on a machine of the same kind, when it was
otherwise idle: one process, SQLite, 5,000 texts, 200 pairs of "next task" and "submit" a run,
keep-alive. It was not run again beside the runs above, so read orders of magnitude from it.

| | people | CPU a pair | pairs a second | 99 % of asks within | given to two people |
|---|---|---|---|---|---|
| Label Studio, sequential | 1 | 156 ms | 3.7 | 160 ms | 0 of 200 |
| Label Studio, sequential | 4 | 173 ms | 3.4 | 3,384 ms | 7 of 200 |
| Label Studio, uncertainty | 4 | 216 ms | 2.7 | 3,475 ms | 9 of 200 |
{beside}

What this does not show: people on other machines, a disk that syncs more slowly than this one
(a tell waits for a sync, an ask does not), image files, and pools beyond 100,000 items.
"""


def page(results):
    """The page, from the results of both benchmarks."""
    load, crash = results["server_load"], results["server_crash"]
    return TEXT.format(
        **BARS,
        **load["machine"],
        load=_table([_row(run) for run in load["load"]]) + "\n\n" + _bars(load["load"]),
        retrain=_retrain(load["retrain"]),
        rest=_rest(load),
        crash=_crash(crash),
        beside=_beside(load["load"]),
    )


def _row(run):
    return (
        f"| {run['processes']} | {run['clients']} | {run['pairs']:,} "
        f"| {run['cpu_ms_a_pair']:.2f} ms | {run['pairs_per_s']:,.0f} "
        f"| {run['ask_p50_ms']:.1f} / {run['ask_p99_ms']:.1f} ms "
        f"| {run['tell_p50_ms']:.1f} / {run['tell_p99_ms']:.1f} ms | {run['given_twice']} "
        f"| {run['errors']} | {run['out_of_order']} |"
    )


def _table(rows):
    head = (
        "| servers | people | pairs | CPU a pair | pairs a second | ask, median / 99 % | "
        "tell, median / 99 % | given to two | errors | out of order |\n|" + "---|" * 10
    )
    return "\n".join([head, *rows])


def _bars(runs):
    busy = [run for run in runs if run["processes"] == 1 and run["clients"] > 1]
    cpu, pairs = (
        max(run["cpu_ms_a_pair"] for run in busy),
        min(run["pairs_per_s"] for run in busy),
    )
    return (
        f"Bars for one server at 4 and 16 people: at most {BARS['cpu']} ms of CPU a pair: "
        f"{'kept' if cpu <= BARS['cpu'] else 'missed'}; at least {BARS['pairs']} pairs a second: "
        f"{'kept' if pairs >= BARS['pairs'] else 'missed'}."
    )


def _retrain(run):
    met = "kept" if run["ask_p99_ms"] < BARS["retrain_p99"] else "missed"
    return (
        f"Beside a retrain of {run['seconds']:.0f} s, 4 people: {run['pairs']:,} pairs, "
        f"{run['pairs_per_s']:,.0f} a second at {run['cpu_ms_a_pair']:.2f} ms; ask "
        f"{run['ask_p50_ms']:.1f} ms in the median and {run['ask_p99_ms']:.1f} ms for 99 of 100 "
        f"(bar {BARS['retrain_p99']:.0f} ms: {met}); {run['given_twice']} given to two people, "
        f"{run['errors']} errors, {run['out_of_order']} out of order."
    )


def _rest(load):
    start, came = load["start"], load["import"]
    begun = "kept" if start["wall_s"] <= BARS["start"] else "missed"
    taken = "kept" if came["cpu_s"] <= BARS["import"] else "missed"
    return (
        f"Start: {start['wall_s']:.2f} s ({start['cpu_s']:.2f} s of CPU, {start['rss_mb']} MB "
        f"resident; bar {BARS['start']} s: {begun}). Import of {came['texts']:,} texts: "
        f"{came['cpu_s']:.2f} s of CPU (bar {BARS['import']:.0f} s: {taken})."
    )


def _crash(crash):
    kills = max(run["kills"] for run in crash["runs"])
    met = "" if kills >= BARS["kills"] else f" ({BARS['kills']} were promised)"
    head = (
        f"Killed up to {kills} times{met}, in lives of half a second or so. A task that died with "
        "the connection on its way to an annotator comes again, first of all, once its lease is "
        "over: with leases shorter than the run those are the ones handed out twice, and out of "
        "order.\n\n"
        "| kills | people | lease | run | acknowledged | cut off | sent again | lost | doubled | "
        "with two people | handed out twice | out of order | refused | chain holds to |\n|"
    ) + "---|" * 14
    rows = (
        f"| {run['kills']} | {run['clients']} | {run['lease_s']:,.0f} s | {run['seconds']:,.0f} s "
        f"| {run['acknowledged']:,} | {run['connections_cut']:,} | {run['answers_sent_again']:,} "
        f"| {run['lost']} | {run['doubled']} | {run['items_of_two_people']} "
        f"| {run['handed_out_twice']} | {run['out_of_order']} | {run['refused']} "
        f"| {run['chain_holds_to']:,} |"
        for run in crash["runs"]
    )
    return "\n".join([head, *rows])


def _beside(runs):
    return "\n".join(
        f"| querist, `auto`, 100,000 items | {run['clients']} | {run['cpu_ms_a_pair']:.1f} ms | "
        f"{run['pairs_per_s']:,.0f} | {run['ask_p99_ms']:.0f} ms | {run['given_twice']} of "
        f"{run['pairs']:,} |"
        for run in runs
        if run["processes"] == 1 and run["clients"] in (1, 4)
    )


def results():
    """What the benchmarks found, by their names."""
    names = ("server_load", "server_crash")
    return {
        name: json.loads((HERE / "results" / f"{name}.json").read_text(encoding="utf-8"))
        for name in names
    }


if __name__ == "__main__":
    PAGE.write_text(page(results()), encoding="utf-8")
