"""The people of a server from the command line."""

from __future__ import annotations

import pytest

from querist.server.people import People


@pytest.fixture
def served(tmp_path):
    folder = tmp_path / "spam"
    folder.mkdir()
    (folder / "campaign.toml").write_text("")
    return folder


def test_the_first_owner_is_invited_before_anybody_else(querist, served):
    none = querist("people", served)
    assert none.code == 0 and "--invite owner" in none.out
    early = querist("people", served, "--invite", "annotator")
    assert early.code == 1 and "first to come must be an owner" in early.err
    made = querist(
        *("people", served, "--invite", "owner", "--name", "ann", "--days", 2),
        *("--address", "https://label.example/", "--json"),
    )
    assert made.code == 0 and made.json["role"] == "owner"
    assert made.json["link"].startswith("https://label.example/join/")
    people = People(served)
    code = made.json["link"].rpartition("/")[2]
    assert people.join(code)[0].name == "ann"
    people.close()
    listed = querist("people", served, "--json").json
    assert [user["name"] for user in listed["people"]] == ["ann"]
    assert listed["invitations"] == []


def test_people_are_added_changed_and_closed(querist, served):
    token = querist("people", served, "--add", "ann=owner").out.strip()
    script = querist("people", served, "--add", "a=b=annotator", "--json").json
    people = People(served)
    assert people.keys.holder(token).role == "owner"
    assert people.keys.holder(script["token"]).name == "a=b"
    assert querist("people", served, "--role", "a=b=reviewer").code == 0
    assert people.keys.holder(script["token"]).role == "reviewer"
    more = querist("people", served, "--token", "a=b").out.strip()
    assert querist("people", served, "--revoke", script["id"]).code == 0
    assert people.keys.holder(script["token"]) is None
    assert people.keys.holder(more) is not None
    assert querist("people", served, "--disable", "a=b").code == 0
    assert people.keys.holder(more) is None
    invitation = querist("people", served, "--invite", "reviewer", "--json").json
    shown = querist("people", served)
    assert "ann" in shown.out and "reviewer" in shown.out and token not in shown.out
    assert querist("people", served, "--withdraw", invitation["id"]).code == 0
    kinds = [line["kind"] for line in querist("people", served, "--audit", "--json").json]
    assert kinds[:2] == ["withdrawn", "invited"] and kinds[-1] == "joined"
    assert "command line" in querist("people", served, "--audit").out
    people.close()


@pytest.mark.parametrize(
    ("given", "code", "said"),
    [
        (["--disable", "ann"], 1, "only owner"),
        (["--disable", "eve"], 1, "nobody called 'eve'"),
        (["--role", "ann"], 2, "NAME=ROLE"),
        (["--role", "ann=boss"], 2, "one of owner"),
        (["--add", "ANN=owner"], 1, "looks like 'ann'"),
        (["--invite", "owner", "--days", "0"], 2, "days"),
        (["--invite", "owner", "--audit"], 2, "one act a call"),
        (["--withdraw", "99"], 1, "no open invitation"),
        (["--revoke", "99"], 1, "no live token"),
    ],
)
def test_what_cannot_be_done_is_said_in_a_line(querist, served, given, code, said):
    querist("people", served, "--add", "ann=owner")
    ran = querist("people", served, *given)
    assert ran.code == code and said in ran.err and ran.err.count("\n") == 1


def test_another_folder_gets_no_people(querist, tmp_path):
    ran = querist("people", tmp_path, "--invite", "owner")
    assert ran.code == 2 and "holds no campaign" in ran.err
    assert list(tmp_path.iterdir()) == []
