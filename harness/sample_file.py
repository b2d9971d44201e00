"""The samples of a run, left on disk: a run may have more of them than memory."""

import hashlib
import sys
from array import array
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from harness.errors import UserError
from harness.records import Sample, SampleKey
from harness.storage import as_row, decode, whole_file


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


class SampleFile(Mapping[SampleKey, Sample]):
    """The samples in the file of a run, in their order; each is read when it is asked for."""

    def __init__(self, path: Path, sha256: str = "") -> None:
        """Look through the file once; raise UserError if a SHA-256 is given and its own is another.

        A last line that another process hasn't finished is left out.
        """
        digest = hashlib.sha256()
        self._path = path
        self._offsets = array("q", [0])
        self._number = dict[SampleKey, int]()
        with path.open("rb") as file:
            for number, line in enumerate(file):
                if not line.endswith(b"\n"):
                    break
                digest.update(line)
                sample = decode(line, Sample, f"{path}:{number + 1}")
                self._number[sys.intern(sample.policy), sys.intern(sample.task_id), sample.index] = number
                self._offsets.append(self._offsets[-1] + len(line))
        if sha256 not in {"", digest.hexdigest()}:
            raise UserError(f"{path}: was changed since the run began; choose another --out")

    def __getitem__(self, key: SampleKey) -> Sample:
        """Read a sample."""
        number = self._number[key]
        start, end = self._offsets[number : number + 2]
        with self._path.open("rb") as file:
            file.seek(start)
            return decode(file.read(end - start), Sample, f"{self._path}:{number + 1}")

    def __iter__(self) -> Iterator[SampleKey]:
        """Go through the keys."""
        return iter(self._number)

    def __len__(self) -> int:
        """Return how many samples there are."""
        return len(self._number)
