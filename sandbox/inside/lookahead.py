"""Plans the number of values to fetch at once from an iterator of the program, and keeps the unused ones.

A value that is fetched early is computed early, which a test could notice; so only a loop that has taken many values in
a row, with no other request to the program between them, is served ahead, and by an eighth of what it took.

Runs in the examined interpreter (CPython 3.10 and newer): standard library only.
"""

from collections import deque
from typing import Any

_ALONE, _SHARE, MOST_ITEMS = 64, 8, 1000


class Lookahead:
    """Keeps the values fetched ahead from the iterators of one program, by the numbers of their handles."""

    def __init__(self) -> None:
        """Begin with none."""
        self._items: dict[int, deque[Any]] = {}
        self._last: int | None = None
        self._taken = 0

    def another_request(self) -> None:
        """Note a request to the program: what it computes from here on may depend on it."""
        self._last = None

    def wanted(self, number: int) -> int:
        """Return how many values to fetch from an iterator now.

        Args:
            number: that of the iterator's handle.

        Returns:
            1 until 64 values in a row were taken from it; from then on an eighth of those taken, at most 1000.
        """
        if number != self._last:
            self._taken = 0
        return 1 if self._taken < _ALONE else min(self._taken // _SHARE, MOST_ITEMS)

    def fill(self, number: int, items: list[Any]) -> None:
        """Keep the values that were fetched.

        Args:
            number: that of the iterator's handle.
            items: in order; they replace what was kept of this iterator.
        """
        self._last = number
        self._items[number] = deque(items)

    def holds(self, number: int) -> bool:
        """Whether a value of an iterator is there already.

        Args:
            number: that of the iterator's handle.
        """
        return bool(self._items.get(number))

    def pop(self, number: int) -> Any:
        """Return an iterator's next value.

        Args:
            number: that of the iterator's handle; `holds` must be true of it.
        """
        self._taken += 1
        return self._items[number].popleft()
