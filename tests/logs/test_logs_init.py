import subprocess
import sys
from importlib.metadata import EntryPoint

import pytest

from querist.core.errors import BadInput, Unsupported
from querist.core.protocols import Log
from querist.logs import factories, open_log
from querist.logs.memory import MemoryLog
from querist.logs.sqlite import SQLiteLog


def own_log(url):
    """A plug-in's factory."""
    log = MemoryLog()
    log.url = url
    return log


@pytest.mark.parametrize("url", [None, "memory://"])
def test_in_memory(url):
    log = open_log(url)
    assert isinstance(log, MemoryLog) and isinstance(log, Log)


@pytest.mark.parametrize("name", ["a.db", "a.sqlite", "b.sqlite3"])
def test_files(tmp_path, monkeypatch, name):
    monkeypatch.chdir(tmp_path)
    for url in (name, f"sqlite:///{name}", f"sqlite:///{tmp_path}/{name}", tmp_path / name):
        log = open_log(url)
        assert isinstance(log, SQLiteLog) and isinstance(log, Log)
        assert log.path == tmp_path / name
        log.close()


@pytest.mark.parametrize("scheme", ["postgres", "postgresql"])
def test_postgres_says_when(scheme):
    with pytest.raises(Unsupported, match="later version"):
        open_log(f"{scheme}://localhost/querist")


def test_unknown_scheme_lists_the_known():
    with pytest.raises(BadInput, match=r"no log is known for mysql://.*memory://.*sqlite://"):
        open_log("mysql://localhost")


@pytest.mark.parametrize("text", ["", "spam", "spam.csv", "folder/spam"])
def test_neither_url_nor_file(text):
    with pytest.raises(BadInput, match=r"neither a URL nor a file ending in \.db"):
        open_log(text)


def test_plug_ins_open_by_their_scheme(monkeypatch):
    point = EntryPoint("own", f"{__name__}:own_log", "querist.logs")
    monkeypatch.setitem(sys.modules, __name__, sys.modules[own_log.__module__])
    monkeypatch.setattr("importlib.metadata.entry_points", lambda group: [point])
    assert set(factories()) == {"own", "memory", "sqlite"}
    assert open_log("own://place?x=1").url == "own://place?x=1"


def test_sqlite_is_imported_when_asked_for_only():
    script = "import sys, querist.logs as l; l.open_log(); sys.exit('sqlite3' in sys.modules)"
    subprocess.run([sys.executable, "-c", script], check=True, timeout=60)
