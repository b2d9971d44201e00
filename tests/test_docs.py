"""The documents say what the code does: options exist, tables hold the code's own numbers, links lead somewhere."""

import itertools
import json
import os
import pkgutil
import re
import tomllib
from pathlib import Path

import click
import msgspec
import pytest
from documents import (
    DOCUMENTS,
    README,
    ROOT,
    TRAINING,
    TUTORIALS,
    calls,
    commands_of,
    inline_code,
    leaves,
    refusal_of,
    rows,
    saved,
    shown,
)
from paper_models import write_config

from harness.cli.main import SUBCOMMANDS, run
from harness.generation.backends import openai_protocol, transformers
from sandbox.records import BOUNDS, Limits, Verdict
from trainers.compile.data_card import Rule
from trainers.compile.rewards import PAPER
from trainers.config import TrainingOptions, read_recipe, recipe_names
from trainers.plan.flops import Lengths
from trainers.plan.forecast import plan_lengths

pytestmark = pytest.mark.slow
TYPED_RIGHT = [document for document in DOCUMENTS if document.name != "exit-codes.md"]
"""Documents whose commands work; the other one lists wrong usages."""

VERDICTS = DOCUMENTS[Path("docs/verdicts.md")]
OF_DOCKER = {"--memory", "--pids-limit", "--privileged", "--security-opt", "--user"}
"""Options that docs/install.md explains, and are not proctor's."""
REGISTERED = {"--benchmark": "benchmarks", "--backend": "backends"}
"""Option -> entry points that hold its values."""
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
UNIT = {"s": 1, "B": 1, "MiB": 1 << 20, "GiB": 1 << 30, "TiB": 1 << 40}


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
    by_name = {name: cells for name, *cells in rows(TRAINING, "recipe \\| operations")}
    causes = {name: cells for name, *cells in rows(TRAINING, "recipe \\| launches")}

    for name in recipe_names():
        folder, recipe = write_config(name, tmp_path / name), read_recipe(name)
        plan, eager, padded = (
            plan_lengths(folder, lengths, 10_000, msgspec.structs.replace(recipe, **changed), calibrate=False)
            for changed in ({}, {"compile": "off"}, {"packing": False})
        )
        assert by_name[name] == [
            f"{plan.operations:.2g}".replace("+", ""),
            " to ".join(f"{kernels / plan.steps:,.0f}" for kernels in plan.launches),
            f"{plan.peak_bytes / 1e9:.0f} GB",
            *(" to ".join(f"{end:.2g}" for end in one.hours) for one in (plan, eager, padded)),
        ]
        assert causes[name] == [
            " to ".join(f"{end:.2g}" for end in hours)
            for hours in (plan.hours_of_launches, plan.hours_of_operations, plan.hours_of_bytes)
        ]
        tokens = plan.prompt_tokens, plan.completion_tokens, plan.packed_tokens, plan.plain_tokens
        assert tokens == pytest.approx((441e4, 760e4, 12.0e6, 28.7e6), rel=0.005)
    assert set(by_name) == set(causes) == set(recipe_names())


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


@pytest.mark.parametrize("document", TYPED_RIGHT, ids=str)
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
    assert asked - (OF_DOCKER if document.name == "install.md" else set()) <= options


@pytest.mark.parametrize("document", TYPED_RIGHT, ids=str)
def test_commands_shown_could_be_typed(document):
    """Those that can't run here, too: each option belongs to its command, and its value is one that there is."""
    shown_calls = list(calls(DOCUMENTS[document]))

    assert [refusal for refusal in map(refusal_of, shown_calls) if refusal] == []
    for option, value in (pair for call in shown_calls for pair in itertools.pairwise(call) if pair[0] in REGISTERED):
        assert ".py:" in value or value in PROJECT["entry-points"][f"proctor.{REGISTERED[option]}"], option
    for method in (call[1] for call in shown_calls if call[0] == "train"):
        assert ".py:" in method or method in PROJECT["entry-points"]["proctor.trainers"]


@pytest.mark.parametrize(
    ("call", "why"),
    [
        ("score tries.jsonl --benchmark mini --out runs/tries", ""),
        ("run ... --shard 1/2", ""),
        ("compile run runs/own --tokenizer base --out groups", ""),
        ("scores", "no command scores"),
        ("score tries.jsonl --benchmark mini", "lacks out"),
        ("score tries.jsonl --benchmark mini --out runs --by-model", "No such option"),
        ("table runs --format word", "'word' is not one of"),
    ],
)
def test_a_command_that_could_not_be_typed_is_found(call, why):
    """Where it misses what it needs, or has what is not there."""
    refusal = refusal_of(call.split())

    assert why in refusal
    assert bool(why) == bool(refusal)


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
    """docs/verdicts.md holds every limit, its default and its bounds, in the order of the code."""
    told = {}
    for name, *values, _ in rows(VERDICTS, "limit"):
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
    """The table of docs/verdicts.md goes from harmless to grave, as the code does."""
    assert [row[0] for row in rows(VERDICTS, "verdict")] == list(Verdict)


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


def test_the_samples_shown_are_those_of_the_example():
    """The tutorial shows the file that the README scores, JSON Lines with three keys."""
    ((name, text),) = saved(TUTORIALS["samples"])

    assert text == (ROOT / "examples" / name).read_text()
    assert {frozenset(json.loads(line)) for line in text.splitlines()} == {
        frozenset({"task_id", "model", "completion"})
    }
