"""The page docs/reference/speed.md, written from benchmarks/results/strategies.json."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

PAGE = Path(__file__).parents[1] / "docs" / "reference" / "speed.md"
Found = dict[str, Any]
LIBRARIES = ("scikit-activeml", "modAL", "ALiPy")  # a peer may also be a definition spelt out

HEAD = """\
# Speed

What the strategies cost, measured by the project's own benchmark. This page is written from its
results (`benchmarks/results/strategies.json`), and a test holds the two together.

```text
{command}
python benchmarks/strategies.py --table
```

{versions}, on {cores} shared cores. All times are CPU seconds of one thread, the best of three
runs (one run, where it takes over two seconds), and only the choosing is timed: no model is
fitted, save where fitting *is* the strategy. Each case ran in a process of its own. MB are how
far that process grew beyond its data; the data themselves, 102 MB at 100,000 x 128, are not in
them. Shared cores make times uncertain by some ten per cent; a factor of two means something.

*x limit* compares with the work that the strategy's definition, done plainly, needs of this
machine: bytes read, multiply-adds, logarithms and exponentials, each at the rate measured in the
same process. 1 is as fast as that; below 1, part of the work was avoided with the same answer.
Small ones cost a few milliseconds whatever they compute, which makes large factors of nothing.
n rows, b of a batch, d columns, k classes, m labelled rows, s draws, r points to be covered.
"""

BARS = """
## Bars

What was aimed at, as least ratios in one run: of the limit's time to ours, of the fastest peer's
time to ours.

| case | size | against | wanted | found | |
|---|---|---|---|---|---|
"""

ALL = """
## Every strategy

Batches of 100 (of 10 for BatchBALD); 128 features, 10 classes or labels, 10 draws, 100 rows
labelled; MB and *x limit* at the larger size that was done. *x peer* is how many times faster
than the fastest peer, at the size under [Beside other libraries](#beside-other-libraries).

| strategy | 20,000 rows, s | 100,000 rows, s | MB | x limit | x peer | the limit |
|---|---|---|---|---|---|---|
"""

HUGE = """
## Ten million rows

Probabilities of 10 classes in single precision (400 MB), batches of 1,000.

| strategy | s | MB | x limit |
|---|---|---|---|
"""

PEERS = """
## Beside other libraries

The same data, their query function alone. A *~* marks a time carried on from a smaller batch by
its own cost per pick.

| case | size | s | MB | peer | s | MB | times faster |
|---|---|---|---|---|---|---|---|
"""

REST = """
## Beside a limit of their own

| case | size | s | MB | limit, s | x limit | |
|---|---|---|---|---|---|---|
"""


def page(told: Found) -> str:
    """The whole page."""
    cases: dict[str, Found] = told["cases"]
    versions = ", ".join(f"{name} {number}" for name, number in told["versions"].items())
    head = HEAD.format(
        command=told["command"],
        versions=f"Python {told['python']}, {versions}",
        cores=told["cores"],
    )
    parts = [head, BARS, *bars(cases), ALL, *everything(cases), HUGE, *huge(cases)]
    return "".join([*parts, PEERS, *peers(cases), REST, *rest(cases)])


def row(*cells: str) -> str:
    return f"| {' | '.join(cells)} |\n"


def figure(value: float | None) -> str:
    """Two figures, never with an exponent."""
    if value is None:
        return "–"
    if value >= 10:
        return f"{float(f'{value:.2g}'):,.0f}"
    if not value:
        return "0"
    text = f"{float(f'{value:.2g}'):.6f}".rstrip("0")
    return text.rstrip(".")


def over(found: Found) -> str:
    """How many times the limit ours takes."""
    return figure(1 / found["times_limit"]) if found.get("times_limit") else "–"


def seconds(found: Found | None) -> str:
    if found is None:
        return "–"
    return found["stopped"] if "stopped" in found else figure(found["cpu_s"])


def all_peers(found: Found) -> Iterator[tuple[str, Found]]:
    """Every library measured in a case, the one of the same process first."""
    if "peer_cpu_s" in found and found.get("peer", LIBRARIES[0]).startswith(LIBRARIES):
        about = {"cpu_s": found["peer_cpu_s"], "rss_mb": found.get("peer_rss_mb")}
        carried = "peer_measured_at" in found
        about |= {"times": found["times_peer"], "about": "~" if carried else ""}
        yield found.get("peer", "scikit-activeml"), about
    for name, about in found.get("others", {}).items():
        if "times" in about:
            yield name, about


def bars(cases: dict[str, Found]) -> Iterator[str]:
    for name, found in cases.items():
        values = {
            "limit": found.get("times_limit"),
            "peer": min((about["times"] for _, about in all_peers(found)), default=None),
        }
        for against, bar in found.get("bars", {}).items():
            holds = "holds" if bar["holds"] else "**does not hold**"
            numbers = figure(bar["wanted"]), figure(values[against])
            yield row(f"`{name}`", found["size"], against, *numbers, holds)


def times_faster(name: str, cases: dict[str, Found]) -> float | None:
    """Ours against the fastest peer: of the case for it, or of the strategy's own case."""
    for case in (f"{name}@peers", name):
        faster = [about["times"] for _, about in all_peers(cases.get(case, {}))]
        if faster:
            return min(faster)
    return None


def everything(cases: dict[str, Found]) -> Iterator[str]:
    general = ("@20k", "@100k")
    for name in sorted({case.split("@")[0] for case in cases if case.endswith(general)}):
        small, large = (cases.get(f"{name}{size}") for size in general)
        shown = small if large is None or (small and "stopped" in large) else large
        limit = shown.get("note", "").removeprefix("limit: ")
        yield row(
            f"`{name}`",
            seconds(small),
            seconds(large),
            figure(shown.get("rss_mb")),
            over(shown),
            figure(times_faster(name, cases)),
            limit,
        )


def huge(cases: dict[str, Found]) -> Iterator[str]:
    for case, found in cases.items():
        if case.endswith("@10m"):
            name = case.removesuffix("@10m")
            yield row(f"`{name}`", seconds(found), figure(found.get("rss_mb")), over(found))


def peers(cases: dict[str, Found]) -> Iterator[str]:
    for case, found in cases.items():
        ours = (f"`{case.removesuffix('@peers')}`", found["size"], seconds(found))
        for name, about in all_peers(found):
            spent = about.get("about", "") + figure(about["cpu_s"])
            memory = figure(found.get("rss_mb")), figure(about.get("rss_mb"))
            yield row(*ours, memory[0], name, spent, memory[1], figure(about["times"]))
        if "peer_stopped" in found:
            memory = figure(found.get("rss_mb"))
            yield row(*ours, memory, "scikit-activeml", found["peer_stopped"], "–", "–")


def rest(cases: dict[str, Found]) -> Iterator[str]:
    for case, found in cases.items():
        if not case.endswith(("@20k", "@100k", "@10m")) and "limit_cpu_s" in found:
            limit = figure(found["limit_cpu_s"]), over(found)
            said = found.get("note", "").removeprefix("limit: ")
            memory = figure(found.get("rss_mb"))
            yield row(f"`{case}`", found["size"], seconds(found), memory, *limit, said)
