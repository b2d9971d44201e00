"""A backend that says one text, again and again."""

from contextlib import contextmanager

from harness.generation.backend import Backend, Completion, Generated
from harness.runs.records import Producer


class Parrot:
    """The engine: it knows one text."""

    def __init__(self, text):
        """Learn the text."""
        self.text = text
        self.producer = Producer(
            backend="parrot", model=text, weights="", dtype="", versions={}, options={}, repeatable="always"
        )

    def generate(self, plan, missing, sampling):
        """Say it for each request that is missing."""
        for request in plan:
            if request.key in missing:
                completion = Completion(
                    text=self.text[: sampling.max_tokens], finish_reason="stop", prompt_tokens=None, tokens=None
                )
                yield Generated(request, completion)


@contextmanager
def load(model, options):
    """Take the model's name for its text."""
    assert not options
    yield Parrot(model)


parrot = Backend(name="parrot", load=load, about="one text")
