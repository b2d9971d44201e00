"""Hostile texts of any length, what is made of a program's or a model's text, and what one does to the other.

    python hostile_text.py 1/6 CHARACTERS...

puts every sixth shape, in each of these lengths, through all stages and prints what they took, see `main`.
"""

import hashlib
import json
import os
import resource
import sys
import tempfile
import time
import traceback
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

import msgspec
from usual_conditions import conditions

from harness.escapes import code_block, in_markdown, in_tree
from harness.explain import difference, explain, explanation_markdown
from harness.extraction.program import SETTINGS, program_of
from harness.extraction.text import is_sentence
from harness.formats.read import read_recorded
from harness.generation.backend import cut_at_stop
from harness.runs.jsonl import as_row, write_whole
from harness.runs.records import (
    Evaluation,
    Problem,
    PromptCardId,
    Repetition,
    Result,
    Run,
    Sample,
    Source,
    Tally,
    Usage,
)
from harness.scoring.report import report_markdown
from harness.syntax import parse_text
from leaderboards.gate import judge, junit, summary
from leaderboards.page.page import write_page
from leaderboards.render import tables_markdown
from leaderboards.table import TableEntry, tabulate
from sandbox import records
from sandbox.printable import readable
from sandbox.records import AssertTest, CallTest, StdioTest, Verdict
from trainers.compile.own_samples import read_jobs
from trainers.compile.rewards import RewardTable, Status

CPU_LIMIT_S = 10
"""For one text in one stage: ten times what is promised of 10^6 characters; then the kernel ends the process."""


class Shape(NamedTuple):
    """A text: a unit as often as it takes, between a head and a tail."""

    unit: str
    head: str = ""
    tail: str = ""

    def of_length(self, characters: int) -> str:
        """Return the text with so many characters, and those of a last unit."""
        room = characters - len(self.head) - len(self.tail)
        return self.head + self.unit * (room // len(self.unit) + 1) + self.tail


SHAPES: Mapping[str, Shape] = {
    "one letter": Shape("a"),
    "digits then a letter": Shape("1", tail="x"),
    "decimals": Shape("1.5 "),
    "exponents": Shape("1e9"),
    "spaces": Shape(" "),
    "spaces then a letter": Shape(" ", tail="x"),
    "newlines": Shape("\n"),
    "carriage returns": Shape("\r"),
    "form feeds": Shape("\f"),
    "tabs": Shape("\t"),
    "backslashes": Shape("\\"),
    "continued lines": Shape("\\\n"),
    "quotes": Shape('"'),
    "quotes and escapes": Shape('"\\"'),
    "bars": Shape("|"),
    "underscores": Shape("_ "),
    "markup": Shape("<b>&amp;]]>"),
    "zero bytes": Shape("\0"),
    "half surrogates": Shape("\ud800"),
    "bidi marks": Shape("\u202e\u2066"),
    "terminal escapes": Shape("\x1b[2J"),
    "combining": Shape("a\u0301\u0302"),
    "astral": Shape("\U0001f600"),
    "unassigned": Shape("\U000e0001"),
    "sentence then a word": Shape("b", head="The cat ", tail="="),
    "sentence then spaces": Shape(" ", head="The cat", tail="="),
    "sentence then stops": Shape("!", head="Sure", tail="="),
    "item's number": Shape("1", tail=". The cat sat"),
    "sentences": Shape("The cat sat on it.\n"),
    "short sentences": Shape("Ab cd\n"),
    "sentences in a string": Shape("The cat sat on it.\n", head='x = """\n'),
    "sentences in a bracket": Shape("The cat sat on it.\n", head="x = (1,\n"),
    "fences": Shape("```\n"),
    "named fences": Shape("```python\n"),
    "fences in a line": Shape("``` "),
    "backticks": Shape("`"),
    "tildes": Shape("~~~\n"),
    "blocks": Shape("```\na b\n```\n"),
    "blocks of programs": Shape("```python\nx = 1\n```\n"),
    "indented fences": Shape(" " * 50 + "```python\n" + " " * 50 + "x\n"),
    "fence and spaces": Shape(" ", head="```python"),
    "a long block": Shape("x = 1\n", head="```python\n", tail="```\n"),
    "thoughts": Shape("<think>"),
    "ends of thoughts": Shape("</think>"),
    "lines that end thoughts": Shape("</think>\n"),
    "thoughts and blanks": Shape(" \n", head="<think></think>", tail="x"),
    "thoughts and spaces": Shape("</think>" + " " * 50),
    "begin": Shape("[BEGIN]\n"),
    "done": Shape("[DONE]\n"),
    "begin and done": Shape("[BEGIN]\nx\n[DONE]\n"),
    "def f(": Shape("def f("),
    "a+": Shape("a+", tail="a"),
    "a.a": Shape("a.", tail="a"),
    "a<": Shape("a<", tail="a"),
    "a=": Shape("a=", tail="a"),
    "brackets": Shape("("),
    "other brackets": Shape("[{("),
    "calls": Shape("f("),
    "lists": Shape("[1,"),
    "dictionaries": Shape("{1:"),
    "minus": Shape("-", tail="1"),
    "not": Shape("not ", tail="1"),
    "lambda": Shape("lambda:", tail="1"),
    "if else": Shape("a if a else ", tail="a"),
    "x=1": Shape("x=1\n"),
    "statements in a line": Shape("a;"),
    "names": Shape("a\n"),
    "names, then an error": Shape("a\n", tail="b b"),
    "tokens": Shape("a "),
    "ones": Shape("1,", head="x=[", tail="]"),
    "deep tuple": Shape("a,", head="(" * 190, tail=")" * 190),
    "deep tuple, then an error": Shape("a,", head="(" * 190, tail=")" * 190 + " b"),
    "many for": Shape("for a in a ", head="[a ", tail="]"),
    "elif": Shape("elif a:\n a\n", head="if a:\n a\n"),
    "decorators": Shape("@a\n"),
    "imports": Shape("a,", head="import ", tail="a"),
    "steps in": Shape("".join(" " * depth + "class A:\n" for depth in range(90)) + " " * 90 + "a\n"),
    "indented": Shape(" " * 5000 + "a\n"),
    "f-string": Shape("{a}", head="x=f'", tail="'"),
    "f-strings": Shape('f"{a}"'),
    "nested f-strings": Shape("f'{"),
    "braces in an f-string": Shape("{{", head='f"', tail='"'),
    "strings": Shape('"a" ', head="x=(", tail=")"),
    "escapes in a string": Shape("\\q", head='"', tail='"'),
    "names of signs": Shape("\\N{DIGIT ONE}", head='"', tail='"'),
    "comments": Shape("#\n"),
    "a function, often": Shape("def f(x): return f(x)\n"),
    "a class, often": Shape("class Solution:\n def f(self, x): return x\n"),
    "punycode": Shape("9", head="# coding: punycode\na-"),
    "prompt, often": Shape('def f(x):\n    """Do."""\n'),
    "hash signs": Shape("#"),
    "JSON": Shape('[{"a":'),
}

PROMPT = 'def f(x):\n    """Do."""\n'
KEPT = 2000
"""Characters of an output that the judge keeps."""
REWARDS = RewardTable(rewards={Status.ACCEPTED: 1.0, Status.WRONG_ANSWER: -0.1})
CARD = PromptCardId(name="card", sha256="0", stop=("\nclass", "\nprint", "```\n\n\n", "[DONE]"))
CALLED = Problem(
    task_id="1", benchmark="toy", split="test", statement="f", tests=(AssertTest(code="assert f(1)", names=("f",)),)
)
PRINTED = msgspec.structs.replace(
    CALLED, tests=(StdioTest(stdin="", expected_stdout="1"),), starter_code="def solve():\n    "
)
IN_CLASS = msgspec.structs.replace(
    CALLED,
    tests=(CallTest(function="Solution().f", arguments=(1,), expected=1),),
    starter_code="class Solution:\n    def f(self, x: int) -> int:\n        ",
)


def _sample(text: str, policy: str = "m", task_id: str = "1") -> Sample:
    return Sample(policy=policy, task_id=task_id, index=0, completion=text, prompt=PROMPT, finish_reason="length")


def _evaluation(text: str) -> Evaluation:
    text = text[:KEPT]
    failed = records.TestOutcome(
        verdict=Verdict.WRONG_ANSWER, cpu_s=0, wall_s=0, peak_memory_bytes=0, expected=f"1\n{text}",
        actual=f"2\n{text}", detail=text,
    )  # fmt: skip
    return Evaluation(
        policy="m", task_id="1", index=0, difficulty="", completion_sha256="", program_sha256="", extraction="whole",
        discarded_chars=0, complete=True, verdict=Verdict.WRONG_ANSWER, per_test=(failed,), cpu_s=0, detail=text,
    )  # fmt: skip


def _result(name: str, accepted: int = 0) -> Result:
    return Result(
        policy=name, conditions=conditions(),
        usage=Usage(prompt_tokens=None, tokens=None, finish_counts={"unknown": 1}),
        verdict_counts={verdict: int(verdict is Verdict.WRONG_ANSWER) for verdict in Verdict},
        extraction_counts={"whole": 1}, cut_off=0, repetition=Repetition(problems=0, equal=0),
        scores=(), verdict_shares=(),
        tallies=(Tally(task_id=name, difficulty="", kind="call", n=1, c=accepted),),
    )  # fmt: skip


def _extracted(problem: Problem, setting: str) -> Callable[[str], object]:
    return lambda text: program_of(_sample(text), problem, setting, CARD)


def _explained(text: str) -> str:
    return explanation_markdown(explain(_sample(text), _evaluation(text), CALLED, SETTINGS[0], CARD))


def _gated(text: str) -> object:
    found = judge(_result(text, accepted=1), _result(text))
    return junit(found), summary(found)


def _tabulated(text: str) -> object:
    entry = TableEntry(method=text, model="", result=_result(text), run=Path(), link="run")
    tables = tabulate([entry])
    with tempfile.TemporaryDirectory() as name:
        return tables_markdown(tables), write_page(Path(name), tables, {text: entry}, ())


def _paged(text: str) -> None:
    text = text.encode(errors="replace").decode()  # no row of a run can hold half a surrogate pair
    sample = _sample(text)
    asked = Run(
        samples_sha256=hashlib.sha256(as_row(sample)).hexdigest(),
        k=(1,), conditions=conditions(), source=Source(benchmark="toy"), problems={},
    )  # fmt: skip
    with tempfile.TemporaryDirectory() as name:
        run = Path(name)
        for file, record in (("run.json", asked), ("samples.jsonl", sample), ("evaluations.jsonl", _evaluation(text))):
            write_whole(run / file, as_row(record))
        result = msgspec.structs.replace(_result("m"), tallies=_result("1").tallies)
        write_page(run / "page", (), {"run": TableEntry(method="m", model="", result=result, run=run, link="run")}, ())
        read_jobs([run], REWARDS, Counter())
        list(read_recorded(run / "samples.jsonl"))


STAGES: Mapping[str, Callable[[str], object]] = {
    "extraction, call": _extracted(CALLED, "entry_point"),
    "extraction, stdio": _extracted(PRINTED, "first"),
    "extraction, class": _extracted(IN_CLASS, "longest"),
    "syntax": parse_text,
    "prose": is_sentence,
    "stop": lambda text: cut_at_stop(text, CARD.stop),
    "explain": _explained,
    "difference": lambda text: difference(f"1\n{text}", f"{text}\n2"),
    "report": lambda text: report_markdown([_result(text)]),
    "gate": _gated,
    "table": _tabulated,
    "page": _paged,
    "terminal": readable,
    "markdown": lambda text: (in_markdown(text), code_block(text)),
    "tree": in_tree,
}
"""What is made of a text, by name; a checker belongs here as a function of the program's output."""


class Cost(NamedTuple):
    """What a stage took for a text."""

    cpu_s: float
    peak_mib: float
    """Of the whole process, up to then."""


Costs = Mapping[str, Sequence[Cost]]
"""By stage, one for each length; a stage in which the process was ended, or that raised something, has too few."""


def costs(stages: Sequence[str], shape: str, lengths: Sequence[int]) -> Costs:
    """Put texts of a shape through the stages, all in one process of their own."""
    reading, writing = os.pipe()
    child = os.fork()
    if not child:
        with suppress(BaseException), os.fdopen(writing, "w", buffering=1) as answer:
            for stage in stages:
                for length in lengths:
                    print(json.dumps((stage, _cost(stage, SHAPES[shape].of_length(length)))), file=answer)
        os._exit(0)
    os.close(writing)
    with os.fdopen(reading) as answer:
        rows = [json.loads(row) for row in answer]
    os.waitpid(child, 0)
    return {stage: [Cost(*cost) for of, cost in rows if of == stage] for stage in stages}


def _cost(stage: str, text: str) -> Cost:
    start_s = time.process_time()
    _, hard = resource.getrlimit(resource.RLIMIT_CPU)
    resource.setrlimit(resource.RLIMIT_CPU, (int(start_s) + CPU_LIMIT_S, hard))
    try:
        STAGES[stage](text)
    except BaseException:
        traceback.print_exc()
        raise
    return Cost(time.process_time() - start_s, _peak_mib())


def _peak_mib() -> float:
    """Return the peak of this process alone; what getrusage says may be its parent's."""
    (line,) = (line for line in Path("/proc/self/status").read_text().splitlines() if line.startswith("VmHWM"))
    return int(line.split()[1]) / 1024


def main(shapes: str, *lengths: str) -> None:
    """Print the costs of all stages as JSON, by shape: of those that `shapes` names, such as 2/6, the second sixth."""
    number, count = map(int, shapes.split("/"))
    chosen = [*SHAPES][number - 1 :: count]
    json.dump({shape: costs([*STAGES], shape, [*map(int, lengths)]) for shape in chosen}, sys.stdout)


if __name__ == "__main__":
    main(*sys.argv[1:])
