"""Conditions of runs and results that several tests share."""

from harness.runs.records import Conditions
from sandbox.records import Limits


def conditions(**changes):
    """Return usual conditions, some of them changed."""
    usual = {
        "benchmark": "toy", "problem_set": "", "splits": ("test",), "problems_sha256": "0123456789abcdef",
        "samples": 1, "prompt_card": None, "sampling": None, "producer": None, "extraction": "whole",
        "exhaustive": False, "limits": Limits(), "limits_file": "",
        "isolation": {"seccomp": "in force (a filter)", "pid": "absent: not asked for"}, "preload": (),
        "python": "3.11.7", "proctor": "0.1.0",
    }  # fmt: skip
    return Conditions(**usual | changes)


def take_conditions(changes, **usual):
    """Take the fields of conditions out of some changes, and return the conditions under which they are so."""
    taken = {field: changes.pop(field) for field in Conditions.__struct_fields__ if field in changes}
    return conditions(**usual | taken)
