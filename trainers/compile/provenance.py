"""Names the origin of submissions, and their licence."""

import re
from pathlib import Path

import msgspec

from harness.runs.jsonl import pretty_json, read, write_whole

ORIGIN_FILE = "origin.json"
_LICENCE = re.compile(r"[A-Za-z0-9][A-Za-z0-9.+-]{0,63}", re.ASCII)


class Provenance(msgspec.Struct, frozen=True, kw_only=True):
    """Describes submissions; a tree of others than CodeNet's holds one as `origin.json`."""

    source: str
    """In words that follow "compiled from"."""
    licence: str = ""
    """Its SPDX identifier; empty where it is unknown."""


CODENET = Provenance(source="CodeNet", licence="CDLA-Permissive-2.0")


def tree_provenance(tree: Path) -> Provenance:
    """Return the origin of the submissions in a tree of CodeNet's layout.

    Args:
        tree: Folder of the tree.

    Returns:
        What its `origin.json` says, or else CodeNet.

    Raises:
        UserError: That file is broken.
    """
    path = tree / ORIGIN_FILE
    return read(path, Provenance) if path.is_file() else CODENET


def write_provenance(tree: Path, origin: Provenance) -> None:
    """Write the origin into a tree.

    Args:
        tree: Folder of the tree, which exists.
        origin: Of its submissions.
    """
    write_whole(tree / ORIGIN_FILE, pretty_json(origin))


def hub_licence(licence: str) -> str:
    """Return a licence as the metadata of the Hugging Face hub have it.

    Args:
        licence: SPDX identifier; empty where it is unknown.

    Returns:
        In lower case; `unknown` where it is unknown, or is not an identifier.
    """
    return licence.lower() if _LICENCE.fullmatch(licence) else "unknown"
