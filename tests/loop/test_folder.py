"""Campaign folders: made, found again, grown, and honest about what they cannot do."""

import csv
import tomllib

import pytest

import querist as q
from querist.core.errors import BadInput
from querist.loop import folder as folders

TEXTS = [f"{'win cash now' if k % 3 == 0 else 'see you at lunch'} number {k}" for k in range(60)]


def write(path, rows, columns=("id", "text", "label")):
    with path.open("w", newline="") as out:
        writer = csv.writer(out)
        writer.writerow(columns)
        writer.writerows(rows)
    return path


def label(k):
    return "spam" if k % 3 == 0 else "ham"


@pytest.fixture
def source(tmp_path):
    return write(
        tmp_path / "mail.csv",
        [(f"m{k}", text, label(k) if k < 9 else "") for k, text in enumerate(TEXTS)],
    )


def make(tmp_path, source, **settings):
    return folders.create_folder(
        tmp_path / "c",
        source,
        q.Choice(["spam", "ham"]),
        columns={"id": "id", "text": "text", "label": "label"},
        settings={"batch": 10, **settings},
    )


def test_a_folder_describes_itself(tmp_path, source):
    c = make(tmp_path, source, budget=30, until="target=0.95")
    assert c.history.rounds[0].labels == 9  # labels that were there train the first model
    names = {path.name for path in (tmp_path / "c").iterdir()}
    assert {"campaign.toml", "pool", "log.sqlite", "models"} <= names
    config = tomllib.loads((tmp_path / "c" / "campaign.toml").read_text())
    assert config["question"] == {"kind": "choice", "labels": ["spam", "ham"]}
    assert config["recipe"] == {"batch": 10, "budget": 30, "until": "target=0.95"}


def test_it_goes_on_where_it_was_left_even_elsewhere(tmp_path, source):
    with make(tmp_path, source) as c:
        for task in c.ask(10):
            c.tell(task, label(int(task.item_id[1:])))
        c.step()
        c.ask(10)
        expected, first = c.predict(TEXTS[:5]), c.history.model(1).predict(TEXTS).value
    (tmp_path / "c").rename(tmp_path / "moved")
    with folders.open_folder(tmp_path / "moved") as again:
        assert again.history.rounds == c.history.rounds
        assert again.predict(TEXTS[:5]) == expected
        assert again.ask(10) == []  # they are out with the same annotator still
        assert (again.history.model(1).predict(TEXTS).value == first).all()


def test_a_full_label_column_is_a_rehearsal(tmp_path):
    full = write(tmp_path / "f.csv", [(f"m{k}", t, label(k)) for k, t in enumerate(TEXTS)])
    c = make(tmp_path, full)
    assert c.status()["labels"] == 0 and len(c.ask(10)) == 10
    assert folders.truth(tmp_path / "c")["m3"] == "spam"


def test_items_may_be_added_from_a_file(tmp_path, source):
    make(tmp_path, source)
    more = write(tmp_path / "more.csv", [(f"n{k}", f"fresh text {k}", "") for k in range(5)])
    assert folders.add_to_folder(tmp_path / "c", more) == 5
    c = folders.open_folder(tmp_path / "c")
    assert c.status()["items"]["total"] == 65
    with pytest.raises(BadInput):
        folders.add_to_folder(tmp_path / "c", more)  # the same ids again
    assert folders.open_folder(tmp_path / "c").status()["items"]["total"] == 65


def test_a_model_is_named_by_its_import_path(tmp_path, source):
    c = make(tmp_path, source, model="sklearn.dummy:DummyClassifier")
    assert "DummyClassifier" in c.status()["model"]
    with pytest.raises(BadInput, match=r"package\.module:name"):
        folders.create_folder(
            tmp_path / "d",
            source,
            q.Choice(["spam", "ham"]),
            columns={"text": "text", "id": "id"},
            settings={"model": "no.such:thing"},
        )
    assert not (tmp_path / "d" / "campaign.toml").exists()


def test_mistakes_leave_no_half_made_folder(tmp_path, source):
    with pytest.raises(BadInput, match="txt"):
        folders.create_folder(
            tmp_path / "d",
            source,
            q.Choice(["spam", "ham"]),
            columns={"text": "txt"},
            settings={},
        )
    assert not (tmp_path / "d").exists()
    make(tmp_path, source)
    with pytest.raises(BadInput, match="holds a campaign already"):
        make(tmp_path, source)
    with pytest.raises(BadInput, match="querist new"):
        folders.open_folder(tmp_path / "nowhere")
    (tmp_path / "c" / "campaign.toml").write_text("not = = toml")
    with pytest.raises(BadInput, match="not valid TOML"):
        folders.open_folder(tmp_path / "c")


def test_changed_settings_are_written_back(tmp_path, source):
    with make(tmp_path, source, budget=20) as c:
        c.change(budget=40)
        folders.change_config(tmp_path / "c", {"budget": 40})
        position = c.log.position
    again = folders.open_folder(tmp_path / "c")
    assert again.status()["budget"] == 40
    assert again.log.position == position  # reopening agrees with the log


def test_a_change_by_the_library_lasts_too(tmp_path, source):
    with make(tmp_path, source, strategy="margin", until="target=0.99") as c:
        c.change(strategy="entropy", batch=5, until="plateau", overlap=1.5, mistakes="spam,ham=3")
        with pytest.raises(BadInput):
            c.change(strategy="random", batch=0)
        position = c.log.position
    with folders.open_folder(tmp_path / "c") as again:
        assert "Entropy" in again.status()["strategy"] and again.parts.recipe.batch == 5
        assert again.parts.recipe.mistakes == ((0.0, 3.0), (1.0, 0.0))
        assert again.log.position == position


def test_a_folder_without_its_log_is_refused_not_begun_anew(tmp_path, source):
    with make(tmp_path, source):
        pass
    (tmp_path / "c" / "log.sqlite").unlink()
    for opening in (folders.open_folder, folders.open_desk):
        with pytest.raises(BadInput, match=r"lacks log\.sqlite"):
            opening(tmp_path / "c")
    assert not (tmp_path / "c" / "log.sqlite").exists()


def test_settings_changed_while_items_come_in_stay_changed(tmp_path, source, monkeypatch):
    make(tmp_path, source, budget=30).log.close()
    more = write(tmp_path / "more.csv", [("n1", "fresh text", "")])
    store = folders._store

    def slowly(folder, source, number):
        folders.change_config(folder, {"budget": 40})  # the owner, meanwhile
        return store(folder, source, number)

    monkeypatch.setattr(folders, "_store", slowly)
    assert folders.add_to_folder(tmp_path / "c", more) == 1
    config = folders.read_config(tmp_path / "c")
    assert config["recipe"]["budget"] == 40 and len(config["data"]["files"]) == 2


def test_a_change_that_is_refused_leaves_the_file_as_it_was(tmp_path, source):
    make(tmp_path, source, budget=30).log.close()
    before = folders.read_config(tmp_path / "c")
    with pytest.raises(BadInput):
        folders.change_folder(tmp_path / "c", {"budget": 40, "batch": -1}, "me")
    assert folders.read_config(tmp_path / "c") == before
