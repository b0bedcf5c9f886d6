from __future__ import annotations

import threading

import pytest

from querist.core.errors import BadInput
from querist.server.people import People
from querist.server.people_file import NotGranted

DAY = 86400.0


@pytest.fixture
def clock():
    return {"now": 1_000_000.0}


@pytest.fixture
def people(tmp_path, clock):
    made = People(tmp_path, lambda: clock["now"])
    yield made
    made.close()


@pytest.fixture
def team(people):
    people.add("ann", "owner", by="shell")
    people.add("bob", "annotator", by="ann")
    return people


def roles(people):
    return {user.name: user.role for user in people.users()}


def kinds(people):
    return [line.kind for line in reversed(people.audit.entries())]


def test_the_first_to_come_is_an_owner(people):
    assert not people.any() and not people.expects_owner()
    for role in ("annotator", "reviewer"):
        with pytest.raises(NotGranted, match="first to come must be an owner"):
            people.invite(role, by="shell")
        with pytest.raises(NotGranted, match="first to come must be an owner"):
            people.add("bob", role, by="shell")
    code, invitation = people.invite("owner", by="shell")
    assert people.expects_owner() and not people.any()
    ann, session = people.join(code, "ann", address="127.0.0.1", agent="Firefox")
    assert (ann.name, ann.role) == ("ann", "owner")
    assert people.any() and not people.expects_owner()
    assert people.keys.holder(session).name == "ann"
    assert kinds(people) == ["invited", "joined"]
    assert people.audit.entries(1)[0].address == "127.0.0.1"
    assert invitation.by == "shell"


def test_an_invitation_works_once(team):
    code, _ = team.invite("annotator", by="ann")
    assert team.invitation(code) == team.invitation(code)  # looking does not use it up
    team.join(code, "eve")
    for use in (lambda: team.join(code, "mallory"), lambda: team.invitation(code)):
        with pytest.raises(NotGranted, match="unknown, was used") as refused:
            use()
        assert refused.value.status == 404
    assert roles(team) == {"ann": "owner", "bob": "annotator", "eve": "annotator"}


def test_of_two_who_use_one_invitation_at_once_one_comes_in(team, tmp_path, clock):
    code, _ = team.invite("annotator", by="ann")
    others = [People(tmp_path, lambda: clock["now"]) for _ in range(6)]
    start, came, refused = threading.Barrier(6), [], []

    def join(k):
        start.wait()
        try:
            came.append(others[k].join(code, f"guest {k}")[0].name)
        except NotGranted as error:
            refused.append(error.status)

    threads = [threading.Thread(target=join, args=(k,)) for k in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(came) == 1 and refused == [404] * 5
    assert len(team.users()) == 3
    for other in others:
        other.close()


def test_an_invitation_ends(team, clock):
    late, _ = team.invite("annotator", by="ann", days=2)
    void, withdrawn = team.invite("annotator", by="ann")
    team.withdraw(withdrawn.id, by="ann")
    with pytest.raises(NotGranted):
        team.join(void, "eve")
    with pytest.raises(NotGranted, match="no open invitation"):
        team.withdraw(withdrawn.id, by="ann")
    clock["now"] += 2 * DAY + 1
    with pytest.raises(NotGranted):
        team.join(late, "eve")
    assert team.invitations() == []


@pytest.mark.parametrize("name", ["", "ann ", "a\u200bnn", "x" * 101, ".."])
def test_a_bad_name_leaves_the_invitation_open(team, name):
    code, _ = team.invite("annotator", by="ann")
    with pytest.raises(BadInput):
        team.join(code, name)
    assert team.join(code, "eve")[0].name == "eve"


@pytest.mark.parametrize("name", ["ann", "ANN", "Ánn"])
def test_nobody_takes_a_name_that_reads_as_anothers(team, name):
    code, _ = team.invite("annotator", by="ann")
    with pytest.raises(NotGranted, match="choose another") as refused:
        team.join(code, name)
    assert refused.value.status == 409
    assert team.join(code, "eve")[0].name == "eve"


def test_an_invitation_by_name_is_for_that_name(team):
    code, _ = team.invite("reviewer", by="ann", name="eve")
    with pytest.raises(NotGranted, match="'eve' alone"):
        team.join(code, "mallory")
    assert team.join(code)[0].role == "reviewer"


def test_whoever_lost_his_token_is_let_in_again(team):
    code, invitation = team.invite("owner", by="ann", name="bob")
    assert invitation.role == "annotator"  # the way back raises nobody
    bob, session = team.join(code)
    assert bob.role == "annotator" and team.keys.holder(session).name == "bob"
    assert kinds(team)[-1] == "returned" and len(team.users()) == 2


def test_an_invitation_by_a_look_alike_name_is_refused(team):
    with pytest.raises(NotGranted, match="looks like 'bob'"):
        team.invite("annotator", by="ann", name="BOB")


def test_a_disabled_person_is_out_at_once_and_for_good(team):
    token, _ = team.keys.make_token("bob", "script", by="bob")
    session = team.keys.open_session("bob")
    team.disable("bob", by="ann")
    assert team.keys.holder(token) is None and team.keys.holder(session) is None
    with pytest.raises(NotGranted):
        team.keys.open_session("bob")
    with pytest.raises(NotGranted):
        team.keys.make_token("bob", "again", by="bob")
    assert team.disable("bob", by="ann").disabled is not None  # twice is once
    assert kinds(team).count("disabled") == 1
    code, _ = team.invite("annotator", by="ann", name="bob")
    team.join(code)
    assert team.keys.holder(token) is None and team.keys.holder(session) is None
    assert [user.disabled for user in team.users()] == [None, None]


def test_a_role_counts_from_the_next_request(team):
    token, _ = team.keys.make_token("bob", "script", by="bob")
    team.set_role("bob", "reviewer", by="ann")
    assert team.keys.holder(token).role == "reviewer"
    assert team.audit.entries(1)[0].detail == "annotator -> reviewer"


def test_the_last_owner_stays(team):
    for act in (
        lambda: team.disable("ann", by="ann"),
        lambda: team.set_role("ann", "reviewer", by="ann"),
    ):
        with pytest.raises(NotGranted, match="only owner") as refused:
            act()
        assert refused.value.status == 409
    team.set_role("bob", "owner", by="ann")
    team.disable("ann", by="bob")
    with pytest.raises(NotGranted, match="only owner"):
        team.set_role("bob", "annotator", by="bob")


def test_two_owners_who_remove_each_other_at_once_leave_one(tmp_path, team, clock):
    for _ in range(5):
        team.set_role("bob", "owner", by="shell")
        if team.users()[0].disabled is not None:
            team.join(team.invite("owner", by="shell", name="ann")[0])
        other = People(tmp_path, lambda: clock["now"])
        start, refused = threading.Barrier(2), []

        def demote(people, name, start=start, refused=refused):
            start.wait()
            try:
                people.set_role(name, "annotator", by="x")
            except NotGranted:
                refused.append(name)

        team.set_role("ann", "owner", by="shell")
        threads = [
            threading.Thread(target=demote, args=(team, "ann")),
            threading.Thread(target=demote, args=(other, "bob")),
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert len(refused) == 1
        assert sum(role == "owner" for role in roles(team).values()) == 1
        other.close()
        team.set_role("ann" if roles(team)["bob"] == "owner" else "bob", "owner", by="shell")


def test_unknown_people_and_roles_are_named(team):
    with pytest.raises(NotGranted, match="nobody called 'eve'"):
        team.set_role("eve", "owner", by="ann")
    with pytest.raises(NotGranted, match="nobody called 'eve'"):
        team.disable("eve", by="ann")
    with pytest.raises(BadInput, match="one of owner, reviewer, annotator; got 'boss'"):
        team.set_role("bob", "boss", by="ann")
    with pytest.raises(BadInput, match="one of owner"):
        team.invite("", by="ann")


@pytest.mark.parametrize("days", [0, -1, 400, float("nan"), float("inf"), True])
def test_an_invitation_lasts_a_sane_time(team, days):
    with pytest.raises(BadInput, match="days"):
        team.invite("annotator", by="ann", days=days)


def test_a_refused_change_leaves_no_trace(team):
    before = (team.users(), len(team.audit.entries()))
    with pytest.raises(NotGranted):
        team.disable("ann", by="ann")
    with pytest.raises(NotGranted):
        team.add("ANN", "annotator", by="ann")
    assert (team.users(), len(team.audit.entries())) == before
