"""What is not documented fails here, and so does documentation that does not run."""

from __future__ import annotations

import doctest
import importlib
import os
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from xml.etree import ElementTree

import pytest

from nursery import CALM, nursery

ROOT = Path(__file__).parents[1]
DOCS = ROOT / "docs"
PAGES = [ROOT / "README.md", *sorted(DOCS.rglob("*.md"))]
FENCE = re.compile(r"^```(python|pycon|console)([^\n`]*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
SHELL = set("|&;<>()$`*?~!#")  # what a shell reads as more than words
LOOSE = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE


@dataclass(frozen=True)
class Block:
    """One fenced block of a page, with the line its code starts on."""

    kind: str
    marks: list[str]
    code: str
    line: int


def blocks(page: Path) -> Iterator[Block]:
    text = page.read_text(encoding="utf-8")
    for found in FENCE.finditer(text):
        line = text.count("\n", 0, found.start(3))
        yield Block(found[1], found[2].split(), found[3], line)


def run_python(block: Block, page: Path, names: dict[str, object]) -> None:
    code = compile("\n" * block.line + block.code, str(page), "exec")
    if "no-run" not in block.marks:
        exec(code, names)


def run_pycon(block: Block, page: Path, names: dict[str, object]) -> None:
    test = doctest.DocTestParser().get_doctest(block.code, names, page.name, str(page), block.line)
    test.globs = names
    said: list[str] = []
    doctest.DocTestRunner(optionflags=LOOSE).run(test, out=said.append, clear_globs=False)
    assert not said, "".join(said)


def run_console(block: Block, page: Path, names: dict[str, object]) -> None:
    """Run each `$ querist` line; the lines below it, if any, are what it must print."""
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    for part in re.split(r"^\$ ", block.code, flags=re.MULTILINE)[1:]:
        command, _, expected = part.replace("\\\n", "").partition("\n")
        if not command.startswith("querist"):
            continue
        if page.name != "README.md" and not SHELL & set(command):
            done = nursery().run(*shlex.split(command)[1:], together=True)
        else:  # as it stands, from nothing
            done = subprocess.run(
                ["bash", "-euo", "pipefail", "-c", command],
                env={**os.environ, **CALM, "PATH": path},
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
                timeout=300,
            )
        wanted = next((int(m[5:]) for m in block.marks if m.startswith("exit=")), 0)
        where = f"{page.name}, line {block.line}: $ {command}\n{done.stdout}"
        assert done.returncode == wanted, f"exit status {done.returncode} of {where}"
        if expected.strip():
            same = doctest.OutputChecker().check_output(expected, done.stdout, LOOSE)
            assert same, f"the page shows\n{expected}\nbut this came from {where}"


def write_pool(path: Path) -> None:
    """A file that any page may take as its own data."""
    texts = ("card was charged twice", "cannot log in", "refund please", "password reset fails")
    lines = [f"{i},{text} {i}" for i in range(30) for text in texts]
    path.write_text("\n".join(["order,text", *lines]) + "\n", encoding="utf-8")


RUN = {"python": run_python, "pycon": run_pycon, "console": run_console}
RUNNABLE = [page for page in PAGES if any(True for _ in blocks(page))]


@pytest.mark.slow
@pytest.mark.parametrize("page", RUNNABLE, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_the_code_of_a_page_runs(page, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    write_pool(Path("tickets.csv"))
    names: dict[str, object] = {"__name__": "__main__"}
    for block in blocks(page):
        RUN[block.kind](block, page, names)


def test_a_wrong_page_is_noticed(tmp_path):
    page = tmp_path / "page.md"
    for code in (
        "python\nassert 1 == 2",
        "pycon\n>>> 1 + 1\n3",
        "console\n$ querist --version\nno",
    ):
        page.write_text(f"# Page\n\n```{code}\n```\n")
        (block,) = blocks(page)
        with pytest.raises(AssertionError):
            RUN[block.kind](block, page, {})


@pytest.fixture
def hooks(monkeypatch):
    monkeypatch.syspath_prepend(str(DOCS))
    return importlib.import_module("hooks")


def missing(names: set[str]) -> list[str]:
    text = "\n".join(page.read_text(encoding="utf-8") for page in DOCS.rglob("*.md"))
    found = set(re.findall(r"[A-Za-z_][\w-]*", text))
    assert names, "the code registers nothing: this test looks in the wrong place"
    return sorted(names - found)


def test_every_public_name_is_documented():
    import querist

    assert missing(set(querist.__all__)) == []


def test_every_strategy_is_documented():
    from querist import strategies

    assert missing(set(strategies.__all__)) == []


def test_every_strategy_says_when_to_take_it():
    from querist import strategies

    lacking = {
        name: what
        for name, (_, cls) in strategies.BUILTINS.items()
        for what in (r"[Bb]est\s+for", r"[Ff]ails\s+when", r"O\(|[Cc]osts?\b|memory")
        if not re.search(what, getattr(strategies, cls).__doc__)
    }
    assert lacking == {}


def test_every_classification_strategy_has_its_picture(monkeypatch, tmp_path):
    monkeypatch.syspath_prepend(str(DOCS))
    drawn = importlib.import_module("pictures").draw(tmp_path)
    assert {"margin", "kcenter", "random"} <= set(drawn)
    page = (DOCS / "reference" / "strategies.md").read_text(encoding="utf-8")
    for name in drawn:
        fresh = ElementTree.parse(tmp_path / f"{name}.svg").getroot()
        picks = fresh.findall("{http://www.w3.org/2000/svg}circle")
        assert len(picks) == 8, f"the picture of {name} shows {len(picks)} picks"
        kept = DOCS / "img" / "strategies" / f"{name}.svg"
        assert kept.exists(), f"{name} has no picture; run python docs/pictures.py"
        assert f"](../img/strategies/{name}.svg)" in page, f"{name}: its picture is on no page"


def test_every_stopping_rule_is_documented():
    from querist.stopping import RULES

    assert missing(set(RULES) | {rule.__name__ for rule in RULES.values()}) == []


def test_every_event_is_documented():
    from querist.core.events import EVENTS

    assert missing(set(EVENTS) | {event.__name__ for event in EVENTS.values()}) == []


def test_every_error_is_documented():
    from querist.core import errors

    classes = {name for name, thing in vars(errors).items() if isinstance(thing, type)}
    assert missing(classes) == []


def test_every_command_is_documented(hooks):
    text = (DOCS / "reference" / "cli.md").read_text(encoding="utf-8")
    shown = re.findall(r"^::: cli (\S+)$", text, re.MULTILINE)
    assert sorted(shown) == sorted(hooks.commands())
    for verb in shown:
        assert f"querist {verb}" in hooks.command(verb)


def test_every_option_has_a_help_text(hooks):
    silent = [
        f"{verb} {option.name}"
        for verb, command in hooks.commands().items()
        for option in command.params
        if not option.help
    ]
    assert silent == []


def test_every_reference_line_names_something_documented(hooks):
    named = [
        found[1]
        for page in DOCS.rglob("*.md")
        for found in re.finditer(
            r"^::: (querist\S+)$", page.read_text(encoding="utf-8"), re.MULTILINE
        )
    ]
    assert named
    for name in named:
        assert hooks.resolve(name).__doc__, f"{name} has no docstring"
