"""What there is to be judged, taken down in one pass over the samples."""

import hashlib
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from typing import NamedTuple

from harness.records import Sample, Usage
from harness.score import Drawn, usage_of
from harness.storage import as_row


class Stock(NamedTuple):
    """How many samples there are, what drawing them took, and which they are."""

    drawn: Drawn
    usage: Mapping[str, Usage]
    """By policy."""
    sha256: str
    """Of the samples as JSON Lines."""


def stock_of(samples: Iterable[Sample]) -> Stock:
    """Go once through samples."""
    drawn, digest = Counter[tuple[str, str]](), hashlib.sha256()

    def passed_on() -> Iterator[Sample]:
        for sample in samples:
            drawn[sample.policy, sample.task_id] += 1
            digest.update(as_row(sample))
            yield sample

    usage = usage_of(passed_on())
    return Stock(drawn=drawn, usage=usage, sha256=digest.hexdigest())
