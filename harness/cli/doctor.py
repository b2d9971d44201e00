"""`proctor doctor`: reports the abilities of this host and installation."""

import importlib.util
import os
import sys
from importlib.metadata import version
from pathlib import Path

import click
import msgspec

from harness import plugins
from harness.cli.options import python_option
from harness.errors import UserError
from harness.examination.examine import jail_report
from sandbox.jail import Jail

PACKAGES = ("sandbox", "harness", "trainers", "leaderboards")
GROUPS = ("proctor.benchmarks", "proctor.backends", "proctor.trainers")


class Checkup(msgspec.Struct, frozen=True, kw_only=True):
    """Holds the abilities of a host and an installation."""

    proctor: str
    python: str
    examined_python: str
    cores: int
    """Those this process may use."""
    packages: str
    """The folder that holds our four packages."""
    plugins: dict[str, tuple[str, ...]]
    isolation: dict[str, str]


@click.command("doctor")
@python_option
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def command(*, python: str, as_json: bool) -> int:
    """Report the abilities of this host and installation.

    These are the layers of isolation in force, or why they are absent, cores, versions and plugins. A host without the
    required layers, and a package that hides one of ours, end in exit code 2 and one line.
    """
    home = packages_home()
    report = jail_report(Jail(python=python))
    checkup = Checkup(
        proctor=version("proctor"),
        python=sys.version.split()[0],
        examined_python=report.python,
        cores=len(os.sched_getaffinity(0)),
        packages=str(home),
        plugins={group: plugins.names(group) for group in GROUPS},
        isolation=report.layers,
    )
    click.echo(msgspec.json.encode(checkup) if as_json else _text(checkup))
    return 0


def packages_home() -> Path:
    """Return the folder that holds our four packages.

    Raises:
        UserError: Another distribution's package of the same name is found instead of ours, or one is missing.
    """
    home = _folder("harness").parent
    for package in PACKAGES:
        if (folder := _folder(package)).parent != home:
            raise UserError(f"{folder} hides our {package} in {home}; install proctor in an environment of its own")
    return home


def _folder(package: str) -> Path:
    spec = importlib.util.find_spec(package)
    if spec is None or not spec.submodule_search_locations:
        raise UserError(f"package {package} is missing, or hidden by a module of that name; install proctor again")
    return Path(next(iter(spec.submodule_search_locations)))


def _text(checkup: Checkup) -> str:
    facts = msgspec.structs.asdict(checkup)
    layers = facts.pop("isolation")
    facts |= {group: ", ".join(found) or "none" for group, found in facts.pop("plugins").items()}
    return "\n".join(
        [
            *(f"{name}: {fact}" for name, fact in facts.items()),
            "isolation:",
            *(f"  {n}: {s}" for n, s in layers.items()),
        ]
    )
