"""What there is to be judged."""

from harness.runs.records import Usage
from harness.runs.row_store import sha256_of_samples
from harness.runs.samples import stock_of


def test_samples_are_counted_added_up_and_hashed_in_one_pass(make_sample):
    """An iterator is enough."""
    samples = [make_sample("a", 0), make_sample("a", 1), make_sample("a", 0, "other")]

    stock = stock_of(iter(samples))

    assert stock.drawn == {("m", "a"): 2, ("other", "a"): 1}
    assert stock.usage["m"] == Usage(prompt_tokens=None, tokens=None, finish_counts={"unknown": 2})
    assert stock.sha256 == sha256_of_samples(samples)
