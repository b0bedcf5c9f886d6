"""Another program: fills pending rows through plain sqlite3, some of them badly, until told to end.

python fill_rows.py DATABASE NAME PORTION_BAD

It says "ready", begins with the first line of its input, and ends with the end of it.
"""

import random
import select
import sqlite3
import sys


def main(database: str, name: str, bad: float) -> None:
    draw = random.Random(name)
    db = sqlite3.connect(database, timeout=30, isolation_level=None)
    print("ready", flush=True)
    sys.stdin.readline()
    filled = 0
    while not select.select([sys.stdin], [], [], 0.005)[0]:
        rows = db.execute(
            "SELECT task_id, item_id FROM querist_tasks "
            "WHERE status = 'pending' AND value IS NULL ORDER BY random() LIMIT 5"
        ).fetchall()
        for task_id, item_id in rows:
            value = "spam" if int(item_id[1:]) % 3 == 0 else "ham"
            if draw.random() < bad:
                value = draw.choice(["", "maybe", "null", "[1, 2", "\x00", 7, "SPAM"])
            put = db.execute(
                'UPDATE querist_tasks SET value = ?, "by" = ?, seconds = 1.5 '
                "WHERE task_id = ? AND status = 'pending' AND value IS NULL",
                (value, name, task_id),
            )
            filled += put.rowcount
    print(filled)


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], float(sys.argv[3]))
