"""querist work on its own."""

import json
import os
import signal
import subprocess
import sys
import time

QUIET = {"NO_COLOR": "1", "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}


def test_it_trains_as_labels_come_in_and_ends_when_asked(querist, folder, answer_all):
    process = subprocess.Popen(
        [sys.executable, "-m", "querist", "work", str(folder), "--json"],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        env={**os.environ, **QUIET},
    )
    try:
        answer_all(folder)
        said = json.loads(process.stdout.readline())
        while not said["says"].startswith("round 1"):
            said = json.loads(process.stdout.readline())
        assert said["campaign"] == "c"
        assert querist("status", folder, "--json").json["round"] == 1
        begun = time.monotonic()
        process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=30) == 0
        assert time.monotonic() - begun < 15
    finally:
        process.kill()
        process.communicate()


def test_a_folder_without_a_campaign_is_refused(shell, tmp_path):
    ran = shell("work", tmp_path)
    assert ran.code == 2
    assert "holds no campaign" in ran.err
