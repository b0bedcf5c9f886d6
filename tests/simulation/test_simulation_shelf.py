"""Finished runs on disk: what a kill leaves is read, the torn line is done again."""

from querist.simulation.shelf import Shelf


def test_a_torn_line_is_passed_over_and_does_not_swallow_the_next(tmp_path):
    shelf = Shelf(tmp_path / "deep" / "runs.jsonl")
    assert shelf.read() == {}
    shelf.put("a", {"score": 1})
    whole = shelf.path.read_bytes()
    for cut in range(1, len(whole)):
        shelf.path.write_bytes(whole + whole.replace(b'"a"', b'"b"')[:-cut])
        assert set(shelf.read()) <= {"a", "b"} and "a" in shelf.read()
        shelf.put("c", {"score": 3})
        found = shelf.read()
        assert found["a"] == {"score": 1} and found["c"] == {"score": 3}


def test_the_first_of_two_lines_with_one_key_stands(tmp_path):
    one, other = (Shelf(tmp_path / "runs.jsonl") for _ in range(2))
    one.put("a", {"score": 1})
    other.put("a", {"score": 2})
    other.put("b", {"score": 3})
    assert one.read() == {"a": {"score": 1}, "b": {"score": 3}}
