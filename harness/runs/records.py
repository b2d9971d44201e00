"""Defines the records on disk; docs/glossary.md explains their words."""

from typing import Annotated, Literal

import msgspec

from sandbox.records import Limits, Test, TestOutcome, Verdict

Index = Annotated[int, msgspec.Meta(ge=0)]

SampleKey = tuple[str, str, int]
"""What tells one sample from another: (policy, task_id, index)."""


FinishReason = Literal["stop", "length", "context"]
"""Why a completion ended: the model or a stop string ended it, `max_tokens` or the end of the model's context cut it
off, or the prompt alone left no room for a single token."""


class Problem(msgspec.Struct, frozen=True, kw_only=True):
    """A task and the tests that decide it; `difficulty` is the benchmark's own label, empty where it has none."""

    task_id: str
    benchmark: str
    split: str
    statement: str
    tests: tuple[Test, ...]
    limits: Limits = Limits()
    """What each test may use."""
    starter_code: str = ""
    entry_point: str = ""
    """The function that the statement asks for, empty where the tests alone name what they need."""
    difficulty: str = ""
    reference: str = ""
    """A program known to be right."""

    @property
    def kind(self) -> str:
        """Return the kind of its tests: stdio, call or assert; "mixed" where they are of several kinds."""
        kinds = {str(test.__struct_config__.tag) for test in self.tests}
        return kinds.pop() if len(kinds) == 1 else "mixed"


class Sample(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A completion and who wrote it; `index` counts the completions of one policy for one task from 0."""

    policy: str
    task_id: str
    index: Index
    completion: str
    prompt: str = ""
    """The text, or for a chat the JSON list of its messages; empty where it is unknown."""
    seed: int | None = None
    finish_reason: FinishReason | Literal[""] = ""
    """Empty where nobody said so."""
    prompt_tokens: int | None = None
    tokens: int | None = None
    """Drawn ones; both counts are the model's own, and None where they are unknown."""

    @property
    def cut_off(self) -> bool:
        """Return whether the model was stopped by its limit of tokens."""
        return self.finish_reason == "length"

    @property
    def key(self) -> SampleKey:
        """Return what tells this sample from every other."""
        return self.policy, self.task_id, self.index


class Evaluation(msgspec.Struct, frozen=True, kw_only=True):
    """What the judge said of one sample's program."""

    policy: str
    task_id: str
    index: Index
    difficulty: str
    completion_sha256: str
    program_sha256: str
    """Of the program that ran, which extraction took from the completion."""
    extraction: str
    """The rule that found the program; `none` where nothing in the completion is one."""
    discarded_chars: int
    """Characters of the completion that are no part of the program."""
    complete: bool
    """False where a last statement was left out because the model was stopped in it."""
    verdict: Verdict
    per_test: tuple[TestOutcome, ...]
    cpu_s: float
    detail: str

    @property
    def key(self) -> SampleKey:
        """Return the key of the sample that was judged."""
        return self.policy, self.task_id, self.index


class PromptCardId(msgspec.Struct, frozen=True, kw_only=True):
    """Which prompt card the completions answer, the SHA-256 of its file, and its stop strings."""

    name: str
    sha256: str
    stop: tuple[str, ...] = ()


class Sampling(msgspec.Struct, frozen=True, kw_only=True):
    """How completions are drawn; at temperature 0 the likeliest token is taken, and nothing is random."""

    n: Annotated[int, msgspec.Meta(ge=1)]
    """Samples a problem."""
    temperature: Annotated[float, msgspec.Meta(ge=0)]
    top_p: Annotated[float, msgspec.Meta(gt=0, le=1)]
    max_tokens: Annotated[int, msgspec.Meta(ge=1)]
    stop: tuple[str, ...]
    """Strings at which a completion ends; they are no part of it."""
    seed: int
    """The seed of each sample comes from this one, its task id and its index."""


class Producer(msgspec.Struct, frozen=True, kw_only=True):
    """Who draws completions: a change in any of this is another run."""

    backend: str
    model: str
    """As it was named."""
    weights: str
    """SHA-256 of a local folder's files, commit of a hub's repository, or what a server calls its model."""
    dtype: str
    """Such as float32 or bfloat16; empty where a server keeps it to itself."""
    versions: dict[str, str]
    """Of the libraries that decide the samples."""
    options: dict[str, str]
    """Other settings that may move a sample, such as the size of a batch."""
    repeatable: str
    """`yes`, or why another run with the same seed may draw other samples."""


class Source(msgspec.Struct, frozen=True, kw_only=True):
    """Where the problems came from, as the command line named it."""

    benchmark: str
    data: str | None = None
    limits: str | None = None


class Generation(msgspec.Struct, frozen=True, kw_only=True):
    """What was asked of a model: samples may stand in one file exactly if these are equal, `source` apart."""

    policy: str
    producer: Producer
    sampling: Sampling
    prompt_card: PromptCardId
    benchmark: str
    problem_set: str
    """The benchmark's set that was asked for, empty where a split was."""
    splits: tuple[str, ...]
    """Those of the problems, in the benchmark's order."""
    proctor: str
    source: Source
    prompts: dict[str, str]
    """Task id -> SHA-256 of its prompt; in the benchmark's order."""
    shard: str = ""
    """Such as 3/16, where only these of the problems are meant; empty where all are."""


class Run(msgspec.Struct, frozen=True, kw_only=True):
    """What was asked: two runs are the same examination exactly if these are equal, `source` apart."""

    samples_sha256: str
    """Empty while the samples are still being drawn."""
    benchmark: str
    problem_set: str
    """The benchmark's set that was asked for, which the samples cover; empty where they chose the problems."""
    splits: tuple[str, ...]
    """The splits that the samples come from, in the benchmark's order."""
    prompt_card: PromptCardId | None
    """None where nobody said which one the samples were drawn with."""
    sampling: Sampling | None
    producer: Producer | None
    """Both None where the samples came from elsewhere."""
    extraction: str
    """The setting; each evaluation says which rule it came to."""
    k: tuple[int, ...]
    limits: Limits
    """Those of most problems; the limits of each are part of its hash in `problems`."""
    limits_file: str
    """Name of the file of calibrated limits, empty where the benchmark's own were used."""
    exhaustive: bool
    isolation: dict[str, str]
    """Layer of isolation -> "in force" or why it is absent."""
    preload: tuple[str, ...]
    python: str
    """Version of the examined interpreter."""
    proctor: str
    source: Source
    problems: dict[str, str]
    """Task id -> SHA-256 of all that the problem says, tests and limits included; in the benchmark's order."""
    shard: str = ""
    """Such as 3/16, where only these of the problems are meant; empty where all are."""


class Tally(msgspec.Struct, frozen=True, kw_only=True):
    """Of `n` samples of a task that were judged, `c` were accepted; sandbox errors are not among the `n`."""

    task_id: str
    difficulty: str
    kind: str
    n: int
    c: int


class Score(msgspec.Struct, frozen=True, kw_only=True):
    """Mean pass@k over the `problems` of one difficulty and kind of test, with a 95 % interval, all in [0, 1].

    "all" stands for every difficulty, or every kind.
    """

    difficulty: str
    kind: str
    k: int
    value: float
    low: float
    high: float
    problems: int


class VerdictShare(msgspec.Struct, frozen=True, kw_only=True):
    """How many `samples` got a verdict, and their share: the mean over problems, with a 95 % interval, as in `Score`.

    Sandbox errors say nothing about a model, so they have no share; the share of accepted is pass@1.
    """

    difficulty: str
    kind: str
    verdict: Verdict
    samples: int
    value: float
    low: float
    high: float


class Usage(msgspec.Struct, frozen=True, kw_only=True):
    """What drawing the samples took, and how their completions ended."""

    prompt_tokens: int | None
    """Summed over samples; this and the next are None where a sample doesn't say."""
    tokens: int | None
    finish_counts: dict[str, int]
    """Why a completion ended -> samples; `unknown` where nobody said. `context` is where the prompt was too long."""


class Result(msgspec.Struct, frozen=True, kw_only=True):
    """What one policy reached, and under which conditions; holds no clock, so equal inputs give equal bytes.

    Every row of `scores` and `verdict_shares` names its difficulty and kind: "all" of both first, then each difficulty,
    each kind, and each pair that has problems. Verdicts that never came have no share.
    """

    schema: int = 3
    policy: str
    benchmark: str
    problem_set: str
    splits: tuple[str, ...]
    shard: str = ""
    """Such as 3/16, where the result is of these problems only."""
    problems_sha256: str
    prompt_card: PromptCardId | None
    sampling: Sampling | None
    producer: Producer | None
    usage: Usage
    extraction: str
    limits: Limits
    limits_file: str
    isolation: dict[str, str]
    python: str
    proctor: str
    verdict_counts: dict[Verdict, int]
    extraction_counts: dict[str, int]
    """Rule of extraction -> samples; `none` is where it failed."""
    cut_off: int
    """Samples whose last statement was left out because the model was stopped in it."""
    scores: tuple[Score, ...]
    verdict_shares: tuple[VerdictShare, ...]
    tallies: tuple[Tally, ...]
    """A row a problem, in the benchmark's order: these ids are the problems that were judged."""
