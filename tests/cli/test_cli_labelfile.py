"""Label files in each format, and what is wrong with them by line."""

import pytest

from querist.cli.labelfile import read_labels
from querist.core.errors import BadInput

GOOD = {
    "a.csv": "id,value\n007,spam\nb,\nc,ham\n",
    "a.tsv": "item_id\tlabel\n007\tspam\nc\tham\n",
    "a.jsonl": '{"id": "007", "value": "spam"}\n\n{"id": "c", "value": "ham"}\n',
    "a.json": '{"labels": [{"id": "007", "value": "spam"}, {"id": "c", "value": "ham"}]}',
}


@pytest.mark.parametrize("name", GOOD)
def test_every_format_says_the_same(tmp_path, name):
    path = tmp_path / name
    path.write_text(GOOD[name])
    assert read_labels(path) == [("007", "spam"), ("c", "ham")]


def test_several_labels_survive_a_csv_file(tmp_path):
    path = tmp_path / "a.csv"
    path.write_text('id,value\na,"[""big"", ""red""]"\nb,[plain\n')
    assert read_labels(path) == [("a", ["big", "red"]), ("b", "[plain")]


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("a.csv", "key,value\na,b\n", "line 2"),
        ("a.jsonl", '{"id": "a", "value": 1}\n{"id": \n', "line 2 is not JSON"),
        ("a.jsonl", "[1]\n", "an object"),
        ("a.json", '{"id": "a"}', "must hold a list"),
        ("a.txt", "a b", ".csv"),
    ],
)
def test_what_is_wrong_is_named(tmp_path, name, content, said):
    path = tmp_path / name
    path.write_text(content)
    with pytest.raises(BadInput, match=said):
        read_labels(path)
    with pytest.raises(BadInput, match="no file"):
        read_labels(tmp_path / "nothing.csv")
