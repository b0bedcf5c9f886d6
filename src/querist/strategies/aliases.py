"""Names that other libraries and papers use for the strategies of this one."""

from __future__ import annotations

from collections.abc import Mapping

# the same thing under another name, spelled without signs
SAME: Mapping[str, str] = {
    "breakingties": "margin",
    "marginsampling": "margin",
    "smallestmargin": "margin",
    "entropysampling": "entropy",
    "maxentropy": "entropy",
    "predictiveentropy": "entropy",
    "leastconfident": "least_confidence",
    "leastconfidencesampling": "least_confidence",
    "variationratios": "least_confidence",
    "randomsampling": "random",
    "uniform": "random",
    "qbc": "query_by_committee",
    "committee": "query_by_committee",
    "voteentropy": "query_by_committee",
    "coreset": "kcenter",
    "greedycoreset": "kcenter",
    "kcentergreedy": "kcenter",
    "farthestfirst": "kcenter",
    "eer": "expected_error_reduction",
    "expectederror": "expected_error_reduction",
    "egl": "expected_model_change",
    "expectedgradientlength": "expected_model_change",
    "emc": "expected_model_change",
    "voi": "value_of_information",
    "typiclustering": "typi_clust",
    "uherding": "uncertainty_herding",
    "dbal": "diverse_batch",
    "stochasticbatch": "power",
    "mutualinformation": "bald",
}

# not one thing: what to choose from
NEAR: Mapping[str, str] = {
    "uncertainty": "'margin', 'entropy' or 'least_confidence'",
    "uncertaintysampling": "'margin', 'entropy' or 'least_confidence'",
    "kldivergence": "QueryByCommittee(measure='kl')",
    "kl": "QueryByCommittee(measure='kl')",
    "consensusentropy": "QueryByCommittee(measure='consensus_entropy')",
    "maxdisagreement": "QueryByCommittee(measure='kl')",
    "disagreement": "'query_by_committee' or 'bald'",
    "diversity": "'kcenter', 'kmeans' or 'typi_clust'",
    "densityweighted": "'information_density'",
    "representative": "'typi_clust' or 'max_herding'",
    "batch": "'badge' or 'diverse_batch'",
    "hybrid": "'auto' or 'badge'",
    "default": "'auto'",
    "imbalance": "'auto', 'direct' or 'galaxy'",
    "expectedvariancereduction": "'predictive_variance'",
    "variancereduction": "'predictive_variance'",
}
