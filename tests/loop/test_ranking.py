"""The pool in the order its items are wanted."""

import querist as q


def test_a_score_ranks_the_whole_pool_and_writes_nothing(make, oracle):
    c = make(budget=100)
    cold = c.history.ranking(5)
    assert [row["rank"] for row in cold] == [1, 2, 3, 4, 5] and cold[0]["score"] is None
    for task in c.ask(20):
        c.tell(task, oracle(task))
    c.step()
    position = c.log.position
    rows = c.history.ranking()
    scores = [row["score"] for row in rows]
    assert scores == sorted(scores, reverse=True) and len(rows) == 522
    assert rows == c.history.ranking() == make(budget=100).history.ranking()
    assert rows[:5] == c.history.ranking(5)
    labelled = {row["id"] for row in c.labels()}
    assert not labelled & {row["id"] for row in rows}
    assert c.history.ranking(3, strategy="entropy")[0]["score"] > 0
    assert make(budget=100).log.position == position


def test_nothing_is_left_to_rank_when_all_is_labelled():
    c = q.campaign([[0.0], [1.0]], q.Choice(["a", "b"]), control=0.0, id=["x", "y"])
    for item in ("x", "y"):
        c.tell(item, "a")
    assert c.history.ranking() == []
