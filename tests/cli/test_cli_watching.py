"""status, why, report."""

import json
import re


def test_status_in_both_forms(querist, folder, answer_all):
    answer_all(folder)
    querist("step", folder)
    found = querist("status", folder, "--json").json
    counts = found["items"]
    parts = ("labelled", "queued", "passed", "pool", "held_out")
    assert counts["total"] == sum(counts[part] for part in parts) == 60
    said = querist("status", folder).out
    for piece in ("60 = 19 labelled", "bought", "10 of 30 labels, spent 5.00", "next", "spam"):
        assert piece in said, said


def test_why_names_model_arm_people_and_time(querist, folder, answer_all):
    told = answer_all(folder, by="eve")
    querist("step", folder)
    item = told[0]["item_id"]
    plain = querist("why", folder, item).out
    assert re.search(r"asked in round 0 .* model 0", plain)
    assert "by eve on 20" in plain
    found = querist("why", folder, item, "--json").json
    assert found["why"] == plain.strip()
    (asked,) = found["asked"]
    assert {"arm", "strategy", "score", "rank", "probability", "candidates"} <= set(asked)
    assert found["votes"][0]["by"] == "eve"


def test_report_is_one_file_without_a_network(querist, folder, answer_all, tmp_path):
    for _ in range(2):
        answer_all(folder)
        querist("step", folder)
    assert querist("report", folder).code == 0
    page = (folder / "report.html").read_text(encoding="utf-8")
    for piece in ("Learning curve", "What it cost", "control slice", "imported", "Why these items"):
        assert piece in page, piece
    version = querist("status", folder, "--json").json["data_version"]
    assert version in page
    assert not re.findall(r'(?:src|href)="?https?://', page)
    other = tmp_path / "deep" / "r.html"
    assert json.loads(querist("report", folder, "--out", other, "--json").out)["report"] == str(
        other
    )
    assert other.is_file()
