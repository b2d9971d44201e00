"""Under which conditions a result was reached, in words that can be compared."""

import msgspec

from harness.records import Result
from harness.report import sampling_of

_UNKNOWN = "unknown"


class Protocol(msgspec.Struct, frozen=True, kw_only=True, order=True):
    """What must be equal before two numbers may be compared; each field is readable, empty where it says nothing."""

    benchmark: str
    problem_set: str
    problems: str
    """Beginning of the SHA-256 of all that the problems say, tests and limits included."""
    prompt_card: str
    sampling: str
    """How the completions were drawn; another seed is the same protocol."""
    dtype: str
    samples: str
    """Samples a problem; those lost to sandbox errors don't make it another protocol."""
    extraction: str
    limits: str
    isolation: str
    """The layers in force, without what differs from one kernel to the next."""
    python: str
    proctor: str


def protocol_of(result: Result) -> Protocol:
    """Return the protocol of a result."""
    card = result.prompt_card
    limits = ", ".join(f"{name} {value:.12g}" for name, value in msgspec.structs.asdict(result.limits).items())
    in_force = [layer for layer, state in result.isolation.items() if state.startswith("in force")]
    return Protocol(
        benchmark=result.benchmark,
        problem_set=result.problem_set or ", ".join(result.splits),
        problems=result.problems_sha256[:12],
        prompt_card=f"{card.name} ({card.sha256[:12]})" if card else _UNKNOWN,
        sampling=sampling_of(result.sampling) if result.sampling else _UNKNOWN,
        dtype=(result.producer and result.producer.dtype) or _UNKNOWN,
        samples=str(max((tally.n for tally in result.tallies), default=0)),
        extraction=result.extraction,
        limits=f"{result.limits_file}: {limits}" if result.limits_file else limits,
        isolation=", ".join(in_force) or "NONE, every program was trusted",
        python=result.python,
        proctor=result.proctor,
    )


def differences(a: Protocol, b: Protocol) -> tuple[str, ...]:
    """Name each field in which two protocols differ, with both values."""
    fields = Protocol.__struct_fields__
    return tuple(
        f"{field.replace('_', ' ')}: {getattr(a, field)} against {getattr(b, field)}"
        for field in fields
        if getattr(a, field) != getattr(b, field)
    )


def in_words(protocol: Protocol) -> str:
    """Return the protocol as one line, for a footnote; what a caption says is left out."""
    dtype = f"dtype {protocol.dtype}; " * (protocol.dtype != _UNKNOWN)
    return (
        f"prompt card {protocol.prompt_card}; sampling {protocol.sampling}; {dtype}"
        f"extraction {protocol.extraction}; limits {protocol.limits}; isolation {protocol.isolation}; "
        f"Python {protocol.python}; proctor {protocol.proctor}; problems {protocol.problems}"
    )
