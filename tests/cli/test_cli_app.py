"""Exit codes and errors, the same for every verb."""

import subprocess
import sys
import time

import pytest
import typer

from querist.cli import app


def verbs():
    return sorted(typer.main.get_command(app).commands)


def test_every_verb_helps_and_takes_json(querist):
    for verb in verbs():
        helped = querist(verb, "--help")
        assert helped.code == 0
        assert "--json" in helped.out, verb
    listed = querist("--help").out.partition("Commands:")[2]
    assert all(verb in listed for verb in verbs())
    assert "..." not in listed  # every summary fits its line


def test_the_contract_names_are_there():
    named = "demo new serve work ask tell status report simulate compare import export plugins"
    assert {*named.split(), "doctor"} <= set(verbs())


def test_version(shell):
    import querist

    assert shell("--version").out == f"querist {querist.__version__}\n"


@pytest.mark.parametrize(
    "args",
    [
        ("no-such-verb",),
        ("ask",),
        ("ask", "{dir}", "--no-such-option"),
        ("ask", "{dir}", "-n", "many"),
        ("ask", "{dir}", "-n", "0"),
        ("status", "{dir}/nowhere"),
        ("why", "{dir}", "nobody"),
        ("skip", "{dir}", "nothing"),
        ("change", "{dir}"),
        ("import", "{dir}", "{dir}/nothing.csv", "--labels"),
    ],
)
def test_a_wrong_call_is_one_line_and_status_2(querist, folder, args):
    given = [arg.format(dir=folder) for arg in args]
    plain, as_json = querist(*given), querist(*given, "--json")
    assert plain.code == as_json.code == 2
    assert plain.out == ""
    assert plain.err.startswith("querist: ")
    assert plain.err.count("\n") == 1
    assert plain.err == f"querist: {as_json.json['error']}\n"


def test_debug_shows_where_an_error_arose(querist, tmp_path):
    assert "Traceback" not in querist("status", tmp_path).err
    for args in (("--debug", "status", tmp_path), ("status", tmp_path, "--debug")):
        assert "Traceback" in querist(*args).err


def test_a_reader_that_goes_away_leaves_no_traceback(folder):
    binary = f"{sys.exec_prefix}/bin/querist"
    done = subprocess.run(
        ["bash", "-c", f"{binary} export {folder} --what log | true"],
        capture_output=True,
        text=True,
    )
    assert done.stderr == ""


def test_help_and_ask_start_without_what_they_do_not_need(folder):
    heavy = ("sklearn", "scipy", "plotly", "skops")
    for args, banned in ((["--help"], ("numpy", *heavy)), (["ask", str(folder)], heavy)):
        code = (
            "import sys; from querist.cli import main\n"
            f"try: main({args!r})\nexcept SystemExit: pass\n"
            f"print(sorted(set({banned!r}) & set(sys.modules)), file=sys.stderr)"
        )
        begun = time.perf_counter()
        done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
        print(f"querist {args[0]} took {time.perf_counter() - begun:.2f} s")
        assert done.stderr.splitlines()[-1] == "[]"
