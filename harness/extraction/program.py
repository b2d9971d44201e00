"""Turns the completion of a sample into the program that runs: the one place for it."""

import msgspec

from harness.benchmarks.prelude import load_prelude
from harness.benchmarks.starter_code import complete_program
from harness.extraction.extract import FAILED, extract
from harness.extraction.frames import ends_in_thought
from harness.extraction.reading import Extraction
from harness.extraction.select import Fence
from harness.runs.records import Problem, PromptCardId, Sample
from harness.syntax import Grammar
from sandbox.records import AssertTest, CallTest

AS_IT_IS = "whole"
SETTINGS = (*(fence.value for fence in Fence), AS_IT_IS)
"""What `--extraction` takes, the usual one first: which of several fenced blocks is the program, or no extraction."""

_CHAT = '[{"role":'
"""How the prompt of a chat begins: JSON, which no completion goes on, although it happens to be Python."""


def program_of(
    sample: Sample, problem: Problem, setting: str, card: PromptCardId | None = None, grammar: Grammar | None = None
) -> Extraction:
    """Return the program of a sample under a setting of extraction.

    What the problem's starter code leaves to the judge (a call) is part of the program, and of no rule.

    Args:
        sample: with the completion.
        problem: that it answers.
        setting: one of `SETTINGS`.
        card: with which it was generated, for its stop strings; None where that is unknown.
        grammar: that parses as the interpreter does which runs the program; None for this one.

    Returns:
        The program as it runs; `rule` ends with `FAILED` where nothing in the completion is one, or it is blank.
    """
    found = Extraction(program=sample.completion, rule=AS_IT_IS)
    if setting != AS_IT_IS:
        found = extract(
            sample.completion,
            prompt=problem.starter_code or ("" if sample.prompt.startswith(_CHAT) else sample.prompt),
            entry_point=entry_point_of(problem),
            fence=Fence(setting),
            stop=card.stop if card else (),
            cut_off=sample.cut_off,
            in_thought=ends_in_thought(sample.prompt),
            grammar=grammar,
        )
    if not (sample.completion.strip() and found.program.strip()):
        found = msgspec.structs.replace(found, rule=FAILED)
    return msgspec.structs.replace(found, program=complete_program(found.program, problem, grammar))


def prelude_of(program: str, problem: Problem, grammar: Grammar | None = None) -> str:
    """Return what is executed before a program: the names of the problem's prelude that it needs.

    Args:
        program: as it runs.
        problem: that it answers.
        grammar: that parses as the interpreter does which runs the program; None for this one.

    Returns:
        Source text, mostly empty.
    """
    return load_prelude(problem.prelude).needed_by(program, grammar) if problem.prelude else ""


def entry_point_of(problem: Problem) -> str:
    """Return the function that a program must define, empty where it is run as a whole.

    Args:
        problem: with at least one test.

    Returns:
        Its bare name, without `Solution().`.
    """
    match problem.tests[0]:
        case AssertTest(names=(name, *_)) if not problem.entry_point:
            return name
        case CallTest(function=function) if not problem.entry_point:
            return function.removeprefix("Solution().")
    return problem.entry_point
