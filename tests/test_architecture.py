"""The house rules of CODE.md: floors, ceilings, and what `import querist` may load."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
SOURCE = ROOT / "src" / "querist"
FILES = sorted(SOURCE.rglob("*.py"))
WRITTEN = [
    *FILES,
    *sorted(ROOT.glob("*.md")),
    *sorted(path for room in ("tests", "benchmarks") for path in (ROOT / room).rglob("*.py")),
    *sorted((ROOT / "docs").rglob("*.md")),
]
LEFT_BEHIND = re.compile(r"\b(?:[T]ODO|[F]IXME|[X]XX|[H]ACK)\b|/(?:home|root|tmp|work|Users)/")

HEAVY = {"scipy", "sklearn", "pyarrow", "plotly", "pandas", "typer", "rich", "PIL", "skops"}
FILE_LINES, STRATEGY_LINES, CAMPAIGN_LINES = 400, 100, 300
CONSTRUCTOR_PARAMETERS, PUBLIC_METHODS = 7, 12


def _named(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def _ceiling(path: Path) -> int:
    if path == SOURCE / "loop" / "campaign.py":
        return CAMPAIGN_LINES
    in_strategies = path.is_relative_to(SOURCE / "strategies") and path.name != "__init__.py"
    return STRATEGY_LINES if in_strategies else FILE_LINES


def _constructor_parameters(cls: ast.ClassDef) -> int:
    for part in cls.body:
        if isinstance(part, ast.FunctionDef) and part.name == "__init__":
            given = part.args
            named = [*given.posonlyargs, *given.args, *given.kwonlyargs]
            return len(named) - 1
    return 0


def _public_methods(cls: ast.ClassDef) -> list[str]:
    """Names of the verbs; a property is a noun, and a contract suite's checks are no verbs."""
    return [
        part.name
        for part in cls.body
        if isinstance(part, ast.FunctionDef | ast.AsyncFunctionDef)
        and not part.name.startswith(("_", "test_"))
        and not any(isinstance(d, ast.Name) and d.id == "property" for d in part.decorator_list)
    ]


def test_imports_run_down_only():
    # in a process of its own: import-linter's logging silences every logger that is there
    linter = Path(sys.executable).with_name("lint-imports")
    done = subprocess.run([linter, "--no-cache"], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("path", FILES, ids=_named)
def test_files_stay_below_their_ceiling(path):
    lines = len(path.read_text(encoding="utf-8").splitlines())
    assert lines <= _ceiling(path), f"{_named(path)} has {lines} lines"


@pytest.mark.parametrize("path", FILES, ids=_named)
def test_classes_stay_small(path):
    tree = ast.parse(path.read_text(encoding="utf-8"))
    for cls in (node for node in ast.walk(tree) if isinstance(node, ast.ClassDef)):
        where = f"{_named(path)}: {cls.name}"
        count = _constructor_parameters(cls)
        assert count <= CONSTRUCTOR_PARAMETERS, f"{where} takes {count} parameters"
        methods = _public_methods(cls)
        assert len(methods) <= PUBLIC_METHODS, f"{where} has the public methods {methods}"


def test_import_loads_numpy_and_nothing_heavier():
    code = (
        "import sys, time; start = time.perf_counter(); import querist;"
        "print(f'{time.perf_counter() - start:.3f}');"
        "print(*{name.partition('.')[0] for name in sys.modules})"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT
    )
    seconds, loaded = done.stdout.splitlines()
    print(f"import querist took {seconds} s")
    assert "querist" in loaded.split()
    assert set(loaded.split()) & HEAVY == set()


@pytest.mark.parametrize("path", WRITTEN, ids=_named)
def test_no_absolute_paths_and_no_loose_ends(path):
    found = LEFT_BEHIND.findall(path.read_text(encoding="utf-8"))
    assert not found, f"{_named(path)} holds {found}"
