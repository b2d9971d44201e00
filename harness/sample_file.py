"""The samples of a run, written and read as a file: a run may have more of them than memory."""

import hashlib
from collections.abc import Iterable
from pathlib import Path

from harness.errors import UserError
from harness.keyed_rows import KeyedRows
from harness.records import Sample
from harness.storage import as_row, whole_file


def sha256_of_samples(samples: Iterable[Sample]) -> str:
    """Return the SHA-256 of the samples as JSON Lines."""
    digest = hashlib.sha256()
    for sample in samples:
        digest.update(as_row(sample))
    return digest.hexdigest()


def write_samples(path: Path, samples: Iterable[Sample], sha256: str) -> None:
    """Write the samples as JSON Lines, all or nothing.

    Raises:
        UserError: They are not those with this SHA-256, which were looked through before.
    """
    digest = hashlib.sha256()
    with whole_file(path) as file:
        for sample in samples:
            line = as_row(sample)
            digest.update(line)
            file.write(line)
        if digest.hexdigest() != sha256:
            raise UserError(f"{path}: the samples changed while they were read; leave them alone and start again")


class SampleFile(KeyedRows[Sample]):
    """The samples in the file of a run."""

    def __init__(self, path: Path, sha256: str = "") -> None:
        """Look through the file, see `KeyedRows`."""
        super().__init__(path, Sample, sha256)
