"""Every run is like the first: nothing of one run, program or worker is there for the next."""

import numpy as np
import pytest

from sandbox.jail import Jail
from sandbox.judge import Judge
from sandbox.records import CallTest, StdioTest, Verdict

pytestmark = pytest.mark.slow


def test_the_environment_holds_nothing_of_ours(monkeypatch):
    """Only what every program gets, by name; nothing of the judge's own environment."""
    monkeypatch.setenv("OUR_SECRET", "s3cret")
    usual = (
        "GLIBC_TUNABLES HOME LANG LC_CTYPE MALLOC_ARENA_MAX OMP_NUM_THREADS OPENBLAS_NUM_THREADS PATH PYTHONHASHSEED "
        "PYTHONINTMAXSTRDIGITS TMPDIR TZ".split()
    )
    program = f"import os\nprint(sorted(set(os.environ) - set({usual})))"

    with Judge(Jail()) as started_with_the_secret:
        judgement = started_with_the_secret.judge(program, (StdioTest(stdin="", expected_stdout="[]"),))
    assert judgement.verdict is Verdict.ACCEPTED


@pytest.mark.parametrize(
    "leaves",
    [
        "open('left', 'w').close()", "open('/tmp/left', 'w').close()", "import os; os.mkdir('left')",
        "import os; os.symlink('/', 'left')", "import os; os.mkfifo('left')",
        "import os; os.makedirs('left/left'); os.chmod('left', 0)",
        "import tempfile; tempfile.mkdtemp()", "import shelve; shelve.open('left').close()",
        "open('/dev/shm/left', 'w').close()",
        "import os; open('left', 'w').close(); os.utime('.', ns=(0, 0))",
        "import os; os.mkdir('/tmp/left'); os.rename('/tmp/left', b'/tmp/\\xff'); os.chmod('/tmp', 0)",
    ],
)  # fmt: skip
def test_no_file_is_left_for_the_next_test(any_judge, leaves):
    """Whatever a program leaves in its writable place is gone at its next run."""
    program = f"""
import os
print(os.listdir(), [path for path in ('/tmp/left', '/dev/shm/left') if os.path.exists(path)])
try:
    {leaves}
except OSError:
    pass
"""
    tests = (StdioTest(stdin="", expected_stdout="[] []"),) * 2

    assert any_judge.judge(program, tests).verdict is Verdict.ACCEPTED


def test_the_state_of_modules_is_not_carried_to_the_next_test(judge):
    """What a run does to a warm module is gone in the next run, and in the next program."""
    program = "import math\nprint(math.pi)\nmath.pi = 3\n"
    tests = (StdioTest(stdin="", expected_stdout="3.141592653589793"),) * 2

    verdicts = [judge.judge(program, tests).verdict for _ in range(2)]

    assert verdicts == [Verdict.ACCEPTED] * 2


@pytest.mark.parametrize("kind", ["stdio", "call"])
def test_a_program_may_have_modules_named_as_ours(judge, kind):
    """Nothing of ours is among the loaded ones, so its own is found."""
    program = """
with open("sandbox.py", "w") as file:
    file.write("answer = 42")
import sys
sys.path.insert(0, ".")
import sandbox
def f():
    return sandbox.answer
if __name__ == "__main__":
    print(f())
"""
    tests = {
        "stdio": StdioTest(stdin="", expected_stdout="42"), "call": CallTest(function="f", arguments=(), expected=42),
    }  # fmt: skip

    assert judge.judge(program, (tests[kind],)).verdict is Verdict.ACCEPTED


SAME_IN_EVERY_RUN = {
    "random": "import random\nprint(random.random(), random.sample(range(99), 9))",
    "set_order": "print({'a', 'b', 'c', 'd', 'e', ('f', 'g')})",
    "hash": "print(hash('text'), hash(b'bytes'), hash((1, 'a')))",
}


@pytest.mark.parametrize("program", SAME_IN_EVERY_RUN)
def test_chance_is_the_same_in_every_run_and_worker(judge, program):
    """Lots and orders don't change between tests, programs and workers, so no verdict moves with them."""
    (first,) = judge.judge(SAME_IN_EVERY_RUN[program], (StdioTest(stdin="", expected_stdout="\0"),)).per_test
    test = StdioTest(stdin="", expected_stdout=first.actual)

    with Judge(Jail()) as other:
        judgement = other.judge(SAME_IN_EVERY_RUN[program], (test, test))

    assert judgement.verdict is Verdict.ACCEPTED


def test_chance_of_a_preloaded_numpy_is_the_same_in_every_run():
    """The lots of seed 0, in each run; as for `random`."""
    lots = np.random.RandomState(0).randint(10**9, size=3)
    test = StdioTest(stdin="", expected_stdout=str(lots))

    with Judge(Jail(preload=("numpy.random",))) as judge:
        judgement = judge.judge("import numpy as np\nprint(np.random.randint(10**9, size=3))", (test, test))

    assert judgement.verdict is Verdict.ACCEPTED


def test_what_a_program_leaves_running_ends_with_it(run):
    """A child that outlives its parent is neither waited for nor left."""
    judgement = run("import os, time\nif os.fork() == 0:\n    time.sleep(600)\nprint(1)", "", "1\n")

    assert judgement.verdict is Verdict.ACCEPTED  # waiting would be a time_limit
