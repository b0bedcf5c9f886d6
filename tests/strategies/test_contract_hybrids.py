"""The strategies that join uncertainty, coverage and labels keep the contract."""

from __future__ import annotations

import pytest

from querist.strategies import Entropy, KCenter, Margin
from querist.strategies.alfa_mix import ALFAMix
from querist.strategies.anchor_al import AnchorAL
from querist.strategies.bait import BAIT
from querist.strategies.clue import CLUE
from querist.strategies.cluster_margin import ClusterMargin
from querist.strategies.contrastive import ContrastiveAL
from querist.strategies.direct import DIRECT
from querist.strategies.discriminative import DiscriminativeAL
from querist.strategies.drop_query import DropQuery
from querist.strategies.falcun import Falcun
from querist.strategies.four_ds import FourDs
from querist.strategies.galaxy import GALAXY
from querist.strategies.quire import QUIRE
from querist.strategies.seals import SEALS
from querist.testing.strategies import StrategyContract

VARIANTS = {
    "clue": CLUE(),
    "clue, soft": CLUE(temperature=3.0),
    "cluster_margin": ClusterMargin(),
    "cluster_margin, entropy": ClusterMargin(Entropy(), among=2, size=3),
    "bait": BAIT(),
    "bait, strong prior": BAIT(ridge=1.0),
    "bait, cut": BAIT(order=4, candidates=25),
    "contrastive": ContrastiveAL(),
    "contrastive, one": ContrastiveAL(neighbours=1),
    "discriminative": DiscriminativeAL(),
    "discriminative, at once": DiscriminativeAL(steps=1),
    "drop_query": DropQuery(),
    "drop_query, even": DropQuery(passes=4, rate=0.5),
    "drop_query, draws": DropQuery(head=False),
    "falcun": Falcun(),
    "falcun, uniform": Falcun(gamma=0),
    "alfa_mix": ALFAMix(),
    "alfa_mix, one step": ALFAMix(step=1.0),
    "four_ds": FourDs(),
    "four_ds, apart": FourDs(diversity=1.0, components=1),
    "four_ds, many parts": FourDs(diversity=0, components=50),
    "galaxy": GALAXY(),
    "direct": DIRECT(),
    "quire": QUIRE(),
    "seals": SEALS(),
    "seals, narrow": SEALS(Entropy(), k=2),
    "seals, set-wise": SEALS(KCenter(), k=6),
    "seals, contrastive": SEALS(ContrastiveAL(), k=9),
    "anchor_al": AnchorAL(),
    "anchor_al, narrow": AnchorAL(Margin(), anchors=1, neighbours=3, subpool=8),
    "anchor_al, galaxy": AnchorAL(GALAXY(), neighbours=4),
    "anchor_al, set-wise": AnchorAL(KCenter(), subpool=20),
}


@pytest.fixture(params=VARIANTS, autouse=True)
def each(request):
    request.cls.strategy = VARIANTS[request.param]


class TestEveryHybrid(StrategyContract):
    pass
