from __future__ import annotations

from pathlib import Path

import pytest

from querist.core.errors import BadInput
from querist.pools import Options
from querist.pools.opening import BUILT_INS, open_pool


def test_a_pool_passes_through():
    pool = open_pool(["a"])
    assert open_pool(pool) is pool


def test_every_built_in_is_where_it_is_said_to_be():
    for point in BUILT_INS:
        assert point.load()(object(), Options()) is None, point.name


PLUG_IN = """
from querist.pools import open_pool

def open_range(data, options):
    if isinstance(data, range):
        return open_pool([f"number {n}" for n in data], id=options.id)
"""


def test_an_installed_plug_in_opens_what_the_built_ins_do_not_know(tmp_path, monkeypatch):
    (tmp_path / "querist_ranges.py").write_text(PLUG_IN)
    info = tmp_path / "querist_ranges-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: querist-ranges\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text("[querist.pools]\nranges = querist_ranges:open_range\n")
    with pytest.raises(BadInput, match=r"cannot open builtins\.range"):
        open_pool(range(3))
    monkeypatch.syspath_prepend(tmp_path)
    assert open_pool(range(3), id=["a", "b", "c"]).show(2) == "number 2"


@pytest.mark.parametrize(
    ("data", "said"),
    [
        ([], "pool is empty"),
        ((), "pool is empty"),
        (object(), "cannot open builtins.object; a pool opens lists of texts"),
        (None, "cannot open builtins.NoneType"),
        ({1, 2}, "cannot open builtins.set"),
        ({"a": 1}, "columns of one length"),
        ({"a": [1], "b": [1, 2]}, "columns of one length"),
        ([object()], "cannot open builtins.list"),
        ("a text by mistake, " * 1000, "no file or folder at 'a text by mistake"),
        ("\x00", "no file or folder"),
        ("no/such/file.csv", "no file or folder at 'no/such/file.csv'; check the path"),
    ],
)
def test_unknown_data_is_explained(data, said):
    with pytest.raises(BadInput, match=said):
        open_pool(data)


def test_a_misspelt_path_gets_a_hint(tmp_path):
    (tmp_path / "mails.csv").write_text("a\n1\n")
    with pytest.raises(BadInput, match=r"did you mean '.*mails\.csv'"):
        open_pool(tmp_path / "mail.csv")
    with pytest.raises(BadInput, match="unknown file type"):
        open_pool(Path(__file__))


def test_images_must_be_images():
    with pytest.raises(BadInput, match=r"images=True needs images, but this is.*'array'"):
        open_pool([[1, 2], [3, 4]], images=True)
