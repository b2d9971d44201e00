"""The tutorials can be followed from an empty folder, each command in its order, and print what they show."""

import shlex
import socket
import subprocess
import sys
import time
import urllib.request
from contextlib import suppress
from pathlib import Path

import pytest
from documents import ROOT, TUTORIALS, saved, shown

from harness.cli.main import run

pytestmark = pytest.mark.slow

SHORTENED = "..."
PATIENCE_S = 300
ELSEWHERE = {"make demo"}
"""What tests/test_demo.py runs, at a tiny size."""
PORT = "8000"
ASKED = "echo $?"
"""After a command whose exit code is shown."""


class Reader:
    """Follows a tutorial: types its commands in their order."""

    def __init__(self, capsys):
        """Begin; nothing has been typed."""
        self.capsys, self.code, self.servers = capsys, 0, []
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = str(probe.getsockname()[1])

    def types(self, command):
        """Run a command and return the lines that it prints."""
        words = shlex.split(command.replace(PORT, self.port))
        self.capsys.readouterr()
        if command == ASKED:
            return [str(self.code)]
        if words[-1] == "&":
            self.serve(words[:-1])
            return []
        if words[0] == "python":
            subprocess.run([sys.executable, *words[1:]], check=True)
            return []
        assert words[0] == "proctor", command
        self.code = run(words[1:])
        return self.capsys.readouterr().out.splitlines()

    def serve(self, words):
        """Start a server in the background and wait until it answers."""
        program = Path(sys.executable).parent / words[0]
        environment = {"PATH": "/usr/bin:/bin", "HOME": str(Path.cwd()), "HF_HUB_OFFLINE": "1", "OMP_NUM_THREADS": "1"}
        with Path("server.log").open("wb") as log:
            self.servers.append(subprocess.Popen([program, *words[1:]], env=environment, stdout=log, stderr=log))
        ends = time.monotonic() + PATIENCE_S
        while not self.answered():
            assert self.servers[-1].poll() is None, Path("server.log").read_text()
            assert time.monotonic() < ends, Path("server.log").read_text()
            time.sleep(0.2)

    def answered(self):
        """Return whether the server is there."""
        with suppress(OSError), urllib.request.urlopen(f"http://127.0.0.1:{self.port}/health", timeout=5) as response:
            return response.status == 200
        return False


@pytest.fixture
def reader(tmp_path, monkeypatch, capsys):
    """Sit down before an empty folder; that of a clone has the studies."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    (tmp_path / "studies").symlink_to(ROOT / "studies")
    one = Reader(capsys)
    yield one
    for server in one.servers:
        server.kill()
        server.wait()


@pytest.mark.parametrize("name", TUTORIALS)
def test_a_tutorial_can_be_followed(reader, name):
    """Each command ends with 0, or as the next one shows, and prints the lines below it, in their order."""
    for file, text in saved(TUTORIALS[name]):
        Path(file).write_text(text)
    typed = [(command, lines) for command, lines in shown(TUTORIALS[name]) if command not in ELSEWHERE]
    followed = [command for command, _ in typed[1:]] + [""]

    for (command, lines), after in zip(typed, followed, strict=True):
        printed = iter(reader.types(command))

        assert ASKED in {command, after} or reader.code == 0, command
        missing = [line for line in lines if not line.endswith(SHORTENED) and line not in printed]
        assert missing == [], command
    assert typed
