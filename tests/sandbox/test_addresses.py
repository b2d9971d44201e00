"""Where objects lie, which shows in the order of sets: the same for every worker, and for its first program and its tenth."""

import os
import platform
import subprocess
import sys
from pathlib import Path

import pytest

from sandbox import clients
from sandbox.inside.layers.kernel import fixed_addresses
from sandbox.inside.messages import STOP, ForkRequest
from sandbox.jail import ALL_LAYERS, NAMESPACES, Jail, probe
from sandbox.judge import Judge
from sandbox.records import CallTest, StdioTest, Verdict

pytestmark = pytest.mark.slow

LAYERS = {"namespaces": ALL_LAYERS, "no_namespaces": ALL_LAYERS - NAMESPACES}
SHOWS = """
class Node:
    pass
SIZES = [type("Size", (), {"__slots__": [f"at_{n}" for n in range(slots)]}) for slots in range(0, 60, 2)]
def orders():
    sized = [size() for size in SIZES for _ in range(40)]
    numbers = {id(made): n for n, made in enumerate(sized)}
    plain = [object() for _ in range(50)]
    places = {id(made): n for n, made in enumerate(plain)}
    kinds = [kind.__name__ for kind in {Node, int, str, list, type(None), type(orders)}]
    tuples, order = [n for n, _ in {(n, None) for n in range(50)}], [numbers[id(made)] for made in set(sized)]
    return str((tuples, [places[id(made)] for made in set(plain)], hash(str(order)), kinds, hash(Node)))
"""
PRINTS, RETURNS = SHOWS + "print(orders())", SHOWS + "def f():\n    return orders()"
NOTHING = StdioTest(stdin="", expected_stdout="\0")
BETWEEN = {
    "long": "import time\nwhile time.process_time() < 0.3:\n    pass",
    "large": "kept = [[n] for n in range(200_000)]",
    "writes": "open('file', 'w').write('x' * 100_000)",
    "fails": "import decimal\n1 / 0",
}


def outcome(judge, program, test):
    """Return what a program printed or returned."""
    return judge.judge(program, (test,)).per_test[0].actual


@pytest.fixture(autouse=True)
def fixed():
    """Skip where the kernel fixes no addresses for us."""
    if probe(Jail()).layers["addresses"] != "in force":
        pytest.skip("addresses are random here")


@pytest.mark.skipif(sys.version_info[:2] != (3, 11), reason="other versions keep objects for later that differ")
@pytest.mark.parametrize("layers", LAYERS)
def test_every_program_finds_the_same_order(layers):
    """In two workers, first and later, after programs that took long, took memory, wrote files, or failed; of any size."""
    printed, returned = set(), set()
    for _ in range(2):
        with Judge(Jail(layers=LAYERS[layers])) as judge:
            for program in ["pass", *BETWEEN.values(), "pass"]:
                printed.add(outcome(judge, PRINTS, NOTHING))
                returned.add(outcome(judge, RETURNS, CallTest(function="f", arguments=(), expected=None)))
                judge.judge(program, (NOTHING,))

    assert (len(printed), len(returned)) == (1, 1), (printed, returned)


@pytest.mark.skipif(sys.version_info[:2] != (3, 11), reason="other versions keep objects for later that differ")
@pytest.mark.parametrize("layers", LAYERS)
def test_a_stop_that_comes_too_late_moves_nothing(layers):
    """A judge sends it where it does not know yet that its program has ended."""
    with Judge(Jail(layers=LAYERS[layers])) as judge:
        printed = {outcome(judge, PRINTS, NOTHING)}
        for _ in range(2):
            judge._candidates.request(ForkRequest(kind=STOP), [])  # noqa: SLF001 - it can't be timed from outside
            printed.add(outcome(judge, PRINTS, NOTHING))

    assert len(printed) == 1, printed


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="another C library hands out memory in another way")
def test_gaps_in_the_memory_of_a_template_move_nothing():
    """Of four equal gaps the C library hands out each in turn; compiling modules leaves many."""
    code = """
from sandbox.inside.heap import fill_gaps
kept = [bytes(700) for _ in range(400)]
del kept[::100]
fill_gaps()
print(len({id(bytes(700)) for _ in range(8)}))
"""
    ran = subprocess.run([sys.executable, "-c", code], env=clients._ENVIRONMENT, stdout=subprocess.PIPE, check=True)  # noqa: SLF001 - as a template's

    assert int(ran.stdout) == 1


@pytest.mark.skipif(sys.version_info < (3, 11), reason="older versions keep objects for later that differ")
def test_what_was_free_while_a_template_started_moves_nothing():
    """When the collector runs, and what others do with files meanwhile, differs from start to start."""
    code = """
import random, sys
from sandbox.inside.heap import Reserve
draw, kept = random.Random(int(sys.argv[1])), []
for _ in range(draw.randrange(20)):
    row = [bytes(draw.randrange(1, 480)) for _ in range(draw.randrange(300))]
    kept.append(row[:: draw.choice([1, 7, 1000])])
del draw, row, kept[::3]
reserve = Reserve()
reserve.find_next_pool()
for _ in range(3):
    reserve.release()
    reserve.hold()
reserve.settle()
reserve.hold()
print([id(made) for size in range(1, 2000, 16) for made in [bytes(size) for _ in range(40)]])
"""
    found = set()
    for seed in range(8):
        command = [sys.executable, "-S", "-s", "-B", "-c", code, f"{seed:08}"]
        with fixed_addresses():
            found.add(subprocess.run(command, env=clients._ENVIRONMENT, stdout=subprocess.PIPE, check=True).stdout)  # noqa: SLF001 - as a template's

    assert len(found) == 1


@pytest.mark.parametrize("layers", LAYERS)
def test_hashes_that_are_addresses_order_a_set_the_same_way_in_every_worker(layers):
    """None hashes to its address before Python 3.12."""
    seen = set()
    for _ in range(3):
        with Judge(Jail(layers=LAYERS[layers])) as judge:
            seen.add(outcome(judge, "print([n for n, _ in {(n, None) for n in range(50)}], hash(None))", NOTHING))

    assert len(seen) == 1


def test_the_judges_own_addresses_stay_random():
    """What it starts afterwards, too: the way it was is brought back, whatever happens meanwhile."""
    asked = "/proc/self/personality"
    with Path(asked).open(encoding="ascii") as file:
        before = file.read()
    with pytest.raises(ZeroDivisionError), fixed_addresses() as how:
        raise ZeroDivisionError
    with Path(asked).open(encoding="ascii") as file:
        assert (how, file.read()) == ("in force", before)


@pytest.mark.skipif(os.uname().machine != "x86_64", reason="the number of the system call is x86_64's")
def test_a_program_cannot_change_its_personality(any_judge):
    """The call is not allowed."""
    program = "import ctypes\nprint(ctypes.CDLL(None, use_errno=True).syscall(135, 0xFFFFFFFF))"

    assert any_judge.judge(program, (StdioTest(stdin="", expected_stdout="-1"),)).verdict is Verdict.ACCEPTED
