"""What another machine must show before it judges in the name of this one."""

import re
from importlib.metadata import version

import msgspec

from harness.errors import UserError
from sandbox.jail import Jail, JailReport, probe


class Credentials(msgspec.Struct, frozen=True, kw_only=True):
    """What a machine judges with."""

    jail: JailReport
    proctor: str


def credentials(jail: Jail) -> Credentials:
    """Return those of this machine; raise Refused where the host can't hold an untrusted program."""
    return Credentials(jail=probe(jail), proctor=version("proctor"))


def refuse_unlike(node: str, ours: Credentials, theirs: Credentials) -> None:
    """Raise UserError where a node would judge otherwise than this machine, in whose name the result is stamped."""
    for what, here, there in (
        ("proctor", ours.proctor, theirs.proctor),
        ("the examined Python", ours.jail.python, theirs.jail.python),
    ):
        if here != there:
            raise UserError(f"node {node}: {what} is {there}, but here {here}; install the same on every node")
    for layer, here in ours.jail.layers.items():
        there = theirs.jail.layers[layer]
        if _strength(there) < _strength(here):
            raise UserError(
                f"node {node}: is isolated more weakly than this machine, {layer} is {there}, but here {here}; "
                "leave the node out, or give up the layer everywhere with --isolation"
            )


def _strength(state: str) -> tuple[bool, bool, int]:
    """Return what grows with the strength of a layer: in force or not, for root's programs too, Landlock's ABI."""
    abi = re.search(r"ABI (\d+)", state)
    return state.startswith("in force"), "user id kept" not in state, int(abi[1]) if abi else 0
