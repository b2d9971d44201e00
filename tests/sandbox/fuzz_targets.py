"""Feeds mutations to what reads them: the codec, the examiner's line, the checkers, the packets, a whole judge.

Each function returns what came out, in a word; a word in capitals is a fault of ours.
"""

import enum
import functools
import os
import random
import socket
import struct
from collections import Counter, deque
from pathlib import Path

import mutations

from sandbox.inside import checkers, messages, values
from sandbox.inside.clock import Clock
from sandbox.inside.proxies import Handle, story_of
from sandbox.inside.remote import NeverReady, Remote, Uncompilable
from sandbox.records import AssertTest, CallTest, Limits, Verdict

SECRET = 0x5EC2E7_0F_7E57
EXPECTED = [
    SECRET, float(SECRET), f"secret {SECRET}", [SECRET], [1, SECRET], {f"{SECRET}": SECRET}, {SECRET: 1}, [[SECRET], ["a"]],
    [f"{SECRET}"] * 3,
]  # fmt: skip
"""What no mutation of a reply can hit by chance: answers that a benchmark's JSON may hold."""
CHECKERS = sorted(set(checkers.CALL) - {"same_noneness", "any_of"})
"""Those that accept one answer only."""
DECLARED = (
    values.Malformed, messages.Gone, messages.TooLong, Uncompilable, NeverReady,
    MemoryError,  # a memory_limit of the program
)  # fmt: skip
"""What may come out where no value does; what the program raised is besides."""
_MODULES = {
    "builtins", "collections", "decimal", "fractions", "datetime", "numpy", "numpy.dtypes", "array", "sandbox.inside.proxies",
}  # fmt: skip
MOST_VALUE_BYTES = 1 << 24
TESTS_A_PROGRAM = 50
SCRIPTED = 0.2
"""The share of replies that come without a request."""
RECURSION_LIMIT = 10_000
"""An examiner's."""


def of_codec(number):
    """Decode the mutated text of a value."""
    text = mutations.mutated_text(number, mutations.VALUES)
    return _outcome(lambda: values.from_text(text, lambda tag, content: (tag, str(content))), number)


def of_line(number):
    """Let a remote program answer a request with a mutated frame, and what follows of it with another."""
    ours, theirs = socket.socketpair()
    with ours, theirs:
        rng = random.Random(number)  # noqa: S311 - the same each time
        remote = Remote(ours.fileno(), MOST_VALUE_BYTES, Clock(_clock_file(), -1), is_scripted=rng.random() < SCRIPTED)
        target = Handle(remote, 0)
        request = rng.randrange(5)
        if request == 0:
            theirs.sendall(struct.pack("=I", 5) + b"ready")
        theirs.sendall(mutations.mutated_frame(number) + mutations.mutated_frame(f"{number} more"))
        theirs.shutdown(socket.SHUT_WR)
        ask = [
            lambda: remote.load(("f", "g"), forgives=True),
            lambda: remote.call(target, ([1, [2]], {"a": deque([1])}, bytearray(b"abc")), {"k": {1, 2}}),
            lambda: remote.call(target, (lambda *_: [number], iter("abc")), {}),
            lambda: target.attribute,
            lambda: remote.do("getitem", target, [number]),
        ][request]
        return _outcome(ask, number)


@functools.cache
def _clock_file():
    return os.memfd_create("clock")


def _outcome(ask, number):
    """Ask; tell what came of it."""
    try:
        found = ask()
    except BaseException as error:  # noqa: BLE001 - whatever it is, it is a finding
        if story_of(error) is not None:
            return "raised"
        if isinstance(error, DECLARED):
            return type(error).__name__
        return f"CRASH {type(error).__name__}: {str(error)[:100]}"
    if odd := _odd_type(found):
        return f"ODD TYPE {odd}"
    expected = random.Random(number).choice(EXPECTED)  # noqa: S311 - the same each time
    passed = [name for name in CHECKERS if _is_accepted(checkers.CALL[name], expected, found)]
    return f"PASS {passed}" if passed else "value"


def _is_accepted(checker, expected, actual):
    try:
        return checker(expected, actual)
    except BaseException:  # noqa: BLE001 - the examiner calls it a wrong answer, or the program's own exception
        return False


def _odd_type(value, depth=0):
    """Return the name of a type that must not come out, where there is one."""
    kind = type(value)
    is_named = kind.__bases__ == (tuple,) or isinstance(value, (enum.Enum, BaseException))
    if not is_named and kind.__module__ not in _MODULES:
        return f"{kind.__module__}.{kind.__qualname__}"
    parts = [*value, *value.values()] if isinstance(value, dict) else value
    if isinstance(value, (dict, list, tuple, set, frozenset, deque)) and depth < 5:
        return next((odd for part in list(parts)[:50] if (odd := _odd_type(part, depth + 1))), "")
    return ""


PRINTED = [b"1 2 3\n", b"1.5 -2e10\n0.1\n", b"YES\nNO\n", b"", b"nan inf\n", "\u00e9\u4e2d\n".encode(), b"a" * 300]


def of_output(number):
    """Compare a mutated output with another."""
    rng = random.Random(number)  # noqa: S311 - the same each time
    printed, expected = rng.choice(PRINTED), f"{SECRET}.5 {SECRET}\n".encode()
    for _ in range(3):
        printed = mutations.mutated_bytes(rng, printed)
    try:
        passed = [name for name, checker in checkers.STDIO.items() if checker(expected, printed)]
    except BaseException as error:  # noqa: BLE001 - whatever it is, it is a finding
        return f"CRASH {type(error).__name__}: {str(error)[:100]}"
    return f"PASS {passed}" if passed else "differs"


def _packets():
    request = messages.ForkRequest(kind=messages.RUN, number=1, cpu_s=2.0, wall_s=3.0, memory_bytes=4)
    facts = messages.Facts(1, 0, 0, 0.5, 0.6, 1 << 20, 0)
    return [
        (messages.receive_request, lambda sock: messages.send_request(sock, request, [])),
        (
            messages.receive_work,
            lambda sock: messages.send_work(sock, messages.ExamineRequest(1, 2, True, True, 3), []),
        ),
        (messages.receive_work, lambda sock: messages.send_work(sock, messages.Comparison("numbers"), [])),
        (messages.receive_facts, lambda sock: messages.send_facts(sock, facts)),
        (messages.receive_mark, lambda sock: messages.send_mark(sock, 7, 0.5)),
    ]


def of_packet(number):
    """Receive a mutated packet: a record, or an error that names it."""
    rng = random.Random(number)  # noqa: S311 - the same each time
    receive, send = rng.choice(_packets())
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    with ours, theirs:
        send(theirs)
        packet = mutations.mutated_bytes(rng, ours.recv(1 << 10))
        theirs.send(packet[: 1 << 10])
        theirs.shutdown(socket.SHUT_WR)
        try:
            receive(ours)
        except (struct.error, UnicodeDecodeError, RuntimeError) as error:
            return type(error).__name__
        except BaseException as error:  # noqa: BLE001 - whatever it is, it is a finding
            return f"CRASH {type(error).__name__}: {str(error)[:100]}"
    return "a record"


FORMS = [
    "assert f({n}) == {e!r}", "assert {e!r} in f({n})", "assert list(f({n})) == {e!r}", "assert f({n}).x == {e!r}",
    "assert f({n})({n}) == {e!r}", "with f({n}) as got: assert got == {e!r}", "assert sorted(f({n})) == {e!r}",
    "assert str(f({n})) == str({e!r})", "x = [1, [2]]\nf({n}, x)\nassert x == {e!r}", "assert f({n})['a'] == {e!r}",
    "assert abs(f({n}) - {s}.5) < 1e-6", "import math\nassert math.isclose(f({n}), {s}.5)", "assert len(f({n})) == {s}",
    "assert any(v == {e!r} for v in f({n}))", "assert max(map(lambda k: f(k), [{n}])) == {e!r}",
    "assert all(map(lambda k: f(k) == {e!r}, [{n}]))",
]  # fmt: skip
"""Ways in which tests look at an answer; each asks for the mutation of its number."""


def _test(number):
    expected = EXPECTED[number % len(EXPECTED)]
    if number % 3 == 0:
        checker = CHECKERS[number // 3 % len(CHECKERS)]
        return CallTest(function="f", arguments=(number,), expected=expected, checker=checker)
    form = FORMS[number % len(FORMS)]
    return AssertTest(code=form.format(n=number, e=expected, s=SECRET), names=("f",))


IN_PROCESS = {"codec": of_codec, "line": of_line, "output": of_output, "packet": of_packet}


def of_judge(judge, seed, first, count=TESTS_A_PROGRAM):
    """Judge a program that says mutations; return how often each verdict was found, faults of ours in capitals."""
    program = f"{Path(mutations.__file__).read_text()}\nsay_mutations({seed!r})\n"
    tests = tuple(_test(number) for number in range(first, first + count))
    judgement = judge.judge(program, tests, Limits(), exhaustive=True)
    found = Counter(
        outcome.verdict.upper() if outcome.verdict is Verdict.ACCEPTED else outcome.verdict.value
        for outcome in judgement.per_test
    )
    if judgement.verdict is Verdict.SANDBOX_ERROR:
        found[f"SANDBOX_ERROR {judgement.detail}"] += 1
    elif not found:
        found[judgement.verdict.value] += 1  # it says that it can't be compiled, and is believed
    return found
