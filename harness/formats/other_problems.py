"""Notices programs that answer other problems than their position or number says."""

import re
from collections import Counter, defaultdict
from collections.abc import Mapping

from harness.errors import UserError
from harness.runs.records import Problem
from sandbox.records import AssertTest, CallTest

_DEFINED = re.compile(r"^(?:async )?def (\w+)", re.MULTILINE)


class OtherProblems:
    """Counts the programs that define the function that their problem wants, and those that another wants."""

    def __init__(self, problems: Mapping[str, Problem], split: str = "") -> None:
        """Learn what the problems ask for.

        Args:
            problems: of the benchmark; each is looked up once.
            split: of the problems; "" for every one.
        """
        wanted = {problem.task_id: _wanted(problem) for problem in problems.values() if split in {"", problem.split}}
        self.task_ids = tuple(wanted)
        """In the benchmark's order."""
        self._places = {task_id: place for place, task_id in enumerate(self.task_ids)}
        self._wanted = wanted
        self._asking = defaultdict[str, list[str]](list)
        for task_id, names in wanted.items():
            for name in names:
                self._asking[name].append(task_id)
        self._own = self._other = 0
        self._shifts = Counter[int]()
        self._example = ""

    def count(self, task_id: str, program: str) -> None:
        """Take a program into account.

        Args:
            task_id: of the problem that it is said to answer.
            program: its text, or that of its completion.
        """
        names = self._wanted.get(task_id, frozenset())
        defined = set(_DEFINED.findall(program)) if names else set()
        if not defined.isdisjoint(names):
            self._own += 1
        elif known := sorted(defined & self._asking.keys()):
            self._other += 1
            place = self._places[task_id]
            self._shifts.update({self._places[other] - place for name in known for other in self._asking[name]})
            self._example = self._example or (
                f"what answers {task_id} defines {known[0]}, for which {self._asking[known[0]][0]} asks"
            )

    def refuse(self, name: str, offset: int | None) -> None:
        """Refuse the samples where most are programs for other problems.

        Args:
            name: of the file.
            offset: by which lists without task ids were counted; None where the samples have ids.

        Raises:
            UserError: They are.
        """
        if self._other <= self._own:
            return
        ((shift, fitting),) = self._shifts.most_common(1)
        advice = "check --benchmark and --data"
        if offset is not None and fitting > self._own and offset + shift >= 0:
            advice = f"by --offset {offset + shift} {fitting} of them would fit"
        raise UserError(
            f"{name}: {self._other} programs belong to other problems by position ({self._example}); {advice}"
        )


def _wanted(problem: Problem) -> frozenset[str]:
    """Return the functions of which a program for the problem defines one; none where it is run as a whole."""
    names = {problem.entry_point}
    for test in problem.tests:
        if isinstance(test, AssertTest):
            names.update(test.names)
        elif isinstance(test, CallTest):
            names.add(test.function)
    return frozenset(names - {""})
