"""Options that come together: a command takes them as one record, and several commands share them."""

import functools
from collections.abc import Callable, Sequence
from typing import Any, TypeVar

import msgspec

Command = TypeVar("Command", bound=Callable[..., Any])


def gathered(name: str, record: type[msgspec.Struct], options: Sequence[Callable[..., Any]]) -> Callable[..., Any]:
    """Return a decorator that adds the options to a command, which takes their values as the argument `name`.

    Args:
        name: of the command's argument.
        record: has a field for each of the options, called as click calls its value.
        options: what click.option returned, in the order of the help.
    """

    def decorator(command: Callable[..., Any]) -> Callable[..., Any]:
        @functools.wraps(command)
        def with_record(**values: Any) -> Any:
            return command(
                **{name: record(**{field: values.pop(field) for field in record.__struct_fields__})}, **values
            )

        return functools.reduce(lambda decorated, option: option(decorated), reversed(options), with_record)

    return decorator
