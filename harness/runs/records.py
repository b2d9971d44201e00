"""Defines the records of the files that proctor writes; docs/glossary.md explains their words."""

from typing import Annotated, Literal

import msgspec

from harness.runs.metrics import CleanScore, Consistency
from sandbox.records import Limits, Test, TestOutcome, Verdict

Index = Annotated[int, msgspec.Meta(ge=0)]

SampleKey = tuple[str, str, int]
"""(policy, task_id, index)."""


FinishReason = Literal["stop", "length", "context"]
"""Why a completion ended: the model or a stop string ended it, `max_tokens` or the end of the model's context cut it
off, or the prompt alone left no room for a single token."""


class Problem(msgspec.Struct, frozen=True, kw_only=True):
    """Holds a task and the tests that decide it; `difficulty` is the benchmark's own label, or empty."""

    task_id: str
    benchmark: str
    split: str
    statement: str
    tests: tuple[Test, ...]
    limits: Limits = Limits()
    """Of each test."""
    starter_code: str = ""
    entry_point: str = ""
    """The function that the statement asks for, empty where the tests alone name what they need."""
    difficulty: str = ""
    reference: str = ""
    """A program known to be right."""
    other_references: tuple[str, ...] = ()
    """Some more such programs; where one of them gives another answer, there may be several right ones."""
    date: str = ""
    """Day of publication, such as 2024-08-17; empty where it is unknown."""
    prelude: str = ""
    """Name of the prelude of its programs, see `harness.benchmarks.prelude`; empty for none."""
    contest: str = ""
    """Such as codeforces/1036, where its row names one; no part of what the problem says, nor of its hash."""

    @property
    def kind(self) -> str:
        """Return the kind of its tests: stdio, call or assert; "mixed" where they are of several kinds."""
        kinds = {str(test.__struct_config__.tag) for test in self.tests}
        return kinds.pop() if len(kinds) == 1 else "mixed"


class Sample(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Holds a completion and the name of its policy; `index` counts those of one policy for one task from 0."""

    policy: str
    task_id: str
    index: Index
    completion: str
    prompt: str = ""
    """The text, or for a chat the JSON list of its messages; empty where it is unknown."""
    seed: int | None = None
    finish_reason: FinishReason | Literal[""] = ""
    """Empty where it is unknown."""
    prompt_tokens: int | None = None
    tokens: int | None = None
    """Generated ones; both counts are the model's own, and None where they are unknown."""
    log_prob: float | None = None
    """The sum of the log-probabilities of prompt -> completion and end, at temperature 1; None where it is unknown."""

    @property
    def cut_off(self) -> bool:
        """Return whether the model was stopped by its limit of tokens."""
        return self.finish_reason == "length"

    @property
    def key(self) -> SampleKey:
        """Return the key of the sample."""
        return self.policy, self.task_id, self.index


class Evaluation(msgspec.Struct, frozen=True, kw_only=True):
    """Records the verdict on one sample's program."""

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
    reused: bool = False
    """Whether it is the judgement of an equal program, times and memory included."""

    @property
    def key(self) -> SampleKey:
        """Return the key of the sample that was judged."""
        return self.policy, self.task_id, self.index


class PromptCardId(msgspec.Struct, frozen=True, kw_only=True):
    """Identifies a prompt card by its name and the SHA-256 of its file, and names its stop strings."""

    name: str
    sha256: str
    stop: tuple[str, ...] = ()


class Sampling(msgspec.Struct, frozen=True, kw_only=True):
    """Settles the sampling of completions; at temperature 0 the likeliest token is taken, and nothing is random."""

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
    """Identifies the model that generates, and its surroundings: a change in any of this is another run."""

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
    """Other settings that may change a sample, such as the size of a batch."""
    repeatable: str
    """`yes`, or why another run with the same seed may generate other samples."""


class Source(msgspec.Struct, frozen=True, kw_only=True):
    """Names the source of the problems as the user gave it."""

    benchmark: str
    data: str | None = None
    limits: str | None = None
    checkers: str | None = None


class Generation(msgspec.Struct, frozen=True, kw_only=True):
    """Records a request to a model: samples belong in one file exactly if these are equal, `source` apart."""

    policy: str
    producer: Producer
    sampling: Sampling
    prompt_card: PromptCardId
    benchmark: str
    problem_set: str
    """Name of the published set that was selected, empty where a split was."""
    splits: tuple[str, ...]
    """Those of the problems, in the benchmark's order."""
    proctor: str
    source: Source
    prompts: dict[str, str]
    """Task id -> SHA-256 of its prompt; in the benchmark's order."""
    shard: str = ""
    """Such as 3/16, where only these of the problems are meant; empty where all are."""


class Conditions(msgspec.Struct, frozen=True, kw_only=True):
    """Records the conditions of an examination, see `harness.runs.conditions`."""

    benchmark: str
    data_version: str = ""
    """Of the benchmark's data, such as v0.1.10; empty where there are no versions under that name."""
    problem_set: str
    """Name of the published set that was selected, all of whose problems have samples; empty where there is none."""
    splits: tuple[str, ...]
    """Of the problems, in the benchmark's order."""
    shard: str = ""
    """Such as 3/16, where only these of the problems are meant; empty where all are."""
    problems_sha256: str
    """Of all that the problems say, tests and limits included."""
    samples: int
    """Of the problem that has most; those lost to sandbox errors count."""
    prompt_card: PromptCardId | None
    """None where the card is unknown, as are the next two where the samples came from elsewhere."""
    sampling: Sampling | None
    producer: Producer | None
    extraction: str
    """The setting; each evaluation names the rule that applied."""
    exhaustive: bool
    limits: Limits
    """Those of most problems; the limits of each are part of its hash."""
    limits_file: str
    """Name of the file of calibrated limits, empty where the benchmark's own were used."""
    checkers_sha256: str = ""
    """Of the file of checkers that were named for some problems, empty where the benchmark's own were used."""
    isolation: dict[str, str]
    """Layer of isolation -> "in force" or why it is absent."""
    preload: tuple[str, ...]
    allow: dict[str, str] = {}
    """Package that the sandbox shows on request -> version, those that it needs included."""
    preludes: dict[str, str] = {}
    """Prelude that problems name -> SHA-256 of its file."""
    python: str
    """Version of the examined interpreter."""
    proctor: str


MOST_SAMPLES = 100_000
"""Of one problem: memory, and the time of pass@k, grow with their number."""
SCHEMA = 5
"""Of run.json and result.json."""


class Run(msgspec.Struct, frozen=True, kw_only=True):
    """Records the request of a run: two are the same exactly if these are equal, `source` apart."""

    schema: int = SCHEMA
    samples_sha256: str
    """Empty while the samples are being generated."""
    k: tuple[int, ...]
    conditions: Conditions
    source: Source
    problems: dict[str, str]
    """Task id -> SHA-256 of all that the problem says, tests and limits included; in the benchmark's order."""


class Tally(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Counts the `n` samples of a task that were judged and the `c` accepted; sandbox errors are not among the `n`."""

    task_id: str
    difficulty: str
    kind: str
    date: str = ""
    """Day of the problem's publication; empty where it is unknown."""
    family: str = ""
    """Such as the problem's contest; empty where problems stand alone."""
    n: int
    c: int
    lost: int = 0
    """Samples with a sandbox error."""
    answers: tuple[int, ...] | None = None
    """Sizes of the groups of wrong samples that answered all tests alike; None where not all answers are known."""


class Score(msgspec.Struct, frozen=True, kw_only=True):
    """Holds the mean pass@k over the `problems` of one difficulty and kind of test, with a 95 % interval, in [0, 1].

    "all" means every difficulty, or every kind.
    """

    difficulty: str
    kind: str
    k: int
    value: float
    low: float
    """Of the interval for other problems like these."""
    high: float
    redrawn_low: float | None = None
    """Of the interval for these problems drawn again; None where a problem has but one sample."""
    redrawn_high: float | None = None
    problems: int


class VerdictShare(msgspec.Struct, frozen=True, kw_only=True):
    """Holds the number of `samples` with a verdict, and their share: the mean over problems, as in `Score`.

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
    """Adds up the tokens of samples, and counts their finish reasons."""

    prompt_tokens: int | None
    """Summed over samples; this and the next are None where a sample has no count."""
    tokens: int | None
    finish_counts: dict[str, int]
    """Finish reason -> samples; `unknown` where there is none. `context` means that the prompt was too long."""


class Repetition(msgspec.Struct, frozen=True, kw_only=True):
    """Counts the problems with several samples, and those of them with equal ones only, byte for byte."""

    problems: int
    equal: int


class Result(msgspec.Struct, frozen=True, kw_only=True):
    """Reports the scores of one policy and their conditions; holds no clock, so equal inputs give equal bytes.

    Every row of `scores` and `verdict_shares` names its difficulty and kind: "all" of both first, then each difficulty,
    each kind, and each pair that has problems. Verdicts that never came have no share.
    """

    schema: int = SCHEMA
    policy: str
    conditions: Conditions
    usage: Usage
    verdict_counts: dict[Verdict, int]
    extraction_counts: dict[str, int]
    """Rule of extraction -> samples; `none` is where it failed."""
    cut_off: int
    """Samples whose last statement was left out because the model was stopped in it."""
    repetition: Repetition
    absent_packages: dict[str, int] = {}
    """Package that is absent in the sandbox -> samples that failed for it; of more than 1000 names, the first."""
    scores: tuple[Score, ...]
    consistency: tuple[Consistency, ...] = ()
    verdict_shares: tuple[VerdictShare, ...]
    contaminated: tuple[str, ...] = ()
    """Task ids of the judged problems that were named as contaminated."""
    clean_scores: tuple[CleanScore, ...] = ()
    tallies: tuple[Tally, ...]
    """A row a problem, in the benchmark's order: these ids are the problems that were judged."""
