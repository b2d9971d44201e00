"""The documents say what the code does: commands run, options exist, tables hold the code's own numbers."""

import gzip
import importlib
import itertools
import json
import os
import re
import shlex
import shutil
from pathlib import Path

import click
import msgspec
import pytest

from harness.backends.openai_options import Options
from harness.benchmarks import mini
from harness.cli import demo
from harness.cli.main import SUBCOMMANDS, LazyGroup, proctor, run
from harness.records import Evaluation, Run, Source
from harness.report import markdown
from harness.score import score, usage_of
from harness.storage import as_row
from harness.survey import survey
from sandbox.limits import BOUNDS, Limits
from sandbox.verdict import Verdict
from trainers.census import Rule
from trainers.rewards import PAPER

ROOT = Path(__file__).parent.parent
DATA = ROOT.parent / "shared" / "data"
README = (ROOT / "README.md").read_text()
DOCUMENTS = {path.relative_to(ROOT): path.read_text() for path in (ROOT / "README.md", *(ROOT / "docs").glob("*.md"))}
MBPP_TASKS_TRIED = 3
PROGRAMS_IN_DEMO = 10
UNIT = {"s": 1, "B": 1, "MiB": 1 << 20, "GiB": 1 << 30, "TiB": 1 << 40}
SHORTENED = "..."


def blocks(text, language):
    """Return the contents of the fenced blocks of a language."""
    return re.findall(rf"^```{language}\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)


def shown(text):
    """Yield each command of the console blocks with the lines that are shown below it."""
    for block in blocks(text, "console"):
        for part in re.split(r"^\$ ", block, flags=re.MULTILINE)[1:]:
            command, *lines = part.splitlines()
            yield command, tuple(lines)


def inline_code(text):
    """Return what stands between single backticks, line breaks made spaces."""
    prose = re.sub(r"^```.*?^```$", "", text, flags=re.MULTILINE | re.DOTALL)
    return [" ".join(code.split()) for code in re.findall(r"`([^`]+)`", prose)]


def rows(text, head):
    """Return the cells of the table whose first heading is `head`."""
    table = re.search(rf"^\| {head} \|.*\n\|[-|]+\|\n((?:\|.*\|\n)+)", text, re.MULTILINE)
    return [[cell.strip().strip("`") for cell in row.split("|")[1:-1]] for row in table[1].splitlines()]


def lines_missing(wanted, printed):
    """Return the wanted lines that are not printed in this order."""
    remaining = iter(printed)
    return [line for line in wanted if line != SHORTENED and line not in remaining]


def commands_of(name):
    """Return the click command of a subcommand."""
    return LazyGroup().get_command(click.Context(proctor), name)


def leaves(command):
    """Yield a command, and where it is a group, those below it."""
    yield command
    for below in getattr(command, "commands", {}).values():
        yield from leaves(below)


def makers_of(command):
    """Return the commands that write the folders which one reads."""
    *named, _ = shlex.split(command)  # the last is the folder that it writes
    return [other for other in OURS if other != command and "--out" in other and shlex.split(other)[-1] in named]


COMMANDS = {command: lines for text in DOCUMENTS.values() for command, lines in shown(text)}
OURS = {command: lines for command, lines in COMMANDS.items() if command.startswith("proctor ")}
NEED_DATA = [command for command in OURS if "mbpp" in command]


@pytest.fixture
def place(tmp_path, monkeypatch):
    """Work in an empty folder that holds the README's samples, with a demo of few programs, none of them slow."""
    quick = [known for known in mini.known_samples() if known.verdict in {Verdict.ACCEPTED, Verdict.WRONG_ANSWER}]
    monkeypatch.setattr(demo, "known_samples", lambda: iter(quick[:PROGRAMS_IN_DEMO]))
    monkeypatch.chdir(tmp_path)
    (tmp_path / "tries.jsonl").write_text(blocks(README, "json")[0])
    return tmp_path


@pytest.mark.parametrize("command", [command for command in OURS if command not in NEED_DATA])
def test_commands_run(place, capsys, command):
    """Every command that needs nothing but proctor ends well and prints what is shown; the demo's table is below.

    A command that names a run comes after the one that makes it, and one that replays the demo's after the demo.
    """
    assert place.is_dir()
    if "--model runs/demo" in command:
        (place / "runs" / "demo").mkdir(parents=True)
        (place / "runs" / "demo" / "samples.jsonl").write_bytes(
            b"".join(as_row(known.sample) for known in mini.known_samples())
        )
    for maker in makers_of(command):
        run(shlex.split(maker)[1:])
    capsys.readouterr()

    assert run(shlex.split(command)[1:]) == 0

    printed = capsys.readouterr().out.splitlines()
    assert command == "proctor demo" or lines_missing(OURS[command], printed) == []


def test_commands_on_mbpp_run(place):
    """Those that need MBPP run, in the order shown, on the first problems and their real completions."""
    completions, problems = DATA / "completions" / "mbpp_n10.jsonl.gz", DATA / "sanitized-mbpp.json"
    if not (completions.exists() and problems.exists()):
        pytest.skip(f"needs mbpp_n10.jsonl.gz and sanitized-mbpp.json in {os.path.relpath(DATA, ROOT)}")
    shutil.copy(problems, place)
    with gzip.open(completions, "rt") as source, gzip.open(place / "samples.jsonl.gz", "wt") as cut:
        cut.writelines(itertools.islice(source, 10 * MBPP_TASKS_TRIED))

    assert [run(shlex.split(command)[1:]) for command in NEED_DATA] == [0] * len(NEED_DATA)


def test_the_demo_shows_the_known_verdicts():
    """The table in the README is the one that the verdicts known beforehand add up to."""
    known = tuple(mini.known_samples())
    problems = mini.problems(None)
    heads = {head.task_id: head for head in survey(problems, problems)}
    evaluations = [
        Evaluation(
            policy=sample.policy, task_id=sample.task_id, index=sample.index, verdict=verdict, per_test=(), cpu_s=0.0,
            difficulty=heads[sample.task_id].difficulty, completion_sha256="", program_sha256="", extraction="whole",
            discarded_chars=0, complete=True, detail="",
        )
        for sample, verdict, _ in known
    ]  # fmt: skip
    asked = Run(
        samples_sha256="", benchmark="mini", problem_set="", splits=("test",), prompt_card=None, sampling=None,
        producer=None, extraction="whole",
        k=(1,), limits=Limits(), limits_file="", exhaustive=False, isolation={}, preload=(), python="", proctor="",
        source=Source(benchmark="mini"), problems={},
    )  # fmt: skip
    usage = usage_of(known_program.sample for known_program in known)
    printed = markdown(score(evaluations, heads, asked, usage)).splitlines()
    printed.append(f"{len(known)} of {len(known)} verdicts are the known ones. The run lies in runs/demo")

    assert lines_missing(COMMANDS["proctor demo"], printed) == []
    assert f"the {len(known)} programs" in README
    assert f"has {len(problems)} problems" in README


def test_make_targets_exist():
    """Every `make` in the documents names a target, and every target says what it is for."""
    makefile = (ROOT / "Makefile").read_text()
    described = set(re.findall(r"^([a-z]+):.*## \S", makefile, re.MULTILINE))
    phony = re.search(r"^\.PHONY: (help .*)$", makefile, re.MULTILINE)
    code = [code for text in DOCUMENTS.values() for code in (*inline_code(text), *(line for line, _ in shown(text)))]

    named = {code.split()[1] for code in code if code.startswith("make ")}

    assert {"demo", "test", "bench", "setup"} <= described
    assert set(phony[1].split()) == described
    assert named <= described


def test_ci_runs_make_test():
    """The job does nothing but `make test`."""
    script = ROOT / ".ci" / "run"

    assert os.access(script, os.X_OK)
    assert script.read_text().splitlines()[-3:] == [
        "set -euo pipefail",
        'cd "$(dirname "${BASH_SOURCE[0]}")/.."',
        "exec make test",
    ]


@pytest.mark.parametrize("document", DOCUMENTS, ids=str)
def test_subcommands_and_options_exist(document):
    """Whatever a document calls `proctor NAME` or `--option` is there."""
    options = {"--help"} | {
        option
        for name in SUBCOMMANDS
        for command in leaves(commands_of(name))
        for parameter in command.params
        for option in parameter.opts
    }
    code = inline_code(DOCUMENTS[document])

    named = {match for text in code for match in re.findall(r"^proctor ([a-z]+)", text)}
    asked = {match for text in code for match in re.findall(r"(?<!\S)--[a-z-]+", text)}

    assert named <= set(SUBCOMMANDS)
    assert asked <= options


@pytest.mark.parametrize("name", SUBCOMMANDS)
def test_help_tells_every_option(capsys, name):
    """`proctor NAME --help` shows each option with its text, and the README mentions the subcommand."""
    for command in leaves(commands_of(name)):
        assert run([name, *([] if command.name == name else [command.name]), "--help"]) == 0
        told = "".join(capsys.readouterr().out.split())

        options = [parameter for parameter in command.params if isinstance(parameter, click.Option)]

        assert [option.name for option in options if not option.help] == []
        assert [option.name for option in options if option.opts[0] not in told] == []
        assert [option.name for option in options if "".join(option.help.split()) not in told] == []
    assert f"proctor {name}" in {*inline_code(README), *(" ".join(command.split()[:2]) for command, _ in shown(README))}


def test_limits_have_the_defaults_and_bounds_of_the_code():
    """The README's table holds every limit, its default and its bounds, in the order of the code."""
    told = {}
    for name, *values, _ in rows(README, "limit"):
        parts = [value.partition(" ") for value in values]
        told[name] = [float(number) * UNIT.get(unit, 1) for number, _, unit in parts]

    defaults = msgspec.structs.asdict(Limits())
    assert list(told.items()) == [(name, [default, *BOUNDS[name]]) for name, default in defaults.items()]


def test_options_of_servers_have_the_defaults_of_the_code():
    """docs/servers.md holds every option of the backend openai, in the order of the code."""
    told = {name: default for name, default, _ in rows(DOCUMENTS[Path("docs/servers.md")], "option")}

    assert told == {name: str(default) for name, default in msgspec.structs.asdict(Options()).items()}


def test_limits_of_the_specification_exist():
    """docs/sandbox.md explains every limit, and none that is not there."""
    named = {row[0] for row in rows(DOCUMENTS[Path("docs/sandbox.md")], "limit")}

    assert named - {"-"} == set(Limits.__struct_fields__)


def test_rules_of_the_compile_exist():
    """docs/groups.md explains every rule that may drop a row, in the order in which they are asked."""
    assert [row[0] for row in rows(DOCUMENTS[Path("docs/groups.md")], "rule")] == list(Rule)


def test_rewards_are_the_papers():
    """docs/groups.md holds the table of rewards as the code does."""
    told = {status: float(reward) for status, reward in rows(DOCUMENTS[Path("docs/groups.md")], "status")}

    assert told == PAPER.rewards


def test_verdicts_are_in_order_of_gravity():
    """The README's table goes from harmless to grave, as the code does."""
    assert [row[0] for row in rows(README, "verdict")] == list(Verdict)


def test_papers_name_functions():
    """Every dotted name in docs/papers.md is something that can be called."""
    code = inline_code(DOCUMENTS[Path("docs/papers.md")])
    named = [name for name in code if name.startswith(("harness.", "leaderboards.", "trainers."))]
    found = [getattr(importlib.import_module(module), name) for module, _, name in (n.rpartition(".") for n in named)]

    assert {"harness.passk.pass_at_k", "harness.intervals.mean_interval"} <= set(named)
    assert all(map(callable, found))


@pytest.mark.parametrize("document", DOCUMENTS, ids=str)
def test_links_lead_somewhere(document):
    """Files that a document links to are there, and so are headings."""
    targets = [target for target in re.findall(r"\]\(([^)]+)\)", DOCUMENTS[document]) if "://" not in target]

    for path, _, anchor in (target.partition("#") for target in targets):
        found = (ROOT / document).parent / path
        assert found.exists()
        assert not anchor or anchor in {
            heading.lower().replace(" ", "-") for heading in re.findall(r"^#+ (.*)$", found.read_text(), re.MULTILINE)
        }


def test_the_samples_shown_are_rows():
    """The example of the README is JSON Lines with the keys that it explains."""
    shown_rows = [json.loads(line) for line in blocks(README, "json")[0].splitlines()]

    assert {frozenset(row) for row in shown_rows} == {frozenset({"task_id", "model", "completion"})}
