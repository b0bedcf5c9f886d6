"""Exact primitives the query strategies share: blocked, seeded, in memory O(n d)."""
