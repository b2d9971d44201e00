"""Reads numbers of the command line: click takes "nan" for a number within any range."""

import math
from typing import Any

import click


class FiniteRange(click.FloatRange):
    """Takes a number within a range, and neither "nan" nor "inf"."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> float:
        """Return the number; refuse it as click does where it is none, or out of range."""
        number = float(super().convert(value, param, ctx))
        if not math.isfinite(number):
            self.fail(f"{value!r} is not a number.", param, ctx)
        return number
