"""What to install is said as a command for the environment that runs."""

import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from harness import errors
from harness.errors import install_command

BESIDE = str(Path(sys.executable).parent / "pip")


def test_an_environment_that_is_activated_needs_no_path(monkeypatch):
    """The first pip of PATH is its own."""
    monkeypatch.setattr(errors.shutil, "which", {"pip": BESIDE}.get)

    assert install_command("proctor[train]") == "pip install 'proctor[train]'"


@pytest.mark.parametrize("first", [None, "/usr/bin/pip"])
def test_another_pip_would_install_elsewhere(monkeypatch, first):
    """So the interpreter that runs is named."""
    monkeypatch.setattr(errors.shutil, "which", {"pip": first}.get)
    monkeypatch.setattr(sys, "executable", "/my envs/one/bin/python")

    assert install_command("wandb") == "'/my envs/one/bin/python' -m pip install wandb"


def test_an_environment_without_pip_is_filled_by_uv(monkeypatch):
    """As uv makes them."""
    monkeypatch.setattr(errors.shutil, "which", {}.get)
    monkeypatch.setattr(errors, "find_spec", {}.get)

    command = shlex.split(install_command("proctor[ray]"))

    assert command == ["uv", "pip", "install", "--python", sys.executable, "proctor[ray]"]


@pytest.mark.slow
def test_an_extra_is_taken_from_what_is_installed():
    """No index is asked for proctor, whose name is another project's there for all we know."""
    command = shlex.split(install_command("proctor[zstd]"))
    pip = [sys.executable, "-m", "pip", *command[command.index("install") :]]

    done = subprocess.run([*pip, "--no-index", "--dry-run"], capture_output=True, text=True, check=False)

    assert done.returncode == 0, done.stderr
    assert "Requirement already satisfied: proctor[zstd]" in done.stdout
