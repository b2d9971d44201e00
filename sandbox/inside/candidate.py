"""Runs the program inside the jail, and never holds an expected answer.

`run_program` executes it as `python3 file.py` would, on real descriptors. `serve` loads it as a module, then answers an
examiner's requests: texts of `sandbox.inside.messages` holding values of `sandbox.inside.values`. All that this process
says is only ever taken for the program's own answer, so there is nothing here that a program could gain by tampering
with.

Runs in the examined interpreter (CPython 3.10 and newer): standard library only.
"""

import atexit
import gc
import json
import marshal
import os
import signal
import socket
import sys
import types
from os import _exit
from typing import Any, NoReturn

from sandbox.inside.messages import REACHED, content_of, served_parts
from sandbox.inside.program import (
    COMPILER_REFUSES,
    FILE,
    compiled_program,
    compiler_message,
    new_module,
    run_prelude,
)
from sandbox.inside.server import GOES_ON, READY, WAITS, Server
from sandbox.inside.stream import Gone, Stream

COMPILING, REFUSED, COMPILED = b"?", b"E", b"C"
"""First byte of the file that holds a program's code, written before any of the program ran."""
_REHEARSALS = 30
_MOST_CODE_BYTES = 1 << 20
"""With the byte before it, no more than the least limit on the size of a file."""
_RECURSION_LIMIT = 1000 + 10
"""Python's own, and the frames below a program's first one here."""
_FLUSH_FAILED = 120


def run_program(source: int, code: int, stdin: int, stdout: int, stderr: int) -> NoReturn:
    """Execute the program as `__main__` on descriptors 0, 1 and 2, and exit as the interpreter would.

    Args:
        source: descriptor of the memory file with the program's text, in bytes.
        code: of the file for its compiled code, which all tests of the program share; empty before the first.
        stdin: of the file to be read as descriptor 0.
        stdout: of the file to be written as descriptor 1.
        stderr: of the file to be written as descriptor 2.
    """
    compiled = _compiled(source, code)
    for number, fd in enumerate((stdin, stdout, stderr)):
        os.dup2(fd, number)
    for fd in (source, code, stdin, stdout, stderr):
        os.close(fd)
    main = new_module("__main__")
    status = 0
    try:
        if type(compiled) is tuple:
            prelude, compiled = compiled
            run_prelude(prelude, main)
        exec(compiled, main.__dict__)  # noqa: S102 - this is the program
    except SystemExit as request:
        status = _exit_status(request)
    except BaseException:  # noqa: BLE001 - anything that the program raises
        kind, error, trace = sys.exc_info()
        sys.excepthook(kind, error, trace and trace.tb_next)  # type: ignore[arg-type]
        status = 1
    _exit(_finish(main, status))


def _compiled(source: int, code: int) -> Any:
    """Return the program's code: from the file that the first test's process wrote before it ran, or compiled."""
    if (known := content_of(code)) and known != COMPILED:
        return marshal.loads(known[1:])  # noqa: S302 - written by this function, and harmful to the program alone
    os.pwrite(code, COMPILING, 0)
    try:
        compiled = compiled_program(content_of(source))
    except COMPILER_REFUSES as error:
        os.pwrite(code, REFUSED + compiler_message(error).encode("utf-8", "backslashreplace"), 0)
        _exit(1)
    os.pwrite(code, COMPILED + _kept(compiled), 0)
    return compiled


def _kept(compiled: Any) -> bytes:
    """Return the code for the next test's process; nothing where it is too long or too deep, to be compiled again."""
    try:
        kept = marshal.dumps(compiled)
    except ValueError:
        return b""
    return kept if len(kept) < _MOST_CODE_BYTES else b""


def _exit_status(request: SystemExit) -> int:
    if request.code is None:
        return 0
    if isinstance(request.code, int):
        fits = -(1 << 63) <= request.code < 1 << 63
        return request.code & 0xFF if fits else 0xFF
    print(request.code, file=sys.stderr)  # noqa: T201 - as the interpreter does
    return 1


def _finish(main: types.ModuleType, status: int) -> int:
    """Do what the interpreter does at its end: join threads, run exit handlers, flush, drop what is left, flush."""
    try:
        if "threading" in sys.modules:
            sys.modules["threading"]._shutdown()  # noqa: SLF001 - as the interpreter does
        atexit._run_exitfuncs()  # noqa: SLF001 - as the interpreter does
        _flush(sys.stdout)
        for name in list(main.__dict__):
            if name != "__builtins__":
                main.__dict__[name] = None
        gc.collect()
        _flush(sys.__stdout__)  # the program may have put another in its place
    except BaseException:  # noqa: BLE001 - anything that the program left to run
        return status or _FLUSH_FAILED
    return status


def _flush(stream: Any) -> None:
    if stream is not None and not getattr(stream, "closed", False):
        stream.flush()


def serve(source: int, peer: int, stdout: int, stderr: int, *, most_bytes: int) -> NoReturn:
    """Load the program and answer, by the script as far as it goes, then on request until the examiner is gone.

    That the program was reached, so that every failure from there on is its own, is said to the examiner; where there
    is a script, in the file, because it would wake up the examiner for nothing.

    Args:
        source: descriptor of the memory file with script and program, see `sandbox.inside.messages.served`.
        peer: of the socket to the examiner.
        stdout: of the file to be written as descriptor 1.
        stderr: of the file to be written as descriptor 2.
        most_bytes: the size allowed of a value in a reply, as `sandbox.inside.values.Writer` counts it.
    """
    script, first, program = served_parts(content_of(source))
    for number, fd in enumerate((stdout, stderr), start=1):
        os.dup2(fd, number)
        os.close(fd)
    if script:
        os.pwrite(source, REACHED, 0)
    os.close(source)
    stream = Stream(peer)
    server = Server(program, stream, most_bytes)
    try:
        if script:
            load, calls = marshal.loads(script)  # noqa: S302 - written by the judge's side
            loaded = server.answer(["load", *load])
            goes_on = loaded == load[-1]
            held = [(GOES_ON if goes_on else WAITS) + loaded]  # until there is more to send
            for call in calls[first:] if goes_on else ():
                reply = server.answer(["plain", *call])
                goes_on = not server.gave_handles
                stream.send(*held, (GOES_ON if goes_on else WAITS) + reply)
                held.clear()
                if not goes_on:
                    break
            if goes_on:
                _exit(0)
            stream.send(*held)
        else:
            stream.send(READY)
        while True:
            stream.send(server.answer(server.receive()))
    except Gone:
        _exit(0)


def prepare_candidates() -> None:
    """Give the template all that `python3 program.py` starts with, so that no fork has to.

    A program finds the same random numbers every time, so its verdict does not move. The rehearsal has every fork
    inherit specialised code and filled pools. Python's limit on the digits of an integer is lifted: data are older than
    it, and the program's CPU time bounds what it guards against.
    """
    _rehearse()
    if hasattr(sys, "set_int_max_str_digits"):
        sys.set_int_max_str_digits(0)
    import random  # noqa: PLC0415 - the template has warmed it up in its own way

    random.seed(0)
    sys.argv[:] = [FILE]
    sys.setrecursionlimit(_RECURSION_LIMIT)


def _rehearse() -> None:
    path, interrupt = sys.path[:], signal.getsignal(signal.SIGINT)
    ours, theirs = socket.socketpair()
    with ours, theirs:
        here, there = Stream(ours.fileno()), Stream(theirs.fileno())
        for _ in range(_REHEARSALS):
            program = b"def double(x):\n    return x + x\n\nif double(2) == 4:\n    import math\n"
            server = Server(program, there, sys.maxsize)
            for request in (
                ["load", ("double",), False, ("double",), "usual"], ["call", {"handle": 0}, [[1, {"tuple": [2]}]], {}],
                ["plain", 0, False, [[1, (2, "a")]]], ["plain", 0, True, [{"tuple": [1]}]],
            ):  # fmt: skip
                here.send(server.answer(request))
                there.receive(sys.maxsize)
            here.send(json.dumps(["do", "len", []]))
            server.receive()
    del sys.modules["program"]
    sys.path[:] = path
    signal.signal(signal.SIGINT, interrupt)


IN_EACH_FORK = (
    run_program, _compiled, _kept, _finish, _flush, compiled_program, new_module, content_of, serve, served_parts,
)  # fmt: skip
"""What a fork calls before and after a program's own functions."""
