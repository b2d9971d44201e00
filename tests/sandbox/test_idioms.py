"""How contest programs read and write: 24 ways to read, 24 right outputs, and 24 that are nearly right."""

import pytest

from sandbox.records import StdioTest, Verdict

READS_TWO_NUMBERS = {
    "input": "print(int(input()) + int(input()))",
    "input_until_eof": """
total = 0
try:
    while True:
        total += int(input())
except EOFError:
    print(total)
""",
    "iteration": "import sys\nprint(sum(int(line) for line in sys.stdin))",
    "readline": "import sys\nprint(int(sys.stdin.readline()) + int(sys.stdin.readline()))",
    "readline_as_input": "import sys\ninput = sys.stdin.readline\nprint(int(input()) + int(input()))",
    "read": "import sys\nprint(sum(map(int, sys.stdin.read().split())))",
    "readlines": "import sys\nprint(sum(map(int, sys.stdin.readlines())))",
    "from_import": "from sys import stdin, stdout\nstdout.write(str(sum(map(int, stdin))) + '\\n')",
    "input_in_a_loop": "print(sum(int(input()) for _ in range(2)))",
    "buffer_read": "import sys\nprint(sum(map(int, sys.stdin.buffer.read().split())))",
    "buffer_readline": "import sys\nread = sys.stdin.buffer.readline\nprint(int(read()) + int(read()))",
    "open_0": "print(sum(map(int, open(0))))",
    "open_0_read": "print(sum(map(int, open(0).read().split())))",
    "open_0_binary": "print(sum(map(int, open(0, 'rb').read().split())))",
    "os_read_0": "import os\nprint(sum(map(int, os.read(0, 1000).split())))",
    "os_fstat_0": "import os\nprint(sum(map(int, os.read(0, os.fstat(0).st_size).split())))",
    "dev_stdin": "print(sum(map(int, open('/dev/stdin'))))",
    "fileinput": "import fileinput\nprint(sum(map(int, fileinput.input())))",
    "bytesio": "import os, io\nread = io.BytesIO(os.read(0, os.fstat(0).st_size)).readline\nprint(int(read()) + int(read()))",
    "mmap": "import mmap\nprint(sum(map(int, mmap.mmap(0, 0, prot=mmap.PROT_READ).read().split())))",
    "input_with_prompt": "import sys\nsys.stdout.write(str(int(input('')) + int(input(''))) + '\\n')",
    "mixed": "import sys\nfirst = int(input())\nprint(first + int(sys.stdin.readline()))",
    "one_line_at_a_time": "from sys import stdin\nprint(sum(int(line) for line in iter(stdin.readline, '')))",
    "second_thread": """
import threading
thread = threading.Thread(target=lambda: print(int(input()) + int(input())))
thread.start()
thread.join()
""",
}


@pytest.mark.parametrize("idiom", READS_TWO_NUMBERS)
def test_every_way_to_read_works(run, idiom):
    """19 + 23 = 42, whatever the program reads them with."""
    assert run(READS_TWO_NUMBERS[idiom], "19\n23\n", "42\n").verdict is Verdict.ACCEPTED


def test_every_way_to_read_works_without_namespaces(bare_judge):
    """The same programs where there is no mount namespace to give /dev/stdin its place."""
    test = StdioTest(stdin="19\n23\n", expected_stdout="42\n")

    verdicts = {idiom: bare_judge.judge(program, (test,)).verdict for idiom, program in READS_TWO_NUMBERS.items()}

    assert verdicts == dict.fromkeys(READS_TWO_NUMBERS, Verdict.ACCEPTED)


RIGHT = {
    "integer_in_scientific_notation": ("numbers", "print('0.333333333 1.000000007e9 YES')"),
    "integer_with_a_point": ("numbers", "print(1 / 3, 1000000007.0, 'YES')"),
    "print_each": ("lines", "print(3)\nprint(1, 2, 3)\nprint('Yes')"),
    "print_sep": ("lines", "print(3, '1 2 3', 'Yes', sep='\\n')"),
    "print_star": ("lines", "print(3)\nprint(*[1, 2, 3])\nprint('Yes')"),
    "print_join": ("lines", "print(3)\nprint(' '.join(map(str, [1, 2, 3])))\nprint('Yes')"),
    "join_lines": ("lines", "print('\\n'.join(['3', '1 2 3', 'Yes']))"),
    "no_newline_at_the_end": ("lines", "print('3\\n1 2 3\\nYes', end='')"),
    "space_at_the_end_of_a_line": ("lines", "print(3)\nfor n in (1, 2, 3): print(n, end=' ')\nprint()\nprint('Yes')"),
    "tab_at_the_end": ("lines", "print('3\\t\\n1 2 3\\nYes\\t')"),
    "blank_lines_at_the_end": ("lines", "print('3\\n1 2 3\\nYes\\n\\n\\n')"),
    "spaces_on_the_last_line": ("lines", "print('3\\n1 2 3\\nYes\\n   ', end='')"),
    "crlf": ("lines", "import sys\nsys.stdout.buffer.write(b'3\\r\\n1 2 3\\r\\nYes\\r\\n')"),
    "format": ("lines", "print('{}\\n{} {} {}\\n{}'.format(3, 1, 2, 3, 'Yes'))"),
    "percent": ("lines", "print('%d\\n%d %d %d\\n%s' % (3, 1, 2, 3, 'Yes'))"),
    "f_string": ("lines", "n = 3\nprint(f'{n}\\n1 2 {n}\\nYes')"),
    "write": ("lines", "from sys import stdout\nstdout.write('3\\n1 2 3\\n')\nstdout.write('Yes')"),
    "writelines": ("lines", "import sys\nsys.stdout.writelines(['3\\n', '1 2 3\\n', 'Yes\\n'])"),
    "flush_each": ("lines", "for line in ('3', '1 2 3', 'Yes'): print(line, flush=True)"),
    "collected": ("lines", "out = []\nout.append('3')\nout += ['1 2 3', 'Yes']\nprint(*out, sep='\\n')"),
    "redirected": ("lines", "import io, sys\nreal, sys.stdout = sys.stdout, io.StringIO()\nprint('3\\n1 2 3\\nYes')\nreal.write(sys.stdout.getvalue())"),
    "answer_and_debug_on_stderr": ("lines", "import sys\nprint('n =', 3, file=sys.stderr)\nprint('3\\n1 2 3\\nYes')"),
    "more_digits": ("numbers", "print(1 / 3, 1000000007, 'YES')"),
    "fewer_digits": ("numbers", "print('%.6f' % (1 / 3), 1000000007, 'YES')"),
    "scientific": ("numbers", "print('%.8e' % (1 / 3), 10**9 + 7, 'YES')"),
    "decimal_on_a_line_of_its_own": ("numbers", "from decimal import Decimal\nprint(Decimal(1) / 3, 1000000007, 'YES', sep='\\n')"),
}  # fmt: skip
"""Name -> (checker, program)."""

EXPECTED = {"lines": "3\n1 2 3\nYes\n", "numbers": "0.333333333 1000000007 YES\n"}

NEARLY_RIGHT = {
    "nothing": ("lines", ""),
    "prefix_of_lines": ("lines", "3\n1 2 3\n"),
    "prefix_of_a_line": ("lines", "3\n1 2\nYes\n"),
    "prefix_of_a_word": ("lines", "3\n1 2 3\nYe"),
    "extra_line": ("lines", "3\n1 2 3\nYes\nNo\n"),
    "extra_word": ("lines", "3\n1 2 3 4\nYes\n"),
    "printed_twice": ("lines", "3\n1 2 3\nYes\n" * 2),
    "prompt_before_it": ("lines", "n? 3\n1 2 3\nYes\n"),
    "other_case": ("lines", "3\n1 2 3\nYES\n"),
    "quoted": ("lines", "3\n1 2 3\n'Yes'\n"),
    "a_list": ("lines", "3\n[1, 2, 3]\nYes\n"),
    "commas": ("lines", "3\n1, 2, 3\nYes\n"),
    "other_order_of_words": ("lines", "3\n3 2 1\nYes\n"),
    "other_order_of_lines": ("lines", "1 2 3\n3\nYes\n"),
    "all_on_one_line": ("lines", "3 1 2 3 Yes\n"),
    "words_run_together": ("lines", "3\n123\nYes\n"),
    "blank_line_between": ("lines", "3\n\n1 2 3\nYes\n"),
    "integer_as_float": ("lines", "3.0\n1 2 3\nYes\n"),
    "duplicate_lost": ("lines", "3\n1 2\n3\nYes\n"),
    "integer_off_by_one": ("numbers", "0.333333333 1000000006 YES\n"),
    "too_few_digits": ("numbers", "0.3333 1000000007 YES\n"),
    "fraction": ("numbers", "1/3 1000000007 YES\n"),
    "not_a_number": ("numbers", "nan 1000000007 YES\n"),
}  # fmt: skip
"""Name -> (checker, what the program prints)."""


def judged(judge, checker, program):
    """Return the verdict on what a program prints."""
    test = StdioTest(stdin="", expected_stdout=EXPECTED[checker], checker=checker)
    return judge.judge(program, (test,)).verdict


@pytest.mark.parametrize("name", RIGHT)
def test_every_right_output_is_accepted(judge, name):
    """White space at the ends of lines, and digits beyond the sixth, are a matter of taste."""
    assert judged(judge, *RIGHT[name]) is Verdict.ACCEPTED


@pytest.mark.parametrize("name", NEARLY_RIGHT)
def test_every_output_that_is_nearly_right_is_a_wrong_answer(judge, name):
    """A part of the answer, more than the answer, or the answer in another form."""
    checker, output = NEARLY_RIGHT[name]

    assert judged(judge, checker, f"print({output!r}, end='')") is Verdict.WRONG_ANSWER
