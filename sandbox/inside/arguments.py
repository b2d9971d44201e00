"""Changes a test's arguments as the program changed its copies of them.

Runs in the examined interpreter (CPython 3.10 and newer): standard library only.
"""

import collections
from typing import Any

from sandbox.inside.values import Malformed

_FIXED: tuple[Any, ...] = (tuple, type({}.values()), type({}.items()))
"""What can't change itself, but hold parts that do."""
_BY_SLICE = frozenset({"array", "ndarray"})


def assign(old: Any, new: Any) -> None:
    """Give a mutable argument its new content, keeping the identity of all inner parts that are still there.

    Args:
        old: the test's argument, changed in place.
        new: the program's copy of it after the call.

    Raises:
        Malformed: The types differ, or this type can't change.
    """
    if type(old) is not type(new):
        raise Malformed("an argument changed its type")
    if isinstance(old, _FIXED):
        for part, new_part in zip(old, new, strict=False):
            _merged(part, new_part)
    elif isinstance(old, (list, collections.deque)):
        merged = [_merged(*pair) for pair in zip(old, new, strict=False)] + list(new)[len(old) :]
        old.clear()
        old.extend(merged)
    elif isinstance(old, (dict, collections.UserDict)):
        merged_items = {key: _merged(old[key], value) if key in old else value for key, value in new.items()}
        old.clear()
        old.update(merged_items)
    elif isinstance(old, set):
        old.clear()
        old.update(new)
    elif isinstance(old, (bytearray, collections.UserList)) or type(old).__name__ in _BY_SLICE:
        old[:] = new
    else:
        raise Malformed("an argument that can't change was changed")


def _merged(old: Any, new: Any) -> Any:
    if type(old) is type(new) and isinstance(old, (list, dict, set, bytearray, collections.deque)):
        assign(old, new)
        return old
    return new
