"""Programs that print and end: all goes as under `python3 program.py`. How they read is in `test_idioms`."""

import subprocess
import sys

import pytest

from sandbox.records import StdioTest, Verdict

PRINTS_ONE = {
    "print": "print(1)",
    "write": "import sys; sys.stdout.write('1\\n')",
    "buffer_write": "import sys; sys.stdout.buffer.write(b'1\\n')",
    "os_write": "import os; os.write(1, b'1\\n')",
    "open_1": "open(1, 'w').write('1\\n')",
    "dev_stdout": "open('/dev/stdout', 'w').write('1\\n')",
    "own_wrapper": "import io, sys\nsys.stdout = io.TextIOWrapper(io.FileIO(1, 'w', closefd=False))\nprint(1)",
    "closed_at_end": "import sys\nprint(1)\nsys.stdout.close()",
    "left_in_the_first_stdout": "import io, sys\nprint(1)\nsys.stdout = io.StringIO()\nprint(2)",
    "fast_io_template": """
import os, sys
from io import BytesIO, IOBase
class FastIO(IOBase):
    def __init__(self, file):
        self._fd = file.fileno()
        self.buffer = BytesIO()
        self.write = self.buffer.write
    def flush(self):
        os.write(self._fd, self.buffer.getvalue())
        self.buffer.truncate(0), self.buffer.seek(0)
class IOWrapper(IOBase):
    def __init__(self, file):
        self.buffer = FastIO(file)
        self.flush = self.buffer.flush
        self.write = lambda s: self.buffer.write(s.encode("ascii"))
sys.stdout = IOWrapper(sys.stdout)
print(1)
""",
    "main_guard": "if __name__ == '__main__':\n    print(1)",
    "main_function": "def main():\n    print(1)\n\nmain()",
    "exit": "print(1); exit()",
    "exit_0": "print(1); exit(0)",
    "quit": "print(1); quit()",
    "sys_exit": "import sys; print(1); sys.exit()",
    "sys_exit_0": "import sys; print(1); sys.exit(0)",
    "sys_exit_false": "import sys; print(1); sys.exit(False)",
    "sys_exit_256": "import sys; print(1); sys.exit(256)",
    "raise_systemexit": "print(1); raise SystemExit",
    "os_exit_0": "import os, sys; print(1); sys.stdout.flush(); os._exit(0)",
    "exit_in_a_function": "def f():\n    exit()\nprint(1)\nf()\nprint(2)",
    "exit_in_a_thread": "import sys, threading\nthread = threading.Thread(target=sys.exit)\nthread.start()\nthread.join()\nprint(1)",
    "atexit": "import atexit; atexit.register(print, 1)",
    "del_at_exit": "class A:\n    def __del__(self):\n        print(1)\na = A()",
    "del_in_a_cycle_at_exit": "class A:\n    def __del__(self):\n        print(1)\na = A()\na.me = a",
    "thread": "import threading; threading.Thread(target=print, args=(1,)).start()",
    "slow_thread_is_waited_for": """
import threading, time
threading.Thread(target=lambda: (time.sleep(0.05), print(1))).start()
""",
    "daemon_thread_is_not_waited_for": """
import threading, time
threading.Thread(target=lambda: (time.sleep(60), print(2)), daemon=True).start()
print(1)
""",
    "thread_pool": "from concurrent.futures import ThreadPoolExecutor as P\nwith P(20) as p: print(sum(p.map(int, ['1', '0'])))",
    "thread_with_a_big_stack": """
import sys, threading
sys.setrecursionlimit(10**6)
threading.stack_size(256 << 20)
def depth(n):
    return 0 if n == 0 else 1 + depth(n - 1)
thread = threading.Thread(target=lambda: print(depth(50_000) // 50_000))
thread.start()
thread.join()
""",
    "deep_recursion": """
import sys
sys.setrecursionlimit(10**6)
def depth(n):
    return 0 if n == 0 else 1 + depth(n - 1)
print(depth(50_000) // 50_000)
""",
    "deep_recursion_through_c": """
import sys
from functools import lru_cache
sys.setrecursionlimit(10**6)
@lru_cache(None)
def depth(n):
    return 0 if n == 0 else 1 + depth(n - 1)
deep = 400 if sys.version_info[:2] == (3, 12) else 1_400  # CPython 3.12 nests C calls 500 deep
print(depth(deep) // deep)
""",
    "asyncio": "import asyncio\nasync def main():\n    await asyncio.sleep(0)\n    print(1)\nasyncio.run(main())",
    "multiprocessing": """
import multiprocessing
if __name__ == "__main__":
    with multiprocessing.get_context("fork").Pool(2) as pool:
        print(sum(pool.map(int, ["1", "0"])))
""",
    "fork": "import os\nif os.fork() == 0:\n    os.write(1, b'1\\n')\n    os._exit(0)\nos.wait()",
    "alarm": "import signal, os\nsignal.signal(signal.SIGALRM, lambda *_: print(1))\nsignal.setitimer(signal.ITIMER_REAL, .01)\nsignal.pause()",
    "interrupt": "import signal\ntry:\n    signal.raise_signal(signal.SIGINT)\nexcept KeyboardInterrupt:\n    print(1)",
    "pickle": "import pickle\nclass A: pass\nprint(type(pickle.loads(pickle.dumps(A()))) is A and 1)",
    "dataclass": "from dataclasses import dataclass\n@dataclass(order=True)\nclass A:\n    x: int = 1\nprint(max(A(), A(0)).x)",
    "import_main": "import __main__\none = 1\nprint(__main__.one)",
    "exec": "exec('x = 1')\nprint(x)",
    "eval_of_main_names": "one = 1\nprint(eval('one'))",
    "globals": "globals()['one'] = 1\nprint(one)",
    "star_import": "from math import *\nfrom collections import *\nprint(int(sqrt(Counter('a')['a'])))",
    "future_import": '"""Doc."""\nfrom __future__ import annotations\ndef f(x: Nosuch): return x\nprint(f(1))',
    "big_numbers": "import sys\nsys.set_int_max_str_digits(0)\nprint(len(str(10**10_000)) // 10_000)",
    "stderr_noise": "import sys\nprint('debug ' * 1000, file=sys.stderr)\nprint(1)",
    "caught_exception": "try:\n    1 / 0\nexcept ZeroDivisionError:\n    print(1)",
    "warning": "import warnings\nwarnings.warn('old')\nprint(1)",
    "file_in_cwd": "with open('f.txt', 'w') as f: f.write('1')\nprint(open('f.txt').read())",
    "folder_in_cwd": "import os\nos.makedirs('a/b')\nopen('a/b/f', 'w').close()\nprint(len(os.listdir('a/b')))",
    "file_in_tmp": "with open('/tmp/f.txt', 'w') as f: f.write('1')\nprint(open('/tmp/f.txt').read())",
    "tempfile": "import tempfile\nwith tempfile.TemporaryFile('w+') as f:\n    f.write('1')\n    f.seek(0)\n    print(f.read())",
    "named_tempfile": "import tempfile\nwith tempfile.NamedTemporaryFile('w+') as f:\n    print(len(open(f.name).read()) + 1)",
    "own_module": "open('mine.py', 'w').write('one = 1')\nimport mine\nprint(mine.one)",
    "own_module_named_as_the_librarys": "open('wave.py', 'w').write('one = 1')\nimport wave\nprint(wave.one)",
    "builtins": "print(__builtins__.len('x'))",
    "home": "import os, pathlib\nprint(os.access(pathlib.Path.home(), os.W_OK) + 0)",
    "modules_by_our_names": "import sys\nprint(any(name.split('.')[0] == 'sandbox' for name in sys.modules) + 1)",
    "less_common_modules": "import sqlite3, zlib, bz2, lzma, hashlib, ctypes, csv, zoneinfo, uuid, socket, unittest\nprint(1)",
    "numpy": "import numpy as np\nprint(np.array([[1, 0], [0, 1]]).sum() - 1)",
}  # fmt: skip


@pytest.mark.parametrize("program", PRINTS_ONE)
def test_every_way_to_print_one_and_end_well_is_accepted(run, program):
    """Each of these prints "1" and a newline, or just "1", and exits with status 0, under plain python3 too."""
    judgement = run(PRINTS_ONE[program] + "\n", stdout="1\n")
    assert judgement.verdict is Verdict.ACCEPTED


NEEDS_NAMESPACES = {"fork", "multiprocessing", "file_in_tmp"}
"""What can't be had without them: processes of its own, and a /tmp of its own (a program gets a folder and TMPDIR)."""


@pytest.mark.parametrize("program", sorted(set(PRINTS_ONE) - NEEDS_NAMESPACES))
def test_every_way_to_print_one_works_without_namespaces(bare_judge, program):
    """The same programs where the host gives no namespaces."""
    test = StdioTest(stdin="", expected_stdout="1\n")

    assert bare_judge.judge(PRINTS_ONE[program], (test,)).verdict is Verdict.ACCEPTED


@pytest.mark.slow
@pytest.mark.parametrize("program", PRINTS_ONE)
def test_plain_python_agrees(tmp_path, program):
    """The table above is true of the interpreter itself."""
    if "/tmp/" in PRINTS_ONE[program]:  # noqa: S108 - a text
        pytest.skip("would write to the host's own /tmp")
    (tmp_path / "program.py").write_text(PRINTS_ONE[program])

    ended = subprocess.run(
        [sys.executable, "program.py"], cwd=tmp_path, stdin=subprocess.DEVNULL, capture_output=True, check=False,
        env={"HOME": str(tmp_path)},
    )  # fmt: skip

    assert (ended.returncode, ended.stdout) == (0, b"1\n")


def test_utf_8_passes_through(run):
    """Text outside ASCII goes in and out as UTF-8, whatever the locale of the host."""
    assert run("print(input()[::-1])", "aé漢😀\n", "😀漢éa\n").verdict is Verdict.ACCEPTED


def test_a_long_output_arrives_whole(run):
    """200,000 bytes are far more than a pipe holds."""
    assert run("print('x' * 199_999)", "", "x" * 199_999 + "\n").verdict is Verdict.ACCEPTED


def test_no_checker_looks_at_equal_bytes(judge, monkeypatch):
    """The judge itself sees that they are equal, however many there are; it asks where one differs, is too many, or lacks."""
    asked = []
    monkeypatch.setattr(judge._examiner, "compare", lambda *asking: asked.append(asking) or False)  # noqa: SLF001 - counts its use
    long = "aé漢😀\n" * 100_000
    program = "print('aé漢😀\\n' * 100_000, end='')"

    assert judge.judge(program, (StdioTest(stdin="", expected_stdout=long),)).verdict is Verdict.ACCEPTED
    assert not asked
    for expected in (long[:-1], long + "\n", "b" + long[1:], long[:-1] + "b"):
        assert judge.judge(program, (StdioTest(stdin="", expected_stdout=expected),)).verdict is Verdict.WRONG_ANSWER
    assert len(asked) == 4


def test_a_long_input_arrives_whole(run):
    """The sum of 0 to 199,999 is 199,999 * 100,000."""
    stdin = "\n".join(map(str, range(200_000)))

    assert run("import sys\nprint(sum(map(int, sys.stdin)))", stdin, "19999900000\n").verdict is Verdict.ACCEPTED


def test_the_program_sees_what_it_sees_under_python(printed):
    """Name, file, arguments, and whose globals they are; no module of ours, and no folder beside its own."""
    program = "import sys\nprint('program' in sys.modules, len(sys.path) - len(set(sys.path)), '/' in sys.path)\nprint(__name__, __file__, sys.argv, sys.modules['__main__'].__dict__ is globals(), __doc__)"

    assert printed(program) == "False 0 False\n__main__ program.py ['program.py'] True None\n"


DEEPEST = """
import sys
deepest = 0
def f(n):
    global deepest
    deepest = n
    f(n + 1)
try:
    f(1)
except RecursionError:
    print(deepest)
"""


@pytest.mark.parametrize("place", ["main()", "import threading\nthreading.Thread(target=main).start()"])
def test_recursion_goes_as_deep_as_under_python(printed, tmp_path, place):
    """Our frames below the program's don't count: it gets as many calls as plain Python gives, and at most 10 more."""
    program = f"def main():{DEEPEST.replace(chr(10), chr(10) + '    ').replace('global', 'nonlocal')}\n{place}\n"
    (tmp_path / "program.py").write_text(program)

    plain = subprocess.run([sys.executable, "-I", "program.py"], cwd=tmp_path, capture_output=True, check=True)

    assert int(printed(program)) - int(plain.stdout) in range(11)
