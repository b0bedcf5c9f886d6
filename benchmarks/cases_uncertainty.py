"""Uncertainty of large tables: three scores of ten million rows, entropy of one million."""

from __future__ import annotations

from functools import partial

import numpy as np

import querist as q
from measuring import Case
from querist import strategies as s
from querist.selection.topk import top_k

N, K, BATCH = 10_000_000, 10, 1000
THREE = (s.LeastConfidence(), s.Margin(), s.Entropy())


def softmax(n, k, dtype):
    """Random softmax rows (n, k), filled in by parts so that no second table is ever held."""
    rng, table = np.random.default_rng(0), np.empty((n, k), dtype=dtype)
    for start in range(0, n, 100_000):
        odds = np.exp(2.0 * rng.normal(size=(min(100_000, n - start), k)))
        table[start : start + len(odds)] = odds / odds.sum(axis=1, keepdims=True)
    return table


def straight(table):
    """The three scores as numpy says them, of the whole table at once."""
    yield 1 - table.max(axis=1)
    best = np.partition(table, -2, axis=1)
    yield 1 - (best[:, -1] - best[:, -2])
    yield -(table * np.log(np.maximum(table, np.finfo(table.dtype).tiny))).sum(axis=1)


def three(dtype):
    table = softmax(N, K, dtype)

    def ours():
        signals = q.Signals(proba=table)  # checking the table is part of the price
        return np.concatenate([strategy.select(signals, BATCH, rng=0) for strategy in THREE])

    def limit():
        return [np.argpartition(scores, -BATCH)[-BATCH:] for scores in straight(table)]

    def ranked():
        best = ((np.argpartition(v, -BATCH)[-BATCH:], v) for v in straight(table))
        return np.concatenate([rows[np.argsort(-v[rows])] for rows, v in best])

    return Case(
        f"10,000,000 x {K}, {np.dtype(dtype).name}",
        ours,
        limit,
        batch=BATCH,
        # in single precision the straight way rounds 1 - p, and so ties what does not tie
        same=ranked if dtype == np.float64 else None,
        bars=(("limit", 2.5),),
        note="least confidence, margin and entropy, with the check of the table; limit: numpy "
        "over the whole table",
    )


def entropy_of_a_million():
    table = softmax(1_000_000, K, np.float64)

    from scipy.stats import entropy

    def peer(batch):
        return np.argpartition(-np.transpose(entropy(np.transpose(table))), batch - 1)[:batch]

    return Case(
        f"1,000,000 x {K}",
        lambda: s.Entropy().select(q.Signals(proba=table), 100, rng=0),
        limit=lambda: np.argpartition(list(straight(table))[2], -100)[-100:],
        peer=peer,
        peer_name="modAL's calls",
        bars=(("peer", 5),),
        note="with the check of the table; peer: the calls that modAL 0.4.2 makes, without modAL",
    )


def power_of_ten_million():
    signals = q.Signals(proba=softmax(N, K, np.float32))
    return Case(
        f"10,000,000 x {K}, float32",
        lambda: s.PowerSampling().select(signals, BATCH, rng=0),
        batch=BATCH,
        note="a draw of its own for every row",
    )


def top_k_ascending():
    scores = np.arange(float(N))
    return Case(
        "10,000,000 ascending",
        lambda: top_k(scores, BATCH, lambda rows: rows.astype(float)),
        limit=lambda: np.argpartition(scores, -BATCH)[-BATCH:],
        same=lambda: np.arange(N)[: -BATCH - 1 : -1],
        batch=BATCH,
        note="the worst order: every row is better than all before it; limit: np.argpartition",
    )


def cases():
    return {
        "uncertainty@10m-float32": partial(three, np.float32),
        "uncertainty@10m-float64": partial(three, np.float64),
        "entropy@modal": entropy_of_a_million,
        "power_sampling@10m": power_of_ten_million,
        "top_k_ascending": top_k_ascending,
    }
