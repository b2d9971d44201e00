"""Turns problems into samples and samples into results.

    from harness import evaluate_samples, generate, generate_and_evaluate, load_benchmark

gives the functions of `harness.api`, which is imported when one of them is first used.
"""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from harness.api import evaluate_samples, generate, generate_and_evaluate, load_benchmark

__all__ = ["evaluate_samples", "generate", "generate_and_evaluate", "load_benchmark"]


def __getattr__(name: str) -> Any:
    """Import a function of `harness.api`."""
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from harness import api  # noqa: PLC0415 - half a second, which `import harness.errors` must not take

    return getattr(api, name)
