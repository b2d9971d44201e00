"""Which limits can be kept, and that programs are judged at the least and the most of each."""

import marshal
import math

import msgspec
import pytest

from sandbox.records import BOUNDS, AssertTest, Limits, StdioTest, Verdict


@pytest.mark.parametrize("name", Limits.__struct_fields__)
@pytest.mark.parametrize("value", [0, -1, math.nan, math.inf, -math.inf, 1 << 63, 1e30, None, "4", True])
def test_a_limit_that_cannot_be_kept_is_refused(name, value):
    """At once, with its name and the bounds, and not as a fault of the sandbox later."""
    with pytest.raises(ValueError, match=f"limit {name} of .* can't be kept: give a number from .* to "):
        Limits(**{name: value})


@pytest.mark.parametrize("name", Limits.__struct_fields__)
def test_the_bounds_themselves_can_be_kept(name):
    """A step beyond can't."""
    for bound, beyond in zip(BOUNDS[name], (-0.001, 0.001) if name in ("cpu_s", "wall_s") else (-1, 1), strict=True):
        assert getattr(Limits(**{name: bound}), name) == bound
        with pytest.raises(ValueError, match=name):
            Limits(**{name: bound + beyond})


def test_a_fraction_of_a_byte_is_refused():
    """Sizes and counts are whole numbers."""
    with pytest.raises(ValueError, match="memory_bytes"):
        Limits(memory_bytes=1e9)


def test_limits_read_from_a_file_are_refused_as_well():
    """By the reader of the file, in its own words."""
    with pytest.raises(msgspec.ValidationError, match="open_files"):
        msgspec.json.decode(b'{"open_files": 3}', type=Limits)


LEAST = {name: least for name, (least, _) in BOUNDS.items()} | {"cpu_s": 1.0, "wall_s": 1.0}
MOST = {name: most for name, (_, most) in BOUNDS.items()}
TWICE = (StdioTest(stdin="", expected_stdout="1"),) * 2


@pytest.mark.parametrize("limits", [LEAST | {"output_bytes": 2}, MOST], ids=["least", "most"])
def test_programs_are_judged_at_the_bounds(any_judge, limits):
    """A right program is accepted (times and output apart, of which every program needs more than the least)."""
    program = f"x = {list(range(1000))}\nif __name__ == '__main__': print(1)\ndef f(): return 1"
    examined, wider = (AssertTest(code="assert f() == 1", names=("f",)),), {"output_bytes": 1 << 20}

    assert any_judge.judge(program, TWICE, Limits(**limits)).verdict is Verdict.ACCEPTED
    assert any_judge.judge(program, examined, Limits(**limits | wider)).verdict is Verdict.ACCEPTED


def test_a_small_limit_on_files_does_not_cut_code_that_is_kept_for_the_next_test(judge):
    """Code that is as long as the least limit on files allows, and a few bytes longer or shorter."""

    def program(letters):
        return f"x = '{'x' * letters}'\nprint(1)"

    overhead = len(marshal.dumps(compile(program(1 << 10), "program.py", "exec"))) - (1 << 10)
    programs = [program(length - overhead) for length in range((1 << 20) - 8, (1 << 20) + 8)]

    verdicts = [judge.judge(text, TWICE, Limits(file_bytes=1 << 20, output_bytes=2)).verdict for text in programs]

    assert verdicts == [Verdict.ACCEPTED] * len(programs)
