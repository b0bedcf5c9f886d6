"""assess, plan."""


def test_a_number_of_items_is_enough(querist):
    ran = querist("assess", "3,000", "--price", 0.2)
    assert ran.code == 0
    assert ran.out.startswith("don't\nagainst: label it all")
    found = querist("assess", 500_000, "--price", 2, "--budget", 20000, "--json").json
    assert found["verdict"] == "go"
    assert found["saving_from"].startswith("benchmarks/results")
    assert {"side", "text", "number", "source"} <= set(found["reasons"][0])


def test_a_folder_and_a_file_bring_their_facts(querist, folder, mails):
    of_folder = querist("assess", folder, "--json").json
    of_file = querist("assess", mails, "--text", "body", "--ask", "spam,ham", "--json").json
    assert of_folder["verdict"] == of_file["verdict"] == "don't"
    assert "label it all" in querist("assess", folder).out


def test_plan_shows_counts_money_and_flags(querist, folder):
    ran = querist("plan", 50_000, "--budget", 5000, "--price", 0.2)
    assert ran.code == 0
    assert "money, total" in ran.out
    found = querist("plan", 50_000, "--batch", 10, "--json").json
    assert found["batch"] == 10
    assert any("batch 10" in flag for flag in found["flags"])
    assert querist("plan", folder, "--holdout", 0, "--json").json["items"] > 0
    assert querist("plan", 50_000, "--start", 0.02, "--json").json["seed"] == 1000


def test_what_they_cannot_use_is_said(querist, folder, tmp_path):
    assert querist("assess", folder, "--ask", "a,b").code == 2
    assert querist("assess", 100, "--ask", "a,b").code == 2
    assert querist("plan", tmp_path / "no.csv").code == 2
    gone = querist("assess", tmp_path / "no.csv")
    assert gone.code == 2 and "no number of items, no campaign folder" in gone.err
    assert querist("plan", 100, "--budget", 20, "--holdout", 50).code == 2
