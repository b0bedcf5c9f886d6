"""querist serve as a person starts it."""

import json
import os
import signal
import socket
import subprocess
import sys
import urllib.request

import pytest

QUIET = {"NO_COLOR": "1", "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}


@pytest.fixture
def begin():
    """Start `querist serve`; gives the process and its first line."""
    running = []

    def start(*args):
        process = subprocess.Popen(
            [
                sys.executable,
                "-m",
                "querist",
                "serve",
                *map(str, args),
                "--no-browser",
                "--no-work",
            ],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env={**os.environ, **QUIET},
        )
        running.append(process)
        return process, process.stdout.readline()

    yield start
    for process in running:
        process.kill()
        process.communicate()


def get(url, token):
    request = urllib.request.Request(url, headers={"Authorization": f"Bearer {token}"})
    with urllib.request.urlopen(request, timeout=20) as answer:
        return json.loads(answer.read())


def test_one_command_from_a_file_to_a_page(begin, mails, tmp_path):
    args = (mails, "--id", "id", "--text", "body", "--ask", "spam,ham", "--port", 0, "--json")
    process, line = begin(*args)
    found = json.loads(line)
    assert get(f"{found['url']}/api/v1/status", found["token"])["items"]["total"] == 60
    assert (tmp_path / "mails.campaign" / "campaign.toml").is_file()
    process.send_signal(signal.SIGINT)  # Ctrl-C is an orderly end
    assert process.wait(timeout=20) == 0
    _, line = begin(*args)  # goes on with what is there
    assert get(f"{json.loads(line)['url']}/health", "")["status"] == "ok"


def test_the_address_carries_a_token_of_its_own(begin, folder):
    _, line = begin(folder, "--port", 0)
    address = line.split(" at ")[1].strip()
    url, token = address.split("/?token=")
    assert len(token) >= 32
    assert get(f"{url}/api/v1/me", token)["role"] == "owner"


def test_a_port_that_is_taken_is_one_clear_line(shell, folder):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        ran = shell("serve", folder, "--port", port, "--no-browser")
    assert ran.code != 0
    assert str(port) in ran.err and "--port" in ran.err
    assert len(ran.err.splitlines()) == 1


@pytest.mark.parametrize(
    ("args", "said"),
    [
        (("nowhere",), "holds no campaign"),
        (("mails.csv",), "what is asked"),
        (("missing.csv",), "there is no file missing.csv"),
    ],
)
def test_what_cannot_be_served_is_said_in_a_line(shell, mails, tmp_path, monkeypatch, args, said):
    monkeypatch.chdir(tmp_path)
    ran = shell("serve", *args, "--no-browser", "--port", 0)
    assert ran.code != 0
    assert said in ran.err and len(ran.err.splitlines()) == 1


def test_a_missing_extra_is_a_pip_line(shell, folder, tmp_path):
    (tmp_path / "sitecustomize.py").write_text(
        "import importlib.util as u\n"
        "find = u.find_spec\n"
        "u.find_spec = lambda name, *a: None if name == 'uvicorn' else find(name, *a)\n"
    )
    ran = subprocess.run(
        [sys.executable, "-m", "querist", "serve", str(folder), "--no-browser"],
        capture_output=True,
        text=True,
        env={**os.environ, "PYTHONPATH": f"{tmp_path}:{os.environ.get('PYTHONPATH', '')}"},
    )
    assert ran.returncode == 1
    assert "pip install 'querist[server]'" in ran.stderr
