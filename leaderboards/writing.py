"""What keeps a file from being written is told in one line."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from harness.errors import UserError


@contextmanager
def writing(place: Path) -> Iterator[None]:
    """Turn an error of the system, while `place` is being written, into a UserError."""
    try:
        yield
    except OSError as error:
        raise UserError(f"{place}: can't be written: {error.strerror}; choose another place") from error
