"""How programs end badly, or never begin: exit statuses, signals, and texts that are not Python."""

import sys

import pytest

from sandbox.inside.program import compiler_message
from sandbox.records import Verdict

FAILS = {
    "exception": ("print(1)\nraise ValueError('no')", "ValueError: no"),
    "exception_in_main": ("def main():\n    [][0]\nmain()", "IndexError: list index out of range"),
    "keyboard_interrupt": ("raise KeyboardInterrupt", "KeyboardInterrupt"),
    "sys_exit_1": ("import sys\nprint(1)\nsys.exit(1)", "exit status 1"),
    "sys_exit_text": ("import sys\nprint(1)\nsys.exit('text')", "text"),
    "sys_exit_tuple": ("import sys\nsys.exit((1, 2))", "(1, 2)"),
    "sys_exit_minus_1": ("import sys\nsys.exit(-1)", "exit status 255"),
    "sys_exit_huge": ("import sys\nsys.exit(10**30)", "exit status 255"),
    "exit_1": ("exit(1)", "exit status 1"),
    "os_exit_3": ("import os\nos._exit(3)", "exit status 3"),
    "abort": ("import os\nos.abort()", "ended by SIGABRT"),
    "kill_itself": ("import os, signal\nos.kill(os.getpid(), signal.SIGKILL)", "ended by SIGKILL"),
    "segfault": ("import ctypes\nctypes.string_at(0)", "ended by SIGSEGV"),
    "real_time_signal": ("import os\nos.kill(os.getpid(), 40)", "ended by signal 40"),
    "eof": ("input()\ninput()", "EOFError: EOF when reading a line"),
    "flush_fails": ("import os\nprint(1)\nos.close(1)", "exit status 120"),
    "stdout_replaced_by_none": ("import sys\nsys.stdout.write(1)", "TypeError: write() argument must be str, not int"),
    "recursion": ("def f():\n    f()\nf()", "RecursionError: maximum recursion depth exceeded"),
    "no_such_module": ("import torch_nosuch", "ModuleNotFoundError: No module named 'torch_nosuch'"),
    "other_program": ("import os\nos.execv('/bin/sh', ['sh'])", "PermissionError: [Errno 1] Operation not permitted"),
}


@pytest.mark.parametrize("failure", FAILS)
def test_a_program_that_ends_badly_is_a_runtime_error(run, failure):
    """Whatever it printed before: exit status and signals count, and the last words are shown."""
    program, detail = FAILS[failure]

    judgement = run(program, "1\n", "1\n")

    assert (judgement.verdict, judgement.detail) == (Verdict.RUNTIME_ERROR, detail)


NOT_PYTHON = {
    "syntax": ("print(1", "SyntaxError: '(' was never closed (program.py, line 1)"),
    "indentation": ("if 1:\nprint(1)", "IndentationError: expected an indented block after 'if' statement on line 1"),
    "mixed_tabs": ("if 1:\n\tx = 1\n        y = 1", "TabError: inconsistent use of tabs and spaces in indentation"),
    "python_2": ("print 1", "SyntaxError: Missing parentheses in call to 'print'"),
    "null_byte": ("print(1)\0", ""),
    "lone_surrogate": ("print('\ud800')", "SyntaxError: "),
    "unknown_coding": ("# -*- coding: nosuch -*-\nprint(1)", "SyntaxError: unknown encoding: nosuch"),
    "return_outside": ("return 1", "SyntaxError: 'return' outside function"),
    "late_future": ("x = 1\nfrom __future__ import annotations", "SyntaxError: from __future__ imports must occur"),
    "too_nested": ("(" * 500 + ")" * 500, "SyntaxError: too many nested parentheses"),
    "too_deep_to_compile": ("-" * 5_000 + "1", ""),
    "too_deep_to_parse": ("-" * 200_000 + "1", ""),
    "long_message": (f"def f():\n    {'é' * 1500} = 1\n    global {'é' * 1500}", "SyntaxError: name 'ééé"),
}
if sys.version_info >= (3, 13):
    del NOT_PYTHON["too_deep_to_compile"]  # its compiler goes as deep as the stack


@pytest.mark.parametrize("mistake", NOT_PYTHON)
def test_what_is_not_python_is_a_compile_error(run, mistake):
    """The compiler's own message is the detail, and no test counts as judged."""
    program, detail = NOT_PYTHON[mistake]

    judgement = run(program, "", "1\n")

    assert (judgement.verdict, judgement.per_test) == (Verdict.COMPILE_ERROR, ())
    assert judgement.detail.startswith(detail)
    assert judgement.detail != ""


@pytest.mark.parametrize(
    "mistake", sorted(NOT_PYTHON.keys() & {"null_byte", "too_deep_to_compile", "too_deep_to_parse"})
)
def test_what_is_not_python_is_a_compile_error_where_functions_are_tested(examine, mistake):
    """Whatever the compiler refuses it by."""
    assert examine(NOT_PYTHON[mistake][0], "assert f() == 1").verdict is Verdict.COMPILE_ERROR


def test_what_the_compiler_says_is_told_in_one_line():
    """As every detail of a judgement."""
    assert compiler_message(SyntaxError("a\nb")) == "SyntaxError: a"


@pytest.mark.parametrize(
    "source",
    [
        "\ufeffprint('é')", "print('é')\r\nif 1:\r\n    pass\r\n", "# -*- coding: utf-8 -*-\nprint('é')",
        "if 1:\n\tprint('é')", "x = '''\r\n'''\nprint('é' if len(x) == 1 else x)", "print('é')\n\x0c\n", "print('é')#",
        "print('\\u00e9')", "é = 'é'\nprint(é)", "#!/usr/bin/env python\nprint('é')", "print('é')\rif 1: pass\r",
    ],
    ids=["bom", "crlf", "cookie", "tabs", "crlf_in_text", "form_feed", "no_newline", "escape", "name", "shebang", "cr"],
)  # fmt: skip
def test_every_form_of_source_is_read_as_python_reads_a_file(run, source):
    """Byte order mark, line ends, tabs and a coding cookie."""
    assert run(source, "", "é\n").verdict is Verdict.ACCEPTED


def test_the_reason_is_the_last_line_however_much_came_before(run):
    """Of a long standard error the end is looked at."""
    (outcome,) = run("import sys\nsys.stderr.write('noise\\n' * 10_000)\n1 / 0").per_test

    assert (outcome.verdict, outcome.detail) == (Verdict.RUNTIME_ERROR, "ZeroDivisionError: division by zero")
