"""Names the contest of a problem by the address that it was published at."""

import re
from typing import Any

_LONGEST = 500
"""Characters of an address that is read; no site has longer ones."""
_ADDRESS = re.compile(r"(?:https?:)?//(?:www\.)?([a-z0-9.-]+)(?::\d+)?(/.*)")
_CONTESTS = (
    ("codeforces", r"(?:\w+\.)?codeforces\.(?:com|ru)/(?:problemset/(?:problem|gymproblem)|contest|gym)/(\d+)/."),
    ("codeforces", r"(?:\w+\.)?codeforces\.(?:com|ru)/group/\w+/contest/(\d+)/."),
    ("atcoder", r"(?:beta\.)?atcoder\.jp/contests/([\w.-]+)/tasks/."),
    ("atcoder", r"([\w-]+)\.contest\.atcoder\.jp/tasks/."),
    ("codechef", r"codechef\.com/(?!practice/|learn/)([\w-]+)/problems/."),
    ("", r"[a-z0-9.-]+/contests?/(?!master/)([\w.-]+)/."),  # `master` is HackerRank's archive, not a contest
)
"""Site, and the path that has the contest's name in it; the last is for sites not named."""


def contest_of(url: Any) -> str:
    """Return the contest that the address of a problem names.

    A site is not a contest: its archive has hundreds of problems, which are not alike for that.

    >>> contest_of("https://codeforces.com/problemset/problem/1036/B")
    'codeforces/1036'
    >>> contest_of("https://leetcode.com/problems/kth-missing-positive-number/")
    ''

    Args:
        url: as a row has it, whatever that is.

    Returns:
        The site and the contest's own name in lower case; nothing where no contest is named.
    """
    if not isinstance(url, str) or len(url) > _LONGEST:
        return ""
    address = _ADDRESS.fullmatch(url.strip().lower().split("?")[0].split("#")[0])
    if address is None:
        return ""
    host, path = address.groups()
    for site, pattern in _CONTESTS:
        if found := re.match(pattern, f"{host}{path}"):
            return f"{site or host}/{found[1]}"
    return ""
