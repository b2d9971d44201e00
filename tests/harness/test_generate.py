"""Problems -> samples: each is drawn once, with a seed of its own, however often the process is killed."""

import hashlib
import tempfile
from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.errors import Unavailable, UserError
from harness.generation.backend import Completion, Generated
from harness.generation.generate import complete_requests, missing_of, put_in_order, requests_of, seed_of
from harness.generation.prompts import Message, as_text
from harness.runs.jsonl import as_row, sole_writer
from harness.runs.records import Producer, Sample, Sampling

SAMPLING = Sampling(n=2, temperature=0.5, top_p=0.9, max_tokens=8, stop=(), seed=7)
PLAN = requests_of({"b": "Task b", "a": "Task a\n", "ü": "Task ü"}, SAMPLING)
IN_ORDER = tuple(range(len(PLAN)))


class Rule:
    """An engine that writes the prompt and the seed, in an order of its own; it notes what it was asked for."""

    def __init__(self, order=IN_ORDER, fails_at=None):
        """Take the places of the plan in the order in which they come, and how many come before it goes away."""
        self.order, self.fails_at, self.asked = order, fails_at, []

    @property
    def producer(self):
        """Be nobody."""
        raise NotImplementedError

    def generate(self, plan, missing, _sampling):
        """Draw all of a task where one of it is missing."""
        self.asked.append(missing)
        tasks = {task_id for task_id, _ in missing}
        wanted = [plan[place] for place in self.order if plan[place].task_id in tasks]
        for number, request in enumerate(wanted):
            if number == self.fails_at:
                raise Unavailable("gone")
            text = f"{request.prompt}{request.seed}"
            yield Generated(request, Completion(text=text, finish_reason="length", prompt_tokens=None, tokens=number))


def draw(path, engine):
    """Draw what is missing, as the commands do; return the samples that were drawn."""
    with sole_writer(path) as file:
        missing = missing_of(path, PLAN, "m")
        drawn = list(complete_requests(engine, PLAN, missing, file, sampling=SAMPLING, policy="m"))
        put_in_order(path, PLAN, "m")
    return drawn


def undisturbed():
    """Return the content of the file that an undisturbed run leaves, token counts apart."""
    return [(request.task_id, request.index, request.seed, f"{request.prompt}{request.seed}") for request in PLAN]


def content(path):
    """Return what a file holds, token counts apart."""
    return [
        (sample.task_id, sample.index, sample.seed, sample.completion)
        for sample in map(decoded, path.read_bytes().splitlines())
    ]


def decoded(row):
    """Return a row as a sample."""
    return msgspec.json.decode(row, type=Sample)


def test_seed_of_a_sample():
    """The first 53 bits of the SHA-256 of seed, task and index as JSON, whatever else is drawn."""
    digest = hashlib.sha256(b'[7,"b",1]').hexdigest()

    assert seed_of(7, "b", 1) == int(digest, 16) >> (256 - 53) == PLAN[1].seed
    assert len({request.seed for request in PLAN}) == len(PLAN)


def test_the_plan_goes_task_by_task():
    """In the order of the tasks, with every prompt."""
    assert [(request.key, request.prompt) for request in PLAN[:3]] == [
        (("b", 0), "Task b"),
        (("b", 1), "Task b"),
        (("a", 0), "Task a\n"),
    ]


def test_a_chat_is_json_in_a_sample():
    """A list of messages; a text is itself."""
    chat = (Message(role="system", content='Say "é"'), Message(role="user", content="now"))

    assert as_text(chat) == '[{"role":"system","content":"Say \\"é\\""},{"role":"user","content":"now"}]'
    assert as_text("now") == "now"


def test_a_sample_says_how_it_was_drawn(tmp_path):
    """Prompt, seed, tokens and why it ended."""
    first, *_ = draw(tmp_path / "samples.jsonl", Rule())

    assert first == Sample(
        policy="m", task_id="b", index=0, completion=f"Task b{PLAN[0].seed}", prompt="Task b", seed=PLAN[0].seed,
        finish_reason="length", prompt_tokens=None, tokens=0,
    )  # fmt: skip
    assert first.cut_off


@pytest.mark.slow
@given(order=st.permutations(IN_ORDER), again=st.permutations(IN_ORDER), kept=st.floats(0, 1))
def test_a_killed_run_goes_on_to_the_same_file(order, again, kept):
    """Whatever bytes of it were written, in whatever order they came, and whatever is drawn beside the missing."""
    with tempfile.TemporaryDirectory() as home:
        path = Path(home) / "samples.jsonl"
        with sole_writer(path) as file:
            list(complete_requests(Rule(order), PLAN, missing_of(path, PLAN, "m"), file, sampling=SAMPLING, policy="m"))
        written = path.read_bytes()
        path.write_bytes(written[: int(kept * len(written))])
        whole = path.read_bytes().count(b"\n")

        drawn = draw(path, Rule(again))

        assert len(drawn) == len(PLAN) - whole
        assert content(path) == undisturbed()


def test_what_is_missing_is_all_that_is_asked_for(tmp_path):
    """The engine hears of it as it was at the start; a complete file leaves the engine alone."""
    path, engine = tmp_path / "samples.jsonl", Rule()
    draw(path, Rule())
    path.write_bytes(b"".join(path.read_bytes().splitlines(keepends=True)[:3]))

    draw(path, engine)
    assert draw(path, engine) == []

    assert engine.asked == [{("a", 1), ("ü", 0), ("ü", 1)}]


def test_an_engine_that_goes_away_leaves_what_it_drew(tmp_path):
    """Four samples came, and the file holds four; the next engine draws two."""
    path = tmp_path / "samples.jsonl"

    with pytest.raises(Unavailable):
        draw(path, Rule(fails_at=4))

    assert content(path) == undisturbed()[:4]
    assert len(draw(path, Rule())) == 2
    assert content(path) == undisturbed()


def test_an_engine_that_leaves_something_out_is_at_fault(tmp_path):
    """That is no mistake of the user's, so it is no line but a traceback."""

    class Lazy(Rule):
        producer = Producer(
            backend="lazy", model="", weights="", dtype="", versions={}, options={}, repeatable="yes"
        )  # fmt: skip

    with pytest.raises(RuntimeError, match=r"lazy left out 1 samples, such as \('ü', 1\)"):
        draw(tmp_path / "samples.jsonl", Lazy(IN_ORDER[:-1]))


@pytest.mark.parametrize(
    "change", [{"policy": "other"}, {"seed": 1}, {"seed": None}, {"task_id": "c"}, {"index": 2}, {"index": 1}]
)
def test_samples_of_another_run_are_refused(tmp_path, change):
    """Another policy, seed, task or index, or the same sample twice; the file stays as it was."""
    path = tmp_path / "samples.jsonl"
    draw(path, Rule())
    rows = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(as_row(msgspec.structs.replace(decoded(rows[0]), **change)) + rows[1])
    before = path.read_bytes()

    with pytest.raises(UserError, match=r"samples\.jsonl: .* is not a sample of this run, or occurs twice"):
        draw(path, Rule())

    assert path.read_bytes() == before


def test_a_second_process_is_refused(tmp_path):
    """Two that draw into one file would draw everything twice."""
    path = tmp_path / "samples.jsonl"

    with sole_writer(path), pytest.raises(UserError, match="another proctor is writing this run"):
        draw(path, Rule())
