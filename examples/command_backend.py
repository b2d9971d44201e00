"""Defines a backend in one file: a command that reads a prompt on stdin and prints a completion.

    proctor generate --backend examples/command_backend.py:command --option command="./my-model --quiet" --model tiny

The command runs once per sample, with MODEL, SEED, TEMPERATURE, TOP_P and MAX_TOKENS in its environment.
"""

import os
import shlex
import shutil
import subprocess
from collections.abc import Container, Iterator, Mapping, Sequence
from contextlib import contextmanager

import msgspec

from harness.errors import Unavailable, UserError
from harness.generation.backend import Backend, Completion, Generated, Request, cut_at_stop
from harness.runs.records import Producer, Sampling


class Command(msgspec.Struct, frozen=True):
    """Runs a command for each sample; the engine of this backend."""

    producer: Producer
    arguments: list[str]

    def generate(self, plan: Sequence[Request], missing: Container[object], sampling: Sampling) -> Iterator[Generated]:
        """Run the command for each request that is missing."""
        for request in plan:
            if request.key in missing:
                yield Generated(request, self.complete(request, sampling))

    def complete(self, request: Request, sampling: Sampling) -> Completion:
        """Return the output of the command up to the first stop string; a chat prompt is passed as JSON."""
        prompt = request.prompt if isinstance(request.prompt, str) else msgspec.json.encode(request.prompt).decode()
        settings = msgspec.structs.asdict(sampling) | {"model": self.producer.model, "seed": request.seed}
        env = os.environ | {name.upper(): str(value) for name, value in settings.items()}
        ended = subprocess.run(self.arguments, check=False, input=prompt, env=env, stdout=subprocess.PIPE, text=True)
        if ended.returncode:
            raise Unavailable(f"{self.arguments[0]} failed with exit status {ended.returncode}; fix it, then run again")
        text, _ = cut_at_stop(ended.stdout, sampling.stop)
        return Completion(text=text, finish_reason="stop", prompt_tokens=None, tokens=None)


@contextmanager
def load(model: str, options: Mapping[str, str]) -> Iterator[Command]:
    """Return an engine for the command in the option `command`."""
    arguments = shlex.split(options.get("command", ""))
    if options.keys() != {"command"} or not arguments or not shutil.which(arguments[0]):
        raise UserError('the backend command takes one option: --option command="PROGRAM ARGUMENT ..."')
    producer = Producer(
        backend="command", model=model, weights="", dtype="", versions={}, options={"command": shlex.join(arguments)},
        repeatable="only if SEED alone determines the output of the command",
    )  # fmt: skip
    yield Command(producer, arguments)


command = Backend(name="command", load=load, about="a command that reads a prompt and prints a completion")
