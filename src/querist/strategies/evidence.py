"""What speaks for the strategies that are recommended, and where they fail."""

from __future__ import annotations

from collections.abc import Mapping

_OWN = "a paired prototype, 77 settings of tables, texts and images, pools up to 3,000"
_LABELBENCH = "raw runs of LabelBench, recomputed: CIFAR, ImageNet, fMoW, iWildCam"

# name: (why, evidence, fails)
RULES: Mapping[str, tuple[str, str, str]] = {
    "auto": (
        "starts by coverage, then asks the uncertain and covers, with rare classes first",
        f"{_OWN}: +4.9 points of curve height over random, half of random's labels saved at the "
        "median, significantly below random in 1 % of points; several labels an item, pools "
        "above 3,000 and batches below 10 were not measured",
        "vectors whose distances mean nothing; many near-equal classes late in the run",
    ),
    "lcmd": (
        "covers the space of the inputs in clusters, so outliers do not fill the batch",
        "Holzmueller et al. (2023): best of its kind on 15 large tables; Ren et al. (2023): of 11 "
        "methods for numbers the 3 never below random all use diversity",
        "inputs whose distances say little about the number",
    ),
    "direct": (
        "classes are unequal and the pool is large: both sides of each class's threshold",
        f"{_LABELBENCH}: +1.7 points over random on the 4 unequal settings, below it in none",
        "probabilities that do not rank a class's items; a class without any label yet",
    ),
    "badge": (
        "the batch or the pool is large: long gradients, far from each other",
        f"{_LABELBENCH}: +0.84 points over random in 23 settings, worst -0.09, worse in 4 % of "
        f"points, the fewest of all; {_OWN}: worse in 0.5 % of points",
        "gains less than margin or auto where batches are small",
    ),
    "power": (
        "the pool is too large for more than one pass: margin, drawn instead of cut off",
        f"{_OWN}: +1.8 points over random, significantly below it in 0.4 % of points",
        "pools that are mostly certain: the draw dilutes the batch",
    ),
    "margin": (
        "small batches and labels of every class: nothing to spread, the plainest doubt wins",
        "Bahri et al. (2022): matches or beats all others on 69 tables",
        "few labels, where whole classes are still unseen (start by auto); large batches",
    ),
    "query_by_committee": (
        "the model tells labels only, and trains fast: a committee gives the doubt it lacks",
        "no comparison measured here; the disagreement is the only doubt such a model shows",
        "models that train slowly; committees whose members agree on the same mistake",
    ),
    "typi_clust": (
        "the model tells labels only, and a committee would take too long: typical items",
        f"{_OWN}: as a start +1.2 points over a random one; beyond the start not measured",
        "many labels: it never asks what is difficult",
    ),
    "random": (
        "nothing better fits the limit; it is also the yardstick",
        "by definition",
        "rare classes, and every task where another would save labels",
    ),
}
