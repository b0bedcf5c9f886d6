"""Draw what each classification strategy picks from one small fixed data set.

`python docs/pictures.py` writes `docs/img/strategies/<name>.svg` for every strategy registered.
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np

from querist import strategies
from querist.core.signals import Labelled, Signals
from querist.selection.softmax_head import softmax, softmax_head
from querist.strategies import Strategy

WIDTH, HEIGHT, TITLE = 360, 240, 18
LOW, HIGH = np.array([-4.4, -2.9]), np.array([4.4, 2.9])
CLASSES = ("a", "b", "c")
COLOURS = ("#1b6ca8", "#c8553d", "#3c7d4e")
TINTS = ("#e3eef6", "#f8e8e3", "#e4f0e6")
PICKS, MEMBERS, SIDE = 8, 9, 8  # SIDE: pixels of a cell of the background
GIVEN = frozenset(
    {"proba", "decision", "draws", "vectors", "labelled", "reference", "cost", "groups"}
)

Head = tuple[np.ndarray, np.ndarray]


def cloud() -> tuple[np.ndarray, np.ndarray]:
    """Two dense classes that touch, a rare one apart, and a few outliers: points, classes."""
    rng = np.random.default_rng(4)
    parts = [
        (rng.normal((-1.6, 0.2), (0.8, 0.7), (70, 2)), 0),
        (rng.normal((1.2, -0.4), (0.9, 0.7), (70, 2)), 1),
        (rng.normal((2.6, 1.9), (0.35, 0.3), (14, 2)), 2),
        (np.array([[-3.9, 2.4], [-3.6, -2.3], [3.9, -2.2]]), 0),
    ]
    points = np.concatenate([np.clip(part, LOW + 0.2, HIGH - 0.2) for part, _ in parts])
    return points, np.concatenate([np.full(len(part), c) for part, c in parts])


def signals() -> tuple[Signals, Head]:
    """Everything a classification strategy may look at, and the model it comes from."""
    points, truth = cloud()
    rng = np.random.default_rng(1)
    known = np.concatenate([rng.choice(np.flatnonzero(truth == c), 4 - c, False) for c in range(3)])
    pool = np.setdiff1d(np.arange(len(points)), known)
    x, labels = points[known], truth[known]
    head = softmax_head(x, labels, scaled=False)
    members = [
        softmax_head(x, labels, rng.gamma(0.7, size=len(x)) + 0.01, scaled=False)
        for _ in range(MEMBERS)
    ]
    return Signals(
        proba=says(head, points[pool]),
        decision=points[pool] @ head[0] + head[1],
        draws=np.stack([says(member, points[pool]) for member in members], axis=1),
        vectors=points[pool],
        labelled=Labelled(x, labels, CLASSES, says(head, x)),
        reference=points,
        cost=1.0 + (points[pool, 1] > 0),
        groups=np.where(points[pool, 1] > 0, "upper", "lower"),
    ), head


def says(head: Head, points: np.ndarray) -> np.ndarray:
    """Class probabilities of points (n, 2)."""
    return softmax(points @ head[0] + head[1])


def can_draw(strategy: Strategy) -> bool:
    """Whether it chooses between classes, or by vectors alone."""
    return strategy.needs <= GIVEN


def picture(name: str, strategy: Strategy, given: Signals, head: Head) -> str:
    """The SVG of one strategy: pool grey, labelled coloured, picks numbered in order."""
    labelled = given.labelled
    assert given.vectors is not None and labelled is not None and labelled.vectors is not None
    picks = strategy.select(given, PICKS, 0)
    parts = [*background(head)]
    dots = "".join(f"M{x:g} {y:g}h0" for x, y in at(given.vectors))
    parts.append(f'<path d="{dots}" stroke="#8a8f98" stroke-width="4" stroke-linecap="round"/>')
    for (x, y), c in zip(at(labelled.vectors), labelled.targets, strict=True):
        place = f'x="{x - 4:g}" y="{y - 4:g}" width="8" height="8"'
        parts.append(f'<rect {place} fill="{COLOURS[c]}" stroke="#fff"/>')
    for rank, (x, y) in enumerate(at(given.vectors[picks]), start=1):
        parts.append(f'<circle cx="{x}" cy="{y}" r="7" fill="#fff" stroke="#111"/>')
        parts.append(f'<text x="{x}" y="{y + 3.2:.1f}" text-anchor="middle">{rank}</text>')
    title = f'<text x="6" y="13" font-size="12" font-weight="bold">{name}</text>'
    size = f"{WIDTH} {HEIGHT + TITLE}"
    return "\n".join(
        [
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {size}" width="{WIDTH}"'
            ' font-family="sans-serif" font-size="9" role="img">',
            f"<title>What {name} picks: 1 first</title>",
            f'<rect width="{WIDTH}" height="{HEIGHT + TITLE}" fill="#fff"/>',
            *parts,
            title,
            "</svg>\n",
        ]
    )


def background(head: Head) -> list[str]:
    """The class predicted everywhere: a path a class, of runs of cells along the rows."""
    across, down = np.arange(0, WIDTH, SIDE), np.arange(0, HEIGHT, SIDE)
    runs = [""] * len(CLASSES)
    for top in down:
        middle = np.column_stack([across, np.full(len(across), top)]) + SIDE / 2
        share = middle / (WIDTH, HEIGHT)
        share[:, 1] = 1 - share[:, 1]
        said = says(head, LOW + share * (HIGH - LOW)).argmax(axis=1)
        starts = np.flatnonzero(np.diff(said, prepend=-1))
        for start, end in zip(starts, [*starts[1:], len(said)], strict=True):
            runs[said[start]] += f"M{across[start]} {top + TITLE}h{(end - start) * SIDE}v{SIDE}"
            runs[said[start]] += f"h-{(end - start) * SIDE}z"
    return [f'<path d="{run}" fill="{tint}"/>' for run, tint in zip(runs, TINTS, strict=True)]


def at(points: np.ndarray) -> list[tuple[float, float]]:
    """Places in the picture, in pixels to a tenth."""
    share = (points - LOW) / (HIGH - LOW)
    places = np.column_stack([share[:, 0] * WIDTH, (1 - share[:, 1]) * HEIGHT + TITLE])
    return [(float(x), float(y)) for x, y in places.round(1)]


def draw(folder: Path) -> list[str]:
    """Write a picture of every strategy that can be drawn; return their names."""
    given, head = signals()
    folder.mkdir(parents=True, exist_ok=True)
    drawn = []
    for name in sorted(strategies.BUILTINS):
        strategy = strategies.get(name)
        if can_draw(strategy):
            (folder / f"{name}.svg").write_text(picture(name, strategy, given, head))
            drawn.append(name)
    return drawn


if __name__ == "__main__":
    to = Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).parent / "img" / "strategies"
    print(f"{len(draw(to))} pictures in {to}")
