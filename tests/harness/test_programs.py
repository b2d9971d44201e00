"""Completions in, programs out, as the judge runs them."""

import pytest

from harness import plugins
from harness.benchmarks.benchmark import Benchmark
from harness.extraction.program import AS_IT_IS, FAILED, SETTINGS, entry_point_of, program_of
from harness.generation.prompts import card_names
from harness.runs.records import Problem, PromptCardId, Sample
from sandbox.records import AssertTest, CallTest, StdioTest

STDIO = StdioTest(stdin="", expected_stdout="")
HEAD = "def f(x):\n"


def sample(completion, **fields):
    """Return a sample."""
    return Sample(policy="gpt", task_id="1", index=0, completion=completion, **fields)


def problem(test, **fields):
    """Return a problem with one test."""
    return Problem(task_id="1", benchmark="toy", split="test", statement="s", tests=(test,), **fields)


CALL = problem(CallTest(function="f", arguments=(1,), expected=1))


@pytest.mark.parametrize(
    ("completion", "asked", "program", "rule"),
    [
        ("def f(x): return x", CALL, "def f(x): return x", "whole"),
        ("Sure:\n```python\nf = abs\n```\n", CALL, "f = abs\n", "fence"),
        (
            "    return x",
            problem(STDIO, starter_code=HEAD, entry_point="f"),
            "def f(x):\n    return x",
            "continuation",
        ),
        ("no program", CALL, "no program", "none"),
    ],
    ids=["whole", "fence", "body", "none"],
)
def test_a_program_is_found_by_the_rules(completion, asked, program, rule):
    """By the usual setting; the starter code is what a body continues."""
    found = program_of(sample(completion), asked, SETTINGS[0])

    assert (found.program, found.rule) == (program, rule)


def test_a_completion_is_run_as_it_is_where_that_is_asked_for():
    """Fences and all."""
    fenced = "```python\nf = abs\n```\n"

    found = program_of(sample(fenced), CALL, AS_IT_IS)

    assert (found.program, found.rule, found.discarded) == (fenced, "whole", ())


@pytest.mark.parametrize("setting", SETTINGS)
@pytest.mark.parametrize("completion", ["", " \n\t", "\u00a0"])
def test_a_blank_completion_holds_no_program(completion, setting):
    """It is counted with those that don't, whatever is made of it."""
    assert program_of(sample(completion), CALL, setting).rule == FAILED


def test_the_cards_stop_strings_end_a_completion():
    """Those of the card that the sample was drawn with, where what follows is no program."""
    drawn = sample("def f(x): return x\nSTOP (and so on")

    found = program_of(drawn, CALL, SETTINGS[0], PromptCardId(name="c", sha256="h", stop=("\nSTOP",)))

    assert (found.program, found.rule) == ("def f(x): return x", "stop")


@pytest.mark.parametrize("setting", [SETTINGS[0], AS_IT_IS])
def test_a_function_of_the_starter_code_is_called(setting):
    """The solution of a problem on standard input that only defines it would print nothing."""
    asked = problem(STDIO, starter_code="def solve():")

    found = program_of(sample("def solve():\n    print(1)\n"), asked, setting)

    assert found.program.splitlines()[-1] == "solve()"


@pytest.mark.parametrize(
    ("asked", "name"),
    [
        (problem(STDIO), ""),
        (CALL, "f"),
        (problem(CallTest(function="Solution().g", arguments=(), expected=1)), "g"),
        (problem(AssertTest(code="assert h(i)", names=("h", "i"))), "h"),
        (problem(AssertTest(code="assert True")), ""),
        (problem(STDIO, entry_point="main"), "main"),
    ],
    ids=["stdio", "call", "method", "assert", "no names", "named"],
)
def test_the_entry_point_is_what_the_tests_take_from_the_program(asked, name):
    """The problem's own word counts most."""
    assert entry_point_of(asked) == name


@pytest.mark.parametrize("name", plugins.names("proctor.benchmarks"))
def test_the_default_card_of_a_benchmark_ships(name):
    """Or there is none."""
    benchmark = plugins.resolve("proctor.benchmarks", name, Benchmark)

    assert benchmark.prompt_card in {"", *card_names()}
