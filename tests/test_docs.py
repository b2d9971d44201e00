"""The documents say what the code does: commands run, options exist, tables hold the code's own numbers."""

import gzip
import itertools
import json
import os
import pkgutil
import re
import shlex
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import click
import msgspec
import pytest
import tiny_policy
from paper_models import write_config
from usual_conditions import conditions

from harness.benchmarks.mini import known_samples, mini
from harness.benchmarks.problem_info import problem_infos
from harness.cli.main import SUBCOMMANDS, LazyGroup, proctor, run
from harness.generation.backends import openai_protocol, transformers
from harness.runs.jsonl import as_row
from harness.runs.records import Evaluation, Run, Source
from harness.runs.row_store import SampleCopy
from harness.scoring.report import report_markdown
from harness.scoring.score import score
from sandbox.records import BOUNDS, Limits, Verdict
from trainers.compile.data_card import Rule
from trainers.compile.rewards import PAPER
from trainers.config import TrainingOptions, read_recipe, recipe_names
from trainers.demo import stages as known_programs
from trainers.plan.flops import Lengths, sizes_of
from trainers.plan.forecast import a100, training_forecast

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parent.parent
DATA = ROOT.parent / "shared" / "data"
README = (ROOT / "README.md").read_text()
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
DOCUMENTS = {path.relative_to(ROOT): path.read_text() for path in (ROOT / "README.md", *(ROOT / "docs").rglob("*.md"))}
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
KNOWN = "proctor demo --examine-only"
ELSEWHERE = "proctor demo"
"""What tests/test_demo.py runs, at a tiny size."""
NEED_DATA = [command for command in OURS if "mbpp" in command]
TRAINING = DOCUMENTS[Path("docs/training.md")]
NEED_POLICY = [command for command, _ in shown(TRAINING)]


@pytest.fixture
def place(tmp_path, monkeypatch):
    """Work in an empty folder that holds the README's samples, with a demo of few programs, none of them slow."""
    quick = [known for known in known_samples() if known.verdict in {Verdict.ACCEPTED, Verdict.WRONG_ANSWER}]
    monkeypatch.setattr(known_programs, "known_samples", lambda: iter(quick[:PROGRAMS_IN_DEMO]))
    monkeypatch.chdir(tmp_path)
    (tmp_path / "tries.jsonl").write_text(blocks(README, "json")[0])
    return tmp_path


@pytest.mark.parametrize(
    "command", [command for command in OURS if command not in {*NEED_DATA, *NEED_POLICY, ELSEWHERE}]
)
def test_commands_run(place, capsys, command):
    """Every command that needs nothing but proctor ends well and prints what is shown; the demo's table is below.

    A command that names a run comes after the one that makes it, and one that replays the demo's after the demo.
    """
    assert place.is_dir()
    if "--model runs/known" in command:
        (place / "runs" / "known").mkdir(parents=True)
        (place / "runs" / "known" / "samples.jsonl").write_bytes(
            b"".join(as_row(known.sample) for known in known_samples())
        )
    for maker in makers_of(command):
        run(shlex.split(maker)[1:])
    capsys.readouterr()

    assert run(shlex.split(command)[1:]) == 0

    printed = capsys.readouterr().out.splitlines()
    assert command == KNOWN or lines_missing(OURS[command], printed) == []


def test_the_python_shown_runs(place, capfd):
    """The README's example judges the README's samples."""
    subprocess.run([sys.executable, "-c", *blocks(README, "python")], cwd=place, check=True)

    assert "tiny" in capfd.readouterr().out


def test_commands_on_mbpp_run(place):
    """Those that need MBPP run, in the order shown, on the first problems and their real completions."""
    completions, problems = DATA / "completions" / "mbpp_n10.jsonl.gz", DATA / "sanitized-mbpp.json"
    if not (completions.exists() and problems.exists()):
        pytest.skip(f"needs mbpp_n10.jsonl.gz and sanitized-mbpp.json in {os.path.relpath(DATA, ROOT)}")
    shutil.copy(problems, place)
    with gzip.open(completions, "rt") as source, gzip.open(place / "samples.jsonl.gz", "wt") as cut:
        cut.writelines(itertools.islice(source, 10 * MBPP_TASKS_TRIED))

    assert [run(shlex.split(command)[1:]) for command in NEED_DATA] == [0] * len(NEED_DATA)


@pytest.fixture
def policy_place(tmp_path, monkeypatch):
    """Work in a folder that holds a tiny model, CodeNet's tree with one problem, and the method of docs/training.md."""
    tiny_policy.build(tmp_path / "base")
    folders = [tmp_path / "codenet" / name for name in ("metadata", "problem_descriptions", "data/p00001/Python")]
    for folder in folders:
        folder.mkdir(parents=True)
    statuses = ("Accepted", "Wrong Answer", "Runtime Error", "Accepted")
    ids = [f"s{number:09}" for number in range(len(statuses))]
    rows_ = [f"{id_},p00001,Python,py,{status}\n" for id_, status in zip(ids, statuses, strict=True)]
    (folders[0] / "p00001.csv").write_text("submission_id,problem_id,language,filename_ext,status\n" + "".join(rows_))
    (folders[1] / "p00001.html").write_text("<p>Read two integers from the standard input and print their sum.</p>")
    for number, id_ in enumerate(ids):
        (folders[2] / f"{id_}.py").write_text(f"print({number} + sum(map(int, input().split())))\n")
    (tmp_path / "methods.py").write_text(blocks(TRAINING, "python")[0])
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_commands_on_training_run(policy_place):
    """Those of docs/training.md run in the order shown, and so does the method that it writes."""
    (own,) = (text for text in blocks(TRAINING, "sh") if "methods.py" in text)

    assert [run(shlex.split(command)[1:]) for command in (*NEED_POLICY, own)] == [0] * (len(NEED_POLICY) + 1)
    assert (policy_place / "checkpoints" / "rloo" / "model.safetensors").exists()


def test_training_options_are_those_of_the_code():
    """docs/training.md has every option of a training, its default and its line of help."""
    told = [(name, default, what) for name, default, what in rows(TRAINING, "option")]
    options = {
        option.opts[0]: option.help for option in commands_of("train").params if isinstance(option, click.Option)
    }
    settings = [f"--{name.replace('_', '-')}" for name in TrainingOptions.__struct_fields__]

    assert [name for name, _, _ in told] == settings
    assert [f"{what} (default: {default})" for _, default, what in told] == [options[name] for name in settings]


def test_methods_and_recipes_are_those_of_the_code():
    """docs/training.md lists all of them."""
    assert {row[0] for row in rows(TRAINING, "method")} == set(PROJECT["entry-points"]["proctor.trainers"])
    assert tuple(row[0] for row in rows(TRAINING, "recipe")) == recipe_names()


def test_the_plan_shown_is_the_plan(tmp_path):
    """The forecasts for the paper's recipes in docs/training.md, from the lengths that it names."""
    sample = json.loads((ROOT / "tests" / "bench" / "codenet_mini_lengths.json").read_text())
    lengths = [Lengths(prompt=prompt, completions=tuple(completions)) for prompt, *completions in sample]
    told = re.findall(
        r"^\| `(paper-\S+)` \| (\S+) \| (\d+) GB \| (\S+) to (\S+) \| (\S+) to (\S+) \|$", TRAINING, re.MULTILINE
    )

    for name, work, gigabytes, *hours in told:
        recipe, sizes = read_recipe(name), sizes_of(write_config(name, tmp_path / name))
        plans = [
            training_forecast(sizes, lengths, 10_000, msgspec.structs.replace(recipe, packing=packing), a100(recipe))
            for packing in (True, False)
        ]
        assert float(work) == pytest.approx(plans[0].operations, rel=0.01)
        assert float(gigabytes) == round(plans[0].peak_bytes / 1e9)
        assert list(map(float, hours)) == pytest.approx([*plans[0].hours, *plans[1].hours], rel=0.05)
        tokens = plans[0].prompt_tokens, plans[0].completion_tokens, plans[0].packed_tokens, plans[0].plain_tokens
        assert tokens == pytest.approx((441e4, 760e4, 12.0e6, 28.7e6), rel=0.005)
    assert [name for name, *_ in told] == list(recipe_names())


def test_the_demo_shows_the_known_verdicts(tmp_path):
    """The table in the README is the one that the verdicts known beforehand add up to."""
    known = tuple(known_samples())
    problems = mini.problems(None)
    infos = problem_infos(problems, problems)
    evaluations = [
        Evaluation(
            policy=sample.policy, task_id=sample.task_id, index=sample.index, verdict=verdict, per_test=(), cpu_s=0.0,
            difficulty=infos[sample.task_id].difficulty, completion_sha256="", program_sha256="", extraction="whole",
            discarded_chars=0, complete=True, detail="",
        )
        for sample, verdict, _ in known
    ]  # fmt: skip
    asked = Run(
        samples_sha256="", k=(1,), conditions=conditions(benchmark="mini", isolation={}),
        source=Source(benchmark="mini"), problems={},
    )  # fmt: skip
    usage = SampleCopy((known_program.sample for known_program in known), tmp_path).tally.usage
    printed = report_markdown(score(evaluations, infos, asked, usage)).splitlines()
    printed.append(f"{len(known)} of {len(known)} verdicts are the known ones. Results written to runs/known")

    assert lines_missing(COMMANDS[KNOWN], printed) == []
    assert f"{len(known)} in all" in README
    assert f"has {len(problems)} problems" in README


def test_make_targets_exist():
    """Every `make` in the documents names a target, and every target says what it is for."""
    makefile = (ROOT / "Makefile").read_text()
    described = set(re.findall(r"^([a-z-]+):.*## \S", makefile, re.MULTILINE))
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


@pytest.mark.parametrize(
    ("document", "options"),
    [("servers", openai_protocol.ServerOptions()), ("models", transformers.TransformersOptions())],
)
def test_options_of_backends_have_the_defaults_of_the_code(document, options):
    """A backend's document holds each of its options, in the order of the code."""
    told = {name: default for name, default, _ in rows(DOCUMENTS[Path(f"docs/{document}.md")], "option")}

    assert told == {name: str(default) for name, default in msgspec.structs.asdict(options).items()}


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


@pytest.mark.parametrize("document", DOCUMENTS, ids=str)
def test_documents_name_what_the_code_has(document):
    """Every dotted name of ours in a document is a module, or something in one."""
    packages = ("harness.", "leaderboards.", "sandbox.", "trainers.")

    for name in (name for name in inline_code(DOCUMENTS[document]) if name.startswith(packages)):
        pkgutil.resolve_name(name)  # or ImportError, or AttributeError


def test_papers_name_code():
    """Every formula has its place in the code."""
    names = [row[2].strip("`") for row in rows(DOCUMENTS[Path("docs/papers.md")], "what")]

    assert {"harness.scoring.passk.pass_at_k", "harness.scoring.intervals.mean_interval"} <= set(names)
    assert all(pkgutil.resolve_name(name) for name in names)


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
