"""Compares the conditions of results: only results under alike conditions may be compared."""

from collections.abc import Mapping

import msgspec

from harness.runs.records import Conditions, Sampling

_UNKNOWN = "unknown"
_OWN = "the benchmark's"
_UNVERSIONED = "the only one"


def condition_texts(conditions: Conditions) -> dict[str, str]:
    """Return the conditions that two results must share, as texts by name.

    The seed, the model, and the details of a layer of isolation may differ; splits and shards are part of the hash of
    the problems.

    Args:
        conditions: of one result.

    Returns:
        Name of the condition -> its value as text, "unknown" where the samples don't tell it.
    """
    card = conditions.prompt_card
    limits = ", ".join(f"{name} {value:.15g}" for name, value in msgspec.structs.asdict(conditions.limits).items())
    return {
        "benchmark": conditions.benchmark,
        "data version": conditions.data_version or _UNVERSIONED,
        "problem set": conditions.problem_set or ", ".join(conditions.splits),
        "problems": conditions.problems_sha256[:12],
        "prompt card": f"{card.name} ({card.sha256[:12]})" if card else _UNKNOWN,
        "sampling": sampling_text(conditions.sampling) if conditions.sampling else _UNKNOWN,
        "dtype": (conditions.producer and conditions.producer.dtype) or _UNKNOWN,
        "samples": str(conditions.samples),
        "extraction": conditions.extraction,
        "tests": "all" if conditions.exhaustive else "up to the first that fails",
        "limits": f"{conditions.limits_file}: {limits}" if conditions.limits_file else limits,
        "checkers": conditions.checkers_sha256[:12] or _OWN,
        "isolation": ", ".join(layers_in_force(conditions)) or "NONE, every program was trusted",
        "preload": ", ".join(sorted(conditions.preload)) or "nothing",
        "allow": allowed_text(conditions.allow) or "nothing",
        "prelude": ", ".join(f"{name} ({sha256[:12]})" for name, sha256 in conditions.preludes.items()) or "none",
        "python": conditions.python,
        "proctor": conditions.proctor,
    }


def protocol_texts(conditions: Conditions) -> dict[str, str]:
    """Return the conditions as far as they can move a verdict or a sample: results may be compared if these are equal.

    Patch levels count for nothing, and neither do the layers of isolation, but for their complete absence: a program
    that nothing isolates may forge its verdict.

    Args:
        conditions: of one result.

    Returns:
        As `condition_texts`, without the details that only deserve a warning.
    """
    allowed = {name: _minor(version) for name, version in conditions.allow.items()}
    return condition_texts(conditions) | {
        "isolation": "some" if layers_in_force(conditions) else "NONE",
        "allow": allowed_text(allowed),
        "python": _minor(conditions.python),
        "proctor": _minor(conditions.proctor),
    }


def differences(a: Conditions, b: Conditions) -> tuple[str, ...]:
    """Return each condition that forbids to compare two results, empty where they may be compared.

    Args:
        a: conditions of one result.
        b: those of another.

    Returns:
        `name: value in a against value in b` each.
    """
    return _differing(a, b, forbidding=True)


def slight_differences(a: Conditions, b: Conditions) -> tuple[str, ...]:
    """Return each condition that differs and still lets two results be compared: it deserves a warning.

    Args:
        a: conditions of one result.
        b: those of another.

    Returns:
        `name: value in a against value in b` each.
    """
    return _differing(a, b, forbidding=False)


def _differing(a: Conditions, b: Conditions, *, forbidding: bool) -> tuple[str, ...]:
    protocol_a, protocol_b, of_b = protocol_texts(a), protocol_texts(b), condition_texts(b)
    return tuple(
        f"{name}: {text} against {of_b[name]}"
        for name, text in condition_texts(a).items()
        if text != of_b[name] and (protocol_a[name] != protocol_b[name]) is forbidding
    )


def layers_in_force(conditions: Conditions) -> tuple[str, ...]:
    """Return the layers of isolation that were in force.

    Args:
        conditions: of one result.

    Returns:
        Their names, sorted; empty where every program was trusted.
    """
    return tuple(sorted(layer for layer, state in conditions.isolation.items() if state.startswith("in force")))


def _minor(version: str) -> str:
    return ".".join(version.split(".")[:2])


def footnote(conditions: Conditions) -> str:
    """Return the conditions in one line, but for those that the caption of a table names.

    Args:
        conditions: of one result.

    Returns:
        Names and values, separated by semicolons.
    """
    texts = condition_texts(conditions)
    named = (
        *["data version"] * bool(conditions.data_version), "prompt card", "sampling",
        *["dtype"] * (texts["dtype"] != _UNKNOWN), "extraction", *["tests"] * conditions.exhaustive, "limits",
        *["checkers"] * bool(conditions.checkers_sha256), "isolation", *["preload"] * bool(conditions.preload),
        *["allow"] * bool(conditions.allow), *["prelude"] * bool(conditions.preludes),
    )  # fmt: skip
    return "; ".join((
        *(f"{name} {texts[name]}" for name in named),
        f"Python {texts['python']}", f"proctor {texts['proctor']}", f"problems {texts['problems']}",
    ))  # fmt: skip


def allowed_text(packages: Mapping[str, str]) -> str:
    """Return the packages that the sandbox shows on request, such as "numpy 2.4.6, pandas 3.1.1".

    Args:
        packages: versions by name.
    """
    return ", ".join(f"{name} {version}".rstrip() for name, version in packages.items())


def sampling_text(sampling: Sampling) -> str:
    """Return "greedy, at most 512 tokens" or "temperature 0.8, top_p 0.95, at most 512 tokens, stop [...]".

    Args:
        sampling: of a run; temperature 0 is greedy.

    Returns:
        Without its seed and its number of samples.
    """
    how = f"temperature {sampling.temperature:g}, top_p {sampling.top_p:g}" if sampling.temperature else "greedy"
    stop = f", stop {msgspec.json.encode(sampling.stop).decode()}" if sampling.stop else ""
    return f"{how}, at most {sampling.max_tokens} tokens{stop}"
