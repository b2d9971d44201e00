"""Copies of `studies/miniature.toml`, which `make demo` runs: smaller, or with other seeds."""

import sys
from pathlib import Path

STUDY = Path(__file__).parents[2] / "studies" / "miniature.toml"
SMALLER = {
    "--problems 720": "--problems 24",
    "--max-steps 300": "--max-steps 6",
    "--save-every-steps 50": "--save-every-steps 2",
    "--limit 180": "--limit 6",
}
TWO_METHODS = {'"sft", "rloo", "rloo-grpo", "rloo-exp"': '"sft", "rloo"'}
PROCTOR = (sys.executable, "-c", "from harness.cli.main import main; main()")


def write_miniature(folder, edits):
    """Write the study into a folder with the parts that are keys replaced by their values; return its path."""
    text = STUDY.read_text()
    for part, other in edits.items():
        assert part in text
        text = text.replace(part, other)
    path = folder / STUDY.name
    path.write_text(text)
    return path
