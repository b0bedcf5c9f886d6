import json
import re
from html.parser import HTMLParser

import numpy as np
import pytest

from querist.core.types import Interval
from querist.reports.figures import CurveLine, interval_chart, learning_curve
from querist.reports.page import Goal, Report, Section, Table, Tile, render

EVIL = "<script>alert('x')</script></script><img src=x onerror=\"alert(1)\">"


def sample(evil=""):
    labels = np.arange(50, 1050, 50)
    rng = np.random.default_rng(0)
    ours = 0.94 - 0.34 * np.exp(-labels / 150) + rng.normal(0, 0.004, 20)
    random = 0.93 - 0.36 * np.exp(-labels / 330) + rng.normal(0, 0.004, 20)
    lines = [
        CurveLine(f"Margin{evil}", labels, ours, ours - 0.02, ours + 0.02, "run"),
        CurveLine("Random", labels, random, random - 0.025, random + 0.025, "random"),
    ]
    classes = {
        "billing": Interval(0.95, 0.93, 0.97),
        f"returns{evil}": Interval(0.91, 0.87, 0.94),
        "warranty": Interval(0.78, 0.69, 0.86),
    }
    rounds = [
        (i, int(n), 0.06 * n, Interval(s, s - 0.02, s + 0.02), "holdout", 1.2 + 0.1 * i)
        for i, (n, s) in enumerate(zip(labels[:8], ours[:8], strict=True), start=1)
    ]
    return Report(
        title=f"Support tickets{evil}",
        subtitle="3 kinds of ticket, 42,310 in the pool; finished on 2026-03-01",
        tiles=[
            Tile("accuracy", "93.6 %", "91.8 to 95.0 on 800 holdout labels"),
            Tile("labels bought", 1000, "800 for measuring, 200 blind controls within"),
            Tile("spent", "60.00", "at 0.06 a label"),
            Tile("saved against random", "38 %", f"29 to 46, over 10 seeds{evil}"),
        ],
        sections=[
            Section(
                "Learning curve",
                learning_curve(lines, plateau_at=600, target=0.9),
                "Mean and 95 % interval over 10 seeds. 400 labels were bought after the plateau.",
            ),
            Section(
                "Goals",
                [
                    Goal("accuracy", "0.900", Interval(0.936, 0.918, 0.950), True),
                    Goal("budget", "1,000 labels", "1,000 labels", True),
                    Goal("time per ask", "10 ms", "14 ms", False),
                    Goal(f"recall of returns{evil}", "0.900", None, None),
                ],
            ),
            Section(
                "Cost",
                Table(
                    ("labels for", "labels", "money"),
                    [("training", 600, 36.0), ("control", 200, 12.0), (evil or "stop", 200, 12.0)],
                ),
            ),
            Section("Class by class", interval_chart(classes, axis="F1"), "95 % intervals."),
            Section(
                "Rounds",
                Table(("round", "labels", "spent", "accuracy", "measured on", "seconds"), rounds),
            ),
            Section("Why these items", f"Item 42 was asked in round 3.{evil}\nIt was close."),
            Section("Empty", Table(("a",), [])),
        ],
        recipe={"strategy": f"Margin{evil}", "batch": 50, "seed": 0, "control": 0.1},
        data_version="9f2c1e0a77b4",
        notes=["Intervals hold for one look each.", f"Labels came from a simulation.{evil}"],
    )


class Tags(HTMLParser):
    def __init__(self):
        super().__init__()
        self.open, self.seen, self.attributes = [], [], []

    def handle_starttag(self, tag, attrs):
        self.seen.append(tag)
        self.attributes += [name for name, _ in attrs]
        if tag not in ("meta", "img", "br", "link"):
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag


def tags(page):
    parser = Tags()
    parser.feed(page)
    parser.close()
    assert parser.open == []
    return parser


def test_every_text_is_escaped():
    calm, evil = tags(render(sample())), tags(render(sample(EVIL)))
    assert evil.seen == calm.seen
    assert "onerror" not in evil.attributes and "img" not in evil.seen
    assert render(sample(EVIL)).count("&lt;script&gt;alert") >= 8


def test_needs_no_network():
    page = render(sample())
    assert not re.search(r"<(script|link|img|iframe)[^>]*\b(src|href)=", page)
    assert "default-src 'none'" in page
    assert "@import" not in page.split("<script")[0] and "url(" not in page.split("<script")[0]


def test_figures_travel_as_json():
    page = render(sample())
    data = re.search(r'id="figures">(.*?)</script>', page, re.S).group(1)
    figures = json.loads(data)
    assert len(figures) == 2
    names = [part["name"] for part in figures[0]["data"] if "name" in part]
    assert names == ["Random", "Margin", "target 0.9"]
    assert page.count('class="figure"') == 2


def test_a_report_without_figures_is_small():
    page = render(Report("Title", tiles=[Tile("labels", 12345)]))
    assert "12,345" in page and "<script" not in page
    assert len(page) < 10_000
    tags(page)


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (None, "–"),
        (float("nan"), "–"),
        (True, "yes"),
        (1234567, "1,234,567"),
        (0.123456, "0.1235"),
        (1234.5, "1,234.50"),
        (Interval(0.9, 0.8, 0.95), "0.900"),
        ("<b>", "&lt;b&gt;"),
    ],
)
def test_cells(value, shown):
    page = render(Report("t", sections=[Section("s", Table(("c",), [(value,)]))]))
    assert f">{shown}" in page


def test_goals_say_met_not_met_or_not_measured():
    page = render(sample())
    assert page.count(">met<") == 2 and page.count(">not met<") == 1
    assert page.count(">not measured<") == 1
