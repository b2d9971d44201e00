"""All families, by difficulty."""

from collections.abc import Mapping

from harness.miniature.competition import COMPETITION
from harness.miniature.family import Family
from harness.miniature.interview import INTERVIEW
from harness.miniature.introductory import INTRODUCTORY

FAMILIES: Mapping[str, tuple[Family, ...]] = {
    "introductory": INTRODUCTORY,
    "interview": INTERVIEW,
    "competition": COMPETITION,
}
"""Difficulty -> families."""
