"""The options of a backend, read strictly."""

from collections.abc import Mapping
from typing import Any, TypeVar

import msgspec

from harness.errors import UserError

T = TypeVar("T", bound=msgspec.Struct)


def options_of(backend: str, given: Mapping[str, Any], type_: type[T]) -> T:
    """Return the options that were given with --option; numbers may be texts.

    Raises:
        UserError: An option is unknown, of another type, or makes no sense.
    """
    try:
        return msgspec.convert(given, type_, strict=False)
    except msgspec.ValidationError as error:
        known = ", ".join(type_.__struct_fields__)
        raise UserError(f"--option of the backend {backend}: {error}; it takes {known}") from None
