"""Contests by the addresses of problems."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.benchmarks.contest_url import contest_of


@pytest.mark.parametrize(
    ("url", "contest"),
    [
        ("https://codeforces.com/problemset/problem/1036/B", "codeforces/1036"),
        ("http://www.codeforces.com/contest/1036/problem/C?locale=en", "codeforces/1036"),
        ("https://m1.codeforces.com/contest/1036/problem/D#note", "codeforces/1036"),
        ("https://codeforces.com/problemset/gymProblem/100001/A", "codeforces/100001"),
        ("https://codeforces.com/gym/100001/problem/B", "codeforces/100001"),
        ("https://codeforces.com/group/x1Y/contest/2000/problem/A", "codeforces/2000"),
        ("https://atcoder.jp/contests/arc063/tasks/arc063_c", "atcoder/arc063"),
        ("https://beta.atcoder.jp/contests/arc063/tasks/arc063_d", "atcoder/arc063"),
        ("http://arc063.contest.atcoder.jp/tasks/arc063_a", "atcoder/arc063"),
        ("https://www.codechef.com/COOK131B/problems/XORORED", "codechef/cook131b"),
        ("https://www.hackerrank.com/contests/w33/challenges/twin-arrays", "hackerrank.com/w33"),
        ("https://leetcode.com/contest/weekly-contest-200/problems/x/", "leetcode.com/weekly-contest-200"),
    ],
)
def test_an_address_with_a_contest_names_it(url, contest):
    """In whichever of its forms the site writes it."""
    assert contest_of(url) == contest


@pytest.mark.parametrize(
    "url",
    [
        "https://codeforces.com/problemsets/acmsguru/problem/99999/100",
        "https://codeforces.com/problemset",
        "https://www.codechef.com/problems/CHEFSTR",
        "https://www.codechef.com/practice/problems/CHEFSTR",
        "https://www.codewars.com/kata/559f3123e66a7204f000009f",
        "https://open.kattis.com/problems/hello",
        "https://leetcode.com/problems/two-sum/",
        "https://www.hackerrank.com/challenges/solve-me-first",
        "https://www.hackerrank.com/contests/master/challenges/solve-me-first",
        "https://evil.example/codeforces.com/problemset/problem/1/A",
        "https://atcoder.jp/contests/arc063",
        "https://[::1/contest/1/x",
        "codeforces",
        "",
        None,
        1036,
        {"url": 1},
    ],
)
def test_an_address_of_an_archive_or_none_names_no_contest(url):
    """A whole site would be one family of hundreds, which are not alike."""
    assert contest_of(url) == ""


@given(st.from_regex(r"[a-z0-9]{1,9}", fullmatch=True), st.integers(1, 10**6), st.sampled_from("ABCDEF"))
def test_problems_of_a_contest_have_one_name_and_others_another(name, number, letter):
    """Whatever the problem's own name."""
    base = f"https://codeforces.com/problemset/problem/{number}"

    assert contest_of(f"{base}/{letter}") == contest_of(f"{base}/Z") != contest_of(f"{base}1/{letter}")
    assert contest_of(f"https://atcoder.jp/contests/{name}/tasks/{name}_a") == f"atcoder/{name}"


@given(st.text() | st.text("htps:/.contes-_?#@1a", max_size=600))
def test_any_text_is_read(text):
    """It is as untrusted as the rest of a row."""
    assert isinstance(contest_of(text), str)
    assert contest_of("https://atcoder.jp/contests/" + "a" * 1000 + "/tasks/b") == ""
