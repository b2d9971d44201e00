"""Reads the families of the demo's tasks from families.toml, and samples their inputs."""

from collections.abc import Callable, Mapping, Sequence
from functools import cache, partial
from importlib.resources import files
from random import Random

import msgspec

Parameters = Mapping[str, int | str]
"""Name -> value for `$name` in statements and programs; each choice is a task of its own."""


class Family(msgspec.Struct, frozen=True, kw_only=True):
    """Holds one idea that many tasks are made of; its texts are templates of `string.Template`."""

    name: str
    input_text: str
    """The input, as a statement puts it."""
    readings: tuple[str, ...]
    """Ways to read it, one line or more each."""
    sample_input: Callable[[Random, Parameters], str]
    """Sample an input for these parameters."""
    phrasings: tuple[str, ...]
    """Ways to say what to print."""
    right: tuple[str, ...]
    """Programs below the reading that do it; the first is the reference."""
    slow: tuple[str, ...]
    """Programs below the reading that would do it if they had the time."""
    parameters: Mapping[str, Sequence[int | str]]
    """The values that each may have."""


class _Input(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    statement: str
    readings: str
    bounds: dict[str, int] = {}


class _Entry(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    input: str
    bounds: dict[str, int] = {}
    parameters: dict[str, tuple[int, int] | str]
    """[first, last], or the name of a vocabulary."""
    phrasings: tuple[str, ...]
    right: str
    slow: str = ""


class _Table(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    vocabularies: dict[str, str]
    inputs: dict[str, _Input]
    introductory: dict[str, _Entry]
    interview: dict[str, _Entry]
    competition: dict[str, _Entry]


@cache
def families() -> Mapping[str, tuple[Family, ...]]:
    """Return the families of each difficulty, in the order of the table."""
    table = _table()
    return {
        difficulty: tuple(_family(name, entry, table.inputs[entry.input]) for name, entry in entries.items())
        for difficulty, entries in (
            ("introductory", table.introductory),
            ("interview", table.interview),
            ("competition", table.competition),
        )
    }


@cache
def vocabulary(name: str) -> tuple[str, ...]:
    """Return the entries of a vocabulary of the table.

    Args:
        name: Its key below `[vocabularies]`.

    Returns:
        The words, in the order of the table.
    """
    return tuple(_table().vocabularies[name].split())


@cache
def _table() -> _Table:
    return msgspec.toml.decode(files("trainers.demo").joinpath("families.toml").read_bytes(), type=_Table)


def _family(name: str, entry: _Entry, of_kind: _Input) -> Family:
    return Family(
        name=name,
        input_text=of_kind.statement,
        readings=_programs(of_kind.readings),
        sample_input=partial(_SAMPLERS[entry.input], **of_kind.bounds | entry.bounds),
        phrasings=entry.phrasings,
        right=_programs(entry.right),
        slow=_programs(entry.slow),
        parameters={name: _values(values) for name, values in entry.parameters.items()},
    )


def _programs(text: str) -> tuple[str, ...]:
    r"""Return the programs of a text that has an empty line between them.

    >>> _programs("print(n)\n\nn += 1\nprint(n)\n")
    ('print(n)\n', 'n += 1\nprint(n)\n')
    """
    return tuple(f"{program.rstrip()}\n" for program in text.split("\n\n") if program)


def _values(values: tuple[int, int] | str) -> Sequence[int | str]:
    return vocabulary(values) if isinstance(values, str) else range(values[0], values[1] + 1)


def _number(rng: Random, _: Parameters, *, low: int, high: int) -> str:
    return f"{rng.randint(low, high)}"


def _pair(rng: Random, _: Parameters, *, low: int, high: int) -> str:
    """Return two numbers, the smaller one first."""
    return " ".join(map(str, sorted(rng.sample(range(low, high + 1), 2))))


def _numbers(rng: Random, _: Parameters, *, low: int, high: int, fewest: int, most: int) -> str:
    """Return a line of numbers, one of which comes twice."""
    found = [rng.randint(low, high) for _ in range(rng.randint(fewest, most))]
    return " ".join(map(str, rng.sample([*found[1:], found[-1]], len(found))))


def _column(rng: Random, _: Parameters, *, low: int, high: int, fewest: int, most: int) -> str:
    """Return a count and below it as many numbers."""
    found = [rng.randint(low, high) for _ in range(rng.randint(fewest, most))]
    return "\n".join(map(str, (len(found), *found)))


def _word(rng: Random, _: Parameters) -> str:
    return rng.choice(vocabulary("words"))


def _words(rng: Random, parameters: Parameters, *, fewest: int, most: int) -> str:
    """Return a line of words; that of the task is often among them."""
    words = vocabulary("words")
    pool = (*rng.sample(words, 4), str(parameters.get("word", words[0])))
    return " ".join(rng.choice(pool) for _ in range(rng.randint(fewest, most)))


_SAMPLERS: Mapping[str, Callable[..., str]] = {
    "number": _number,
    "pair": _pair,
    "numbers": _numbers,
    "column": _column,
    "word": _word,
    "words": _words,
}
"""Input -> the function that samples one."""
