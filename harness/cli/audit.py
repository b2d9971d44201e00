"""`proctor audit`: audits a benchmark."""

import sys
from importlib.metadata import version
from itertools import chain
from pathlib import Path

import click
import msgspec

from harness.api import load_benchmark
from harness.audit import (
    calibration_of,
    count_disagreeing,
    readable_entries,
    references,
    run_references,
    sort_findings,
)
from harness.audit_report import Method, audit_markdown
from harness.benchmarks.benchmark import Catalogue
from harness.benchmarks.problem_info import prepare_problems
from harness.cli.options import checkers_option, jail_options, problem_options
from harness.cli.values import FiniteRange
from harness.errors import UserError
from harness.examination.examine import jail_report
from harness.progress import watched
from harness.runs.jsonl import pretty_json, write_whole
from harness.trivial_programs import try_trivial_programs
from sandbox.jail import Jail
from sandbox.records import Verdict


@click.command("audit")
@problem_options
@checkers_option
@click.option("--repeat", default=3, type=click.IntRange(min=1), help="Runs of each reference (default: 3).")
@click.option(
    "--cap",
    "cap_s",
    default=20.0,
    type=FiniteRange(min=0.1),
    metavar="SECONDS",
    help="CPU time after which a reference's test is abandoned (default: 20).",
)
@jail_options
@click.option("--out", type=click.Path(path_type=Path), metavar="FILE", help="Write calibrated limits for `score`.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON instead of tables.")
def command(
    *,
    benchmark: str,
    data: Path | None,
    checkers: Path | None,
    repeat: int,
    cap_s: float,
    workers: int,
    jail: Jail,
    out: Path | None,
    as_json: bool,
) -> int:
    """Run the references of a benchmark and look for faults in it.

    Reported are references that fail, change their verdict or are too slow; tests that can't be run, or accept a
    program that does no work; problems that are malformed or duplicates, or lack a reference; and problems that may
    have several right answers, by their statement or their references: --checkers may name checkers for them. --out
    writes time limits for `proctor score --limits`: max(4 s, 4 x the CPU time of the reference's slowest test).
    """
    if out is not None and not out.absolute().parent.is_dir():
        raise UserError(f"{out}: its folder does not exist; create it, or choose another --out")
    loaded, problems = load_benchmark(benchmark, data=data, checkers=checkers)
    host = jail_report(jail)
    method = Method(
        python=host.python, proctor=version("proctor"), isolation=host.layers, allow=host.packages, repeat=repeat,
        cap_s=cap_s,
    )  # fmt: skip
    prepare_problems(problems, problems)
    malformed = dict[str, str]()
    read = readable_entries(problems, malformed)
    entries = {entry.task_id: entry for entry in watched(read, len(problems), "read", sys.stderr)}
    sound = [task_id for task_id, entry in entries.items() if not entry.flaw]
    solved = [task_id for task_id in sound if entries[task_id].has_reference]
    runs = run_references(problems, solved, method, jail=jail, workers=workers)
    found = references(watched(runs, repeat * len(solved), "ran", sys.stderr), entries)
    passing = [reference.task_id for reference in found if reference.verdicts[0] is Verdict.ACCEPTED]
    disagreeing = count_disagreeing(problems, passing, method, jail=jail, workers=workers)
    tried = try_trivial_programs(problems, sound, jail=jail, workers=workers)
    undemanding = tuple(chain.from_iterable(watched(tried, len(sound), "tried", sys.stderr)))
    left_out = problems.left_out if isinstance(problems, Catalogue) else {}
    audit = sort_findings(entries.values(), found, undemanding, method, disagreeing)
    audit = msgspec.structs.replace(
        audit, benchmark=audit.benchmark or loaded.name, malformed=malformed, left_out=left_out
    )  # fmt: skip
    if out is not None:
        write_whole(out, pretty_json(calibration_of(audit, found)))
    click.echo(msgspec.json.encode(audit) if as_json else audit_markdown(audit))
    return 0
