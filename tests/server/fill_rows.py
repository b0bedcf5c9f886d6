"""Another program: fills pending rows through plain sqlite3, some of them badly, until told to end.

python fill_rows.py DATABASE NAME SECONDS PORTION_BAD
"""

import random
import sqlite3
import sys
import time


def main(database: str, name: str, seconds: float, bad: float) -> None:
    draw = random.Random(name)
    db = sqlite3.connect(database, timeout=30, isolation_level=None)
    end = time.monotonic() + seconds
    filled = 0
    while time.monotonic() < end:
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
        time.sleep(0.005)
    print(filled)


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], float(sys.argv[3]), float(sys.argv[4]))
