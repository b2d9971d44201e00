"""What a family of tasks is: one idea, put in several ways, whose numbers and words make many tasks of it."""

from collections.abc import Callable, Mapping, Sequence
from random import Random

import msgspec

Parameters = Mapping[str, int | str]
"""What tells the tasks of a family apart; stands for `$name` in statements and programs."""

WORDS = tuple(
    "apple bread cloud dance eagle flame grape horse island jungle kettle lemon market needle ocean pepper "
    "quartz river silver tiger unicorn violin window yellow zebra anchor butter candle desert engine forest "
    "garden hammer insect jacket kitten ladder mirror napkin orange pencil rabbit saddle tunnel urchin velvet "
    "walnut".split()
)
YES = ("yes", "true", "good", "fine", "win", "high", "even", "hot", "open", "full")
NO = ("no", "false", "bad", "poor", "lose", "low", "odd", "cold", "shut", "empty")
MARKS = ("-", "+", "/", "_", "=", "*", ":", ";", "&", "#", "@", "!")
LETTERS = "abcdefghiklmnoprstuvw"


class Shape(msgspec.Struct, frozen=True, kw_only=True):
    """What a program reads."""

    told: str
    """How a statement says it."""
    readings: tuple[str, ...]
    """Ways to read it, one or two lines each."""
    draw: Callable[[Random, Parameters], str]
    """Return an input."""


class Family(msgspec.Struct, frozen=True, kw_only=True):
    """An idea; the texts are templates of `string.Template`."""

    name: str
    shape: Shape
    tasks: tuple[str, ...]
    """Ways to say what to print."""
    right: tuple[str, ...]
    """Programs below the reading that do it; the first is the reference."""
    slow: tuple[str, ...] = ()
    """Programs below the reading that would do it if they had the time."""
    parameters: Mapping[str, Sequence[int | str]]
    """What each may be."""


def number(low: int = 1, high: int = 99) -> Shape:
    """Return the shape of a single number n."""
    return Shape(
        told="One line with an integer n.",
        readings=("n = int(input())\n", "n = int(input().strip())\n"),
        draw=lambda rng, _: f"{rng.randint(low, high)}",
    )


def pair(low: int = 1, high: int = 99) -> Shape:
    """Return the shape of two numbers a <= b."""
    return Shape(
        told="One line with two integers a and b.",
        readings=("a, b = map(int, input().split())\n", "a, b = [int(x) for x in input().split()]\n"),
        draw=lambda rng, _: " ".join(map(str, sorted(rng.sample(range(low, high + 1), 2)))),
    )


def numbers(low: int = 1, high: int = 60, least: int = 4, most: int = 7) -> Shape:
    """Return the shape of a line of numbers, a list a; some of them come twice."""

    def draw(rng: Random, _: Parameters) -> str:
        drawn = [rng.randint(low, high) for _ in range(rng.randint(least, most))]
        return " ".join(map(str, rng.sample([*drawn[1:], drawn[-1]], len(drawn))))

    return Shape(
        told="One line with integers, the list a.",
        readings=("a = list(map(int, input().split()))\n", "a = [int(x) for x in input().split()]\n"),
        draw=draw,
    )


def column(low: int = 1, high: int = 60) -> Shape:
    """Return the shape of a count n with a number on each of n lines, a list a."""

    def draw(rng: Random, _: Parameters) -> str:
        drawn = [rng.randint(low, high) for _ in range(rng.randint(4, 6))]
        return "\n".join(map(str, (len(drawn), *drawn)))

    return Shape(
        told="An integer n, then n lines with an integer each, the list a.",
        readings=(
            "n = int(input())\na = [int(input()) for i in range(n)]\n",
            "n = int(input())\na = []\nfor i in range(n):\n    a.append(int(input()))\n",
        ),
        draw=draw,
    )


def word() -> Shape:
    """Return the shape of a word s."""
    return Shape(
        told="One line with a word s.",
        readings=("s = input()\n", "s = input().strip()\n"),
        draw=lambda rng, _: rng.choice(WORDS),
    )


def words() -> Shape:
    """Return the shape of a line of words, a list w; the word of the task is often among them."""

    def draw(rng: Random, parameters: Parameters) -> str:
        pool = (*rng.sample(WORDS, 4), str(parameters.get("word", WORDS[0])))
        return " ".join(rng.choice(pool) for _ in range(rng.randint(4, 6)))

    return Shape(
        told="One line with words, the list w.",
        readings=("w = input().split()\n", "w = list(input().split())\n"),
        draw=draw,
    )
