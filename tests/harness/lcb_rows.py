"""Rows as LiveCodeBench has them."""

import base64
import json
import pickle
import zlib


def packed(tests):
    """Pack private tests as the data set does: base64 of zlib of a pickle of their JSON."""
    return base64.b64encode(zlib.compress(pickle.dumps(json.dumps(tests), protocol=4))).decode()


def case(given, answer, testtype="stdin"):
    """Return a test."""
    return {"input": given, "output": answer, "testtype": testtype}


def stdin_row(question_id, **changes):
    """Return a problem that doubles a number, with one public and one private test."""
    return {
        "question_title": "Double", "question_content": "Double it.", "platform": "atcoder", "question_id": question_id,
        "contest_id": "abc1", "contest_date": "2024-08-17T00:00:00", "starter_code": "", "difficulty": "easy",
        "public_test_cases": json.dumps([case("2\n", "4\n")]), "private_test_cases": packed([case("3\n", "6\n")]),
        "metadata": "{}",
    } | changes  # fmt: skip


def call_row(question_id, **changes):
    """Return a problem of a method with two arguments, with one public and one private test."""
    return stdin_row(
        question_id,
        platform="leetcode", contest_date="2024-09-01T02:30:00", difficulty="hard",
        starter_code="class Solution:\n    def pairs(self, a: List[int], b: str) -> List[List[int]]:\n        ",
        public_test_cases=json.dumps([case('[1, 2]\n"x"', "[[1, 2]]", "functional")]),
        private_test_cases=json.dumps([case('[]\n"y"', "[]", "functional")]),
        metadata=json.dumps({"func_name": "pairs"}),
    ) | changes  # fmt: skip
