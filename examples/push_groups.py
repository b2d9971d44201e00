"""Pushes groups to the Hugging Face hub, with their data card, and prints how to get them back.

    huggingface-cli login
    python examples/push_groups.py FOLDER OWNER/NAME

FOLDER is one that `proctor compile` wrote. The data set is private until its owner makes it public: read the licence
and the terms of the submissions first.
"""

import sys
from pathlib import Path

from datasets import Dataset
from huggingface_hub import HfApi

from trainers.groups import GROUPS_FILE

CARDS = ("card.json", "card.md")


def groups_of(folder: Path) -> Dataset:
    """Return the groups of a folder as a data set: a row a group, in their order."""
    return Dataset.from_parquet(str(folder / GROUPS_FILE))


def main(folder: Path, repo: str) -> None:
    """Push the groups, then their cards."""
    pushed = groups_of(folder).push_to_hub(repo, private=True)
    for card in CARDS:
        HfApi().upload_file(path_or_fileobj=folder / card, path_in_repo=card, repo_id=repo, repo_type="dataset")
    print(f'load_dataset("{repo}", split="train", revision="{pushed.oid}").to_parquet("groups.parquet")')


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2])
