"""All families, by difficulty."""

from collections.abc import Mapping

from trainers.demo.competition import COMPETITION
from trainers.demo.family import Family
from trainers.demo.interview import INTERVIEW
from trainers.demo.introductory import INTRODUCTORY

FAMILIES: Mapping[str, tuple[Family, ...]] = {
    "introductory": INTRODUCTORY,
    "interview": INTERVIEW,
    "competition": COMPETITION,
}
"""Difficulty -> families."""
