"""evalplus' own checker on our samples, from a checkout of it: its code forks and judges, unchanged but for one call.

It asks psutil for the machine's memory for each sample, which a jail does not show, so that answer is given beforehand.
Its limits are its defaults, 4 s a test. As in its evaluate.py, the workers are forked from a process that holds MBPP+.

Two ways. `asserts`: each assertion becomes an input of a function that evaluates it in the program's names, so that
both harnesses run the same statements; a sample is [program, assertions]. `native`: MBPP+ as evalplus judges it, its
own inputs, answers of the references and comparison, the base inputs in one fork and the further ones in another; a
sample is [task id, program]. Needs psutil beside numpy.

Usage: python -S evalplus_baseline.py WORKERS CHECKOUT asserts|native DATA, samples as JSON on stdin; prints what
forking_baseline.py does.
"""

import importlib
import json
import sys
from types import ModuleType
from typing import Any

from forking_baseline import data_set, enter_jail, measure

sys.path.insert(0, sys.argv[2])
import evalplus.eval as checker
from evalplus.gen.util import trusted_exec

checker.query_maximum_memory_bytes = lambda: 4 << 30
RUNNER = "\ndef _proctor_run(test):\n    exec(test, globals())\n    return True\n"
DOWNLOADING = {"wget": {}, "tempdir": {}, "appdirs": {"user_cache_dir": lambda _: ""}}
"""Modules that evalplus' reader imports to fetch files, which is not done here, and what it takes of them."""


def check_asserts(sample: tuple[str, list[str]]) -> bool:
    """Let evalplus judge a sample by assertions."""
    program, tests = sample
    inputs, expected = [[test] for test in tests], [True] * len(tests)
    times = [0.01] * len(tests)
    found, _ = checker.untrusted_check("mbpp", program + RUNNER, inputs, "_proctor_run", expected, 0, times, True)
    return bool(found == checker.PASS)


def check_native(sample: tuple[dict[str, Any], str, dict[str, Any]]) -> bool:
    """Let evalplus judge a sample by MBPP+, as its check_correctness does."""
    problem, program, answers = sample
    found = [
        checker.untrusted_check(
            "mbpp", program, problem[f"{kind}_input"], problem["entry_point"], answers[kind], problem["atol"],
            answers[f"{kind}_time"], True,
        )[0]
        for kind in ("base", "plus")
    ]  # fmt: skip
    return found == [checker.PASS, checker.PASS]


def native_samples(asked: list[tuple[str, str]], problems: list[dict[str, Any]]) -> list[Any]:
    """Return what evalplus hands to its workers; runs the references, so call it in the jail."""
    known = {problem["task_id"]: problem for problem in problems}
    answers = {task_id: answers_of(known[task_id]) for task_id in dict(asked)}
    return [(known[task_id], program, answers[task_id]) for task_id, program in asked]


def answers_of(problem: dict[str, Any]) -> dict[str, Any]:
    """Return what a reference answers and how long it takes, as evalplus' get_groundtruth does."""
    reference, entry_point = problem["prompt"] + problem["canonical_solution"], problem["entry_point"]
    not_none = entry_point in checker.MBPP_OUTPUT_NOT_NONE_TASKS
    answers = {}
    for kind in ("base", "plus"):
        inputs = problem[f"{kind}_input"]
        answers[kind], answers[f"{kind}_time"] = trusted_exec(
            reference, inputs, entry_point, record_time=True, output_not_none=not_none
        )
    return answers


def give_types_back(problems: list[dict[str, Any]]) -> None:
    """Give inputs back the types that JSON cost them, by evalplus' own code, without what downloads data."""
    package = ModuleType("evalplus.data")
    package.__path__ = [f"{sys.argv[2]}/evalplus/data"]
    sys.modules["evalplus.data"] = package
    for name, holds in DOWNLOADING.items():
        sys.modules[name] = ModuleType(name)
        vars(sys.modules[name]).update(holds)
    reader = importlib.import_module("evalplus.data.mbpp")
    for problem in problems:
        for kind in ("base_input", "plus_input"):
            problem[kind] = reader.mbpp_deserialize_inputs(problem["task_id"], list(problem[kind]))


def main() -> None:
    """Judge all samples in one jail and print the figures."""
    samples = json.load(sys.stdin)
    workers, native = int(sys.argv[1]), sys.argv[3] == "native"
    held = data_set(sys.argv[4])
    if native:
        wanted = dict(samples)
        give_types_back([problem for problem in held if problem["task_id"] in wanted])
    enter_jail()
    if native:
        measure(check_native, native_samples(samples, held), workers, held)
    else:
        measure(check_asserts, samples, workers, held)


if __name__ == "__main__":
    main()
