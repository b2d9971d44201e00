"""Chooses the checker of a problem's answers, by the grants of its statement and the form of its answers.

- Answers without decimals are compared line by line, numbers by their exact value: `values`.
- Where one answer has decimals, or the statement names a tolerance, word by word, numbers within it: `numbers`.
- Where a statement says that the case of letters doesn't count, and no two answers differ in it alone, it doesn't.

A statement is read as contests write them: "absolute or relative error of at most 10^{-6}", "answers within 1e-3 are
right", "correct up to 0.001". The first such amount counts. It is relative, absolute or both, as the statement says;
where it says neither, it is both. No tolerance is narrower than the digits that the data give.
"""

import ast
import re
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain
from typing import Any

from harness.benchmarks.starter_code import Signature

_DECIMAL = re.compile(
    r"(?:^|(?<=\s))[+-]?(?:[0-9]*\.(?P<fraction>[0-9]+)(?:[eE][+-]?[0-9]+)?|[0-9]+\.?[eE][+-][0-9]+)(?=\s|$)"
)
"""A number with a fraction, or with an exponent as Python and C write it; a bare 1e5 may be a name."""
_USUAL = 1e-6
_MOST = 0.1
"""The widest tolerance that contests grant."""
_SMALL = 100_000
"""A usual tolerance of a number below is too small to take one whole number for another."""
_MOST_READ = 1 << 16
"""Characters of a statement that are looked at."""
_PLAIN_SIGNS = str.maketrans("\u2212\u2013⁻⁰¹²³⁴⁵⁶⁷⁸⁹", "---0123456789", "$\\{}()`*_&;")
_AMOUNT = (
    r"(?<![\w.])(?:(?:(?P<factor>[0-9](?:\.[0-9]{1,3})?)\s?(?:[\u00b7\u00d7x]|times|cdot)\s?)?"
    r"10\s?\^?\s?-\s?(?P<power>[0-9]{1,2})|(?P<written>[0-9](?:\.[0-9]{1,3})?e-[0-9]{1,2}|0?\.[0-9]{1,15}))"
    r"(?!\w)(?!\s?(?:s|secs?|seconds?|ms|milliseconds?)\b)"
)
"""An amount below 1, as contests write one; a time is none."""
_ASSURED = (
    r"(?:answers?|outputs?|results?|print\w*|returns?|accepted|correct|right|judges?|judged|jury|checker|values?)\b"
)
_TOLERANCES = tuple(
    re.compile(text)
    for text in (
        rf"\berrors?\b[^.;]{{0,90}}?{_AMOUNT}",
        (
            rf"\b{_ASSURED}[^.;]{{0,90}}?\b(?:within|up to|precision|accuracy|tolerance|differs?)\b"
            rf"[^.;+]{{0,60}}?{_AMOUNT}"
        ),
        rf"\b(?:difference|deviation)\b[^.;]{{0,60}}\b(?:answers?|solutions?|outputs?|jury)\b[^.;]{{0,60}}?{_AMOUNT}",
        rf"{_AMOUNT}[^.;]{{0,40}}\b(?:error|precision|accuracy|tolerance)\b",
    )
)
_SENTENCE = re.compile(r"[^.!?\n]+(?:[.!?](?!\s)[^.!?\n]*)*")
_SAYS_OUTPUT = re.compile(r"\b(?:print|output|return|write|report|display|answer|find)\w*\b", re.IGNORECASE)
_ANY_CASE = re.compile(
    r"\b(?:print|output|write)\w*\b.{0,120}?\bin (?:any|arbitrary|whatever) (?:letter )?(?:case|register)\b"
    r"|\b(?:print|output|write)\w*\b.{0,120}?\bin (?:either )?(?:upper|lower)[- ]?(?:case)? or (?:upper|lower)[- ]?case"
    r"|\b(?:print|output|answer)s?\b.{0,120}?\bcase[- ]?insensitive"
    r"|\bcase (?:of (?:the )?(?:letter|character|answer|output)s? )?(?:does(?: not|n't|n\u2019t) matter|is ignored)\b",
    re.IGNORECASE | re.DOTALL,
)
_ANY_ORDER = re.compile(
    r"\bin (?:any|arbitrary|whatever|an arbitrary) order\b|\border (?:of [^.]{0,40})?does(?: not|n't|n\u2019t) matter"
    r"|\bregardless of (?:the |their )?order\b",
    re.IGNORECASE,
)
_ANY_ANSWER = re.compile(
    r"\bany (?:one )?of (?:them|those|these|the (?:\w+ )?(?:answers|solutions))\b"
    r"|\b(?:print|output|return|find|report|give|display|write) any\b(?! number| digit)"
    r"|\bany (?:[a-z]+ ){0,2}(?:answer|solution|output)s? (?:is|are|will be|would be|may be|can be) ",
    re.IGNORECASE,
)


_IN_PLACE = re.compile(
    r"\b(?:do not|don't) return any(?:thing| value)\b[^.]{0,30}?\bmodify (?:the )?`?(\w+)`?[^.]{0,30}\bin[- ]?place\b",
    re.IGNORECASE,
)


def output_checker(statement: str, outputs: Sequence[str]) -> str:
    r"""Return the name of the checker for outputs, as `sandbox.inside.checkers.stdio_checker` reads it.

    >>> output_checker("Print it.", ["3\n"]), output_checker("Print it.", ["3\n", "0.5\n"])
    ('values', 'numbers')
    >>> output_checker("Your absolute error must not exceed 10^{-4}.", ["3\n"])
    'numbers 0.0001 absolute'
    >>> output_checker("You can print YES and NO in any case.", ["YES\n"])
    'values any_case'

    Args:
        statement: of the problem.
        outputs: that its tests expect.
    """
    stated, decimals = stated_tolerance(statement), most_decimals(outputs)
    checker = "values" if decimals is None else "numbers"
    if stated is not None:
        checker = f"numbers {_with_digits(stated[0], decimals or 0):g}{stated[1]}"
    return checker + " any_case" * (grants_any_case(statement) and not _differ_in_case(outputs))


def most_decimals(outputs: Iterable[str]) -> int | None:
    """Return the digits behind the point in the number that has most; None where no number has decimals.

    Args:
        outputs: that tests expect.
    """
    found = (match for output in outputs for match in _DECIMAL.finditer(output))
    return max((len(match["fraction"] or "") for match in found), default=None)


def _with_digits(stated: float, decimals: int) -> float:
    """Return a tolerance that is no narrower than the digits of the data, nor wider than usual for want of them."""
    return max(stated, min(_USUAL, 10.0**-decimals))


def stated_tolerance(statement: str) -> tuple[float, str] | None:
    """Return the tolerance that a statement names, and "", " absolute" or " relative"; None where it names none.

    >>> stated_tolerance("The relative or absolute error must be at most 10^{ - 9}.")
    (1e-09, '')
    >>> stated_tolerance("Print the answer modulo 10^9+7.")

    Args:
        statement: of the problem.
    """
    text = " ".join(statement[:_MOST_READ].translate(_PLAIN_SIGNS).casefold().split())
    found = [match for pattern in _TOLERANCES if (match := pattern.search(text))]
    if not found:
        return None
    match = min(found, key=lambda match: match.start())
    amount = float(match["written"] or f"{match['factor'] or 1}e-{match['power']}")
    if not 0 < amount <= _MOST:  # it is something else that the statement names
        return None
    around = text[max(0, match.start() - 40) : match.end() + 40]
    kinds = [kind for kind in ("absolute", "relative") if kind in around]
    return amount, f" {kinds[0]}" if len(kinds) == 1 else ""


def value_checker(base: str, statement: str, values: Iterable[Any]) -> str:
    """Return the name of the checker for values, as `sandbox.inside.checkers.call_checker` reads it.

    >>> value_checker("json_close", "", [0.5]), value_checker("json_close", "The error must be within 1e-3.", [0.5])
    ('json_close', 'json_close 0.001')

    Args:
        base: the checker where the statement grants nothing.
        statement: of the problem.
        values: that its tests expect.
    """
    stated = stated_tolerance(statement)
    if stated is None:
        return base
    decimals = most_decimals(map(repr, _floats(values))) or 0
    return f"{base} {_with_digits(stated[0], decimals):g}{stated[1]}"


def _floats(values: Iterable[Any]) -> Iterator[float]:
    waiting = [*values]
    while waiting:
        value = waiting.pop()
        if isinstance(value, float):
            yield value
        elif isinstance(value, list | dict):
            waiting.extend(value.values() if isinstance(value, dict) else value)


def with_decimals(values: Sequence[Any], statement: str) -> list[Any]:
    """Return answers with floats for the small whole numbers among decimals, as JSON may have written a decimal so.

    That is where all answers are numbers, or lists of numbers, and one is a float or the statement names a tolerance.

    >>> with_decimals([0.5, 2], ""), with_decimals([[1, 0.5], [2, 10**9]], ""), with_decimals([1, 2], "")
    ([0.5, 2.0], [[1.0, 0.5], [2.0, 1000000000]], [1, 2])

    Args:
        values: that the tests of a problem expect.
        statement: of the problem.
    """
    numbers = [*chain.from_iterable(value if isinstance(value, list) else [value] for value in values)]
    kinds = {*map(type, numbers)}
    if not kinds <= {int, float} or not (float in kinds or stated_tolerance(statement)):
        return [*values]
    return [[*map(_as_decimal, value)] if isinstance(value, list) else _as_decimal(value) for value in values]


def _as_decimal(number: float) -> float:
    return float(number) if abs(number) < _SMALL else number


def argument_with_answer(text: str, signature: Signature | None, values: Iterable[Any]) -> int | None:
    """Return the number of the argument in which a function leaves its answer; None where it returns it.

    It is the one that the text names ("Do not return anything, modify nums in-place instead"), or else the first, where
    the text says so or the function is annotated to return None, though the tests expect something.

    Args:
        text: statement and starter code.
        signature: of the function.
        values: that the tests expect.
    """
    if signature is None or not signature.parameters or any(value is None for value in values):
        return None
    match = _IN_PLACE.search(text[:_MOST_READ])
    if match is not None and match[1] in signature.parameters:
        return signature.parameters.index(match[1])
    returns_none = signature.returns is not None and ast.unparse(signature.returns) == "None"
    return 0 if match is not None or returns_none else None


def grants_any_case(statement: str) -> bool:
    """Return whether a statement says that the case of an output's letters doesn't count.

    Args:
        statement: of the problem.
    """
    return any(_ANY_CASE.search(sentence) for sentence in _sentences(statement))


def grants(statement: str) -> tuple[str, ...]:
    """Return what a statement grants beyond the one answer that the data have, for people to look at.

    >>> grants("If there are several answers, print any of them. Print the numbers in any order.")
    ('any answer', 'any order')

    Args:
        statement: of the problem.
    """
    texts = [sentence for sentence in _sentences(statement) if _SAYS_OUTPUT.search(sentence)]
    found = {
        "any answer": any(map(_ANY_ANSWER.search, texts)),
        "any order": any(map(_ANY_ORDER.search, texts)),
        "any letter case": grants_any_case(statement),
        "a tolerance": stated_tolerance(statement) is not None,
    }
    return tuple(name for name, is_granted in found.items() if is_granted)


def _sentences(statement: str) -> Iterator[str]:
    return (match[0] for match in _SENTENCE.finditer(statement[:_MOST_READ]))


def _differ_in_case(outputs: Sequence[str]) -> bool:
    """Return whether two words that are expected differ in the case of their letters alone."""
    words = {word for output in outputs for word in output.split()}
    return len({word.lower() for word in words}) < len(words)
