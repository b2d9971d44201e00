"""Defines the records of a result for metrics beside pass@k."""

import msgspec


class Consistency(msgspec.Struct, frozen=True, kw_only=True):
    """Holds the mean of a metric that wants several of k samples right, with intervals as in `Score`.

    `metric` is pass^k, where all are; G-pass@k_0.5, where half are; mG-pass@k, the mean over all such parts from a half
    to all; or maj@k, where more are than have any other answers.
    """

    metric: str
    difficulty: str
    kind: str
    k: int
    value: float
    low: float
    high: float
    problems: int


class CleanScore(msgspec.Struct, frozen=True, kw_only=True):
    """Holds mean pass@k without the problems that a model may have been trained on, beside that of all problems."""

    difficulty: str
    k: int
    full: float
    """Over all problems."""
    value: float
    """Over the others only, with a 95 % interval for other problems like these."""
    low: float
    high: float
    problems: int
    """How many the others are."""
    gain: float
    """What the contaminated problems add: `full` less `value`, with a 95 % interval."""
    gain_low: float
    gain_high: float
