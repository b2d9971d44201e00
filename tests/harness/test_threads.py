"""Threads that compute a model: as many as pay, waiting without a spin, the same when work goes on."""

import os
import subprocess
import sys

import pytest

from harness.generation.threads import choose_threads, wait_passively

pytestmark = pytest.mark.slow


@pytest.fixture
def torch(monkeypatch):
    """Return PyTorch as on four processors, in an environment that says nothing of threads."""
    import torch  # noqa: PLC0415 - seconds

    from harness.generation import threads  # noqa: PLC0415

    for name in ("OMP_NUM_THREADS", "MKL_NUM_THREADS"):
        monkeypatch.delenv(name, raising=False)
    before = torch.get_num_threads()
    torch.set_num_threads(4)
    threads._usual.cache_clear()  # noqa: SLF001 - this machine's own number
    yield torch
    torch.set_num_threads(before)
    threads._usual.cache_clear()  # noqa: SLF001


@pytest.mark.parametrize(
    ("parameters", "threads", "said"),
    [
        (850_000, 1, "1 thread (the model is small)"),
        (1_999_999, 1, "1 thread (the model is small)"),
        (2_000_000, 2, "2 threads (the model is small)"),
        (4_000_000, 4, "4 threads"),
        (494_000_000, 4, "4 threads"),
    ],
)
def test_a_thread_for_each_million_parameters(torch, parameters, threads, said):
    """Up to as many as PyTorch takes by itself."""
    assert choose_threads(parameters) == said
    assert torch.get_num_threads() == threads


def test_a_larger_model_after_a_small_one_has_all_threads(torch):
    """As in a demo, which computes several in one process."""
    choose_threads(850_000)

    assert choose_threads(494_000_000) == "4 threads"
    assert torch.get_num_threads() == 4


def test_work_goes_on_with_the_threads_it_began_with(torch):
    """More or fewer would round otherwise."""
    assert choose_threads(850_000, before=3) == "3 threads (as it began)"
    assert torch.get_num_threads() == 3


@pytest.mark.parametrize("name", ["OMP_NUM_THREADS", "MKL_NUM_THREADS"])
def test_what_the_user_has_set_stays(torch, monkeypatch, name):
    """Whatever the size, and whatever was before."""
    monkeypatch.setenv(name, "4")

    assert choose_threads(850_000, before=3) == f"4 threads ({name}=4)"
    assert torch.get_num_threads() == 4


def test_threads_sleep_unless_the_user_says_how_they_wait(monkeypatch):
    """One variable of the user's leaves all as they are."""
    names = ("OMP_WAIT_POLICY", "GOMP_SPINCOUNT", "KMP_BLOCKTIME")
    for name in names:
        monkeypatch.setenv(name, "")  # so that it is put back afterwards
        monkeypatch.delenv(name)
    wait_passively()
    assert [os.environ[name] for name in names] == ["PASSIVE", "1000", "0"]

    for name in names:
        monkeypatch.delenv(name)
    monkeypatch.setenv("OMP_WAIT_POLICY", "ACTIVE")
    wait_passively()
    assert [os.environ.get(name) for name in names] == ["ACTIVE", None, None]


def test_every_command_sets_it_before_pytorch_is_there():
    """Its libraries read it when they are loaded, and never again."""
    script = (
        "import os, sys; from harness.cli.main import run; run(['train', '--help']); "
        "assert 'torch' not in sys.modules; assert os.environ['OMP_WAIT_POLICY'] == 'PASSIVE'"
    )
    subprocess.run(
        [sys.executable, "-c", script],
        check=True,
        stdout=subprocess.DEVNULL,
        env={name: value for name, value in os.environ.items() if name != "OMP_WAIT_POLICY"},
    )
