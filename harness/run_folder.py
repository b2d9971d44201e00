"""A run is a folder: what was asked, samples, evaluations, results and a report (DESIGN.md, section 5)."""

import hashlib
from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import msgspec

from harness.errors import UserError
from harness.records import Problem, Result, Run, Sample
from harness.report import markdown
from harness.storage import read, write_whole
from sandbox.limits import Limits


def jsonl(rows: Iterable[msgspec.Struct]) -> bytes:
    """Return the rows as JSON Lines."""
    return b"".join(msgspec.json.encode(row) + b"\n" for row in rows)


def jsonl_sha256(rows: Iterable[msgspec.Struct]) -> str:
    """Return the SHA-256 of the rows as JSON Lines."""
    return hashlib.sha256(jsonl(rows)).hexdigest()


def fingerprint(problems: Iterable[Problem]) -> str:
    """Return the SHA-256 of all that the problems say, tests and limits included."""
    digest = hashlib.sha256()
    for problem in problems:
        digest.update(_stable(problem).encode())
    return digest.hexdigest()


def _stable(value: Any) -> str:
    """Return a text that tells values apart as repr() does, but doesn't move with the order inside a set."""
    match value:
        case msgspec.Struct():
            return f"{type(value).__name__}{_stable(msgspec.structs.asdict(value))}"
        case dict():
            return f"{{{','.join(f'{_stable(key)}:{_stable(item)}' for key, item in value.items())}}}"
        case set() | frozenset():
            return f"{type(value).__name__}({','.join(sorted(map(_stable, value)))})"
        case list() | tuple():
            return f"{type(value).__name__}({','.join(map(_stable, value))})"
        case _:
            return repr(value)


def usual_limits(problems: Iterable[Problem]) -> Limits:
    """Return the limits that most of the problems have."""
    return Counter(problem.limits for problem in problems).most_common(1)[0][0]


def open_run(out: Path, run: Run, samples: Sequence[Sample]) -> None:
    """Start the run in the folder `out`, or go on with it if it is the same one.

    Raises:
        UserError: `out` is a file, holds something else, or a run that was asked for something else.
    """
    if out.exists() and not out.is_dir():
        raise UserError(f"{out}: is a file; --out names the folder of a run")
    if (out / "run.json").exists():
        _refuse_another(out / "run.json", run)
    elif out.exists() and any(path.suffix != ".tmp" for path in out.iterdir()):
        raise UserError(f"{out}: holds files, but no run.json; choose an empty or new folder for --out")
    else:
        out.mkdir(parents=True, exist_ok=True)
        write_whole(out / "run.json", _pretty(run))
    if not (out / "samples.jsonl").exists():
        write_whole(out / "samples.jsonl", jsonl(samples))


def close_run(out: Path, results: Sequence[Result]) -> None:
    """Write what came of it: `result.json` (a JSON array, one result a policy) and `report.md`."""
    write_whole(out / "result.json", _pretty(results))
    write_whole(out / "report.md", markdown(results).encode())


def _refuse_another(path: Path, run: Run) -> None:
    earlier = read(path, Run)
    for field in run.__struct_fields__:
        was, is_ = getattr(earlier, field), getattr(run, field)
        if was != is_:
            raise UserError(
                f"{path}: this is another run, its {field} was {_plain(was)} and is now {_plain(is_)}; "
                "choose another --out"
            )


def _plain(value: Any) -> str:
    return msgspec.json.encode(value).decode()


def _pretty(value: Any) -> bytes:
    return msgspec.json.format(msgspec.json.encode(value), indent=2) + b"\n"
