from __future__ import annotations

import hashlib

import numpy as np
import pytest

from querist.core.errors import BadInput
from querist.pools import duplicates, open_pool
from querist.pools.base import as_index, check_ids, check_labels, content_ids, hash_all, to_hex


def test_hashes_are_blake2b():
    contents = [b"", b"a", b"a" * 1000]
    expected = [hashlib.blake2b(part, digest_size=16).hexdigest() for part in contents]
    assert to_hex(hash_all(contents)) == expected


def test_content_ids_count_copies_in_order():
    ids = content_ids(hash_all([b"a", b"b", b"a", b"a"]))
    assert ids[2:] == [f"{ids[0]}-2", f"{ids[0]}-3"]


@pytest.mark.parametrize(
    ("rows", "index"),
    [
        (None, slice(0, 9)),
        ([], []),
        ([4], slice(4, 5)),
        ([2, 3, 4], slice(2, 5)),
        ([4, 3, 2], [4, 3, 2]),
        ([2, 2, 4], [2, 2, 4]),
        ([2, 4, 3], [2, 4, 3]),
    ],
)
def test_runs_become_slices(rows, index):
    found = as_index(None if rows is None else np.array(rows), 9)
    assert found == index if isinstance(index, slice) else found.tolist() == index


def test_only_the_first_repeats_are_named():
    with pytest.raises(BadInput, match=r"'a' .*line 2 and line 4 and line 8; 'b' .*\(and 2 more\)"):
        check_ids(list("axabcdabcdebde"), 14, lambda row: f"line {row + 2}")


def test_labels_keep_their_values():
    assert check_labels(np.array([1.5, np.nan]), 2) == [1.5, None]
    assert check_labels([0, False, " ", ["a"]], 4) == [0, False, None, ["a"]]


def test_duplicates_reports_the_largest_groups():
    found = duplicates(open_pool(list("abcdabcaba"), id=list("0123456789")))
    assert (found.groups, found.rows) == (3, 6)
    assert found.examples == (("0", "4", "7"), ("1", "5", "8"), ("2", "6"))
    assert str(found) == "6 rows repeat 3 others, for example 0, 4, 7; 1, 5, 8; 2, 6"
    assert str(duplicates(open_pool(["a", "b"]))) == "no two rows are equal"
