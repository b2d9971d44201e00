"""Runs that draw from a server: what `proctor generate` makes of its faults, and where the key is not."""

import threading

import pytest
from hostile_server import FAULTS, HostileServer, answer, drop, lone_surrogate, replying

from harness.cli.main import run

pytestmark = pytest.mark.slow

KEY = "sk-proctor-77aa-not-to-be-told"
TASKS, SAMPLES = 4, 3


@pytest.fixture(autouse=True)
def key(monkeypatch):
    """Put a key where one is looked for, and no proxy between us and the server."""
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.delenv(name, raising=False)


def generate(server, out, *options):
    """Draw a few samples, one after the other and without another try, and return the exit code."""
    settings = (f"base_url={server.url}", "concurrency=1", "retries=0", *options)
    return run([
        "generate", "--benchmark", "mini", "--limit", str(TASKS), "--n", str(SAMPLES), "--temperature", "0.8",
        "--backend", "openai", "--model", "m", *(f"--option={setting}" for setting in settings), "--out", str(out),
    ])  # fmt: skip


def test_a_run_goes_on_when_the_server_is_back(tmp_path, capfd):
    """What had come is kept and not asked for again; the samples are those of a run that nothing disturbed."""
    answers = threading.Semaphore(5)

    def answer_while_up(handler, asked):
        if answers.acquire(blocking=False):
            handler.reply(200, answer(handler.path, asked))
        else:
            drop(handler, asked)

    with HostileServer([answer_while_up]).running() as server:
        assert generate(server, tmp_path / "disturbed") == 3
        assert "check the server" in capfd.readouterr().err
        assert len((tmp_path / "disturbed" / "samples.jsonl").read_text().splitlines()) == 5

        answers.release(2 * TASKS * SAMPLES)
        assert generate(server, tmp_path / "disturbed") == 0
        assert server.tries.total() == TASKS * SAMPLES + 1

        assert generate(server, tmp_path / "undisturbed") == 0

    kept, wanted = ((tmp_path / name / "samples.jsonl").read_bytes() for name in ("disturbed", "undisturbed"))
    assert kept == wanted


def test_another_server_is_another_run(tmp_path, capfd):
    """Its samples are never mixed with those of the first."""
    with HostileServer().running() as first, HostileServer().running() as second:
        assert [generate(server, tmp_path) for server in (first, second)] == [0, 2]

    assert "choose another --out" in capfd.readouterr().err


@pytest.mark.parametrize(
    ("fault", "code"),
    [
        (FAULTS["nothing"], 3),
        (replying(500, {"error": {"message": f"I know {KEY}"}}), 3),
        (replying(401, {"error": {"message": f"I don't know {KEY}"}}), 2),
        (lambda handler, asked: handler.reply(200, answer(handler.path, asked)), 0),
    ],
    ids=["no answer", "an error", "a refusal", "a completion"],
)
def test_the_key_is_in_no_file_and_in_no_line(tmp_path, capfd, fault, code):
    """Though the server repeats it."""
    with HostileServer([fault]).running() as server:
        assert generate(server, tmp_path) == code

    written = b"".join(path.read_bytes() for path in tmp_path.rglob("*") if path.is_file())
    output, error = capfd.readouterr()
    assert server.headers[0]["Authorization"] == f"Bearer {KEY}"
    assert server.url.encode() in written
    assert KEY not in written.decode() + output + error


def test_half_a_surrogate_pair_is_an_answer(tmp_path):
    """Asking again brings the same: it is kept as it came, and the run goes on and can be resumed and judged."""
    out, again = tmp_path / "samples", tmp_path / "run"
    with HostileServer([lone_surrogate]).running() as server:
        assert [generate(server, out), generate(server, out)] == [0, 0]
        assert server.tries.total() == TASKS * SAMPLES

    assert r"\ud800" in (out / "samples.jsonl").read_text()
    assert run(["score", str(out), "--benchmark", "mini", "--workers", "1", "--out", str(again)]) == 0
    assert (again / "samples.jsonl").read_bytes() == (out / "samples.jsonl").read_bytes()
