"""Screens programs to train on: they must parse as Python 3, and have other tokens than the rest.

The sources are hostile as far as we know, and CPython's parser can be crashed, or kept busy, by small ones. So they are
parsed in a forked child, one after the other, each with a CPU limit that the kernel enforces. What ends the child costs
the source it was at: the next child goes on behind it. A fork a problem costs some milliseconds; a process a source
would cost more than the parsing. The size of a source is bounded before (`codenet.MAX_SOURCE_BYTES`).
"""

import ast
import hashlib
import io
import os
import resource
import signal
import tokenize
import warnings
from collections.abc import Iterator, Sequence
from typing import BinaryIO, NamedTuple

CPU_LIMIT_S = 5.0
"""For one source; the largest that are read take some 0.1 s."""

MEMORY_LIMIT_BYTES = 2 << 30
"""Private memory of the child."""

_DIGEST_BYTES = 16
_MARKS = {
    tokenize.NEWLINE: "\n",
    tokenize.INDENT: "\v",
    tokenize.DEDENT: "\f",
    tokenize.COMMENT: "",
    tokenize.NL: "",
    tokenize.ENCODING: "",
    tokenize.ENDMARKER: "",
}
"""Replacements of layout tokens: comments, blank lines and the width of an indent make no difference."""


class Screened(NamedTuple):
    """Holds the findings on a source; `tokens_digest` is empty if its parser crashed or did not end."""

    parses: bool
    tokens_digest: bytes


def screen(sources: Sequence[str], cpu_limit_s: float = CPU_LIMIT_S) -> tuple[Screened, ...]:
    """Parse the sources and digest their tokens, even where they crash the parser.

    Args:
        sources: Texts of any kind.
        cpu_limit_s: CPU seconds for each.

    Returns:
        One finding for each source, in order.
    """
    found: list[Screened] = []
    while len(found) < len(sources):
        found += _in_child(sources[len(found) :], cpu_limit_s)
        if len(found) < len(sources):
            found.append(Screened(parses=False, tokens_digest=b""))
    return tuple(found)


def _in_child(sources: Sequence[str], cpu_limit_s: float) -> Iterator[Screened]:
    """Yield an answer for each source, up to the one that ended the child."""
    reading, writing = os.pipe()
    child = os.fork()
    if not child:
        try:
            os.close(reading)
            _answer(sources, writing, cpu_limit_s)
        finally:
            os._exit(0)
    os.close(writing)
    with os.fdopen(reading, "rb") as answers:
        yield from _answers(answers)
    os.waitpid(child, 0)


def _answers(file: BinaryIO) -> Iterator[Screened]:
    while len(answer := file.read(1 + _DIGEST_BYTES)) == 1 + _DIGEST_BYTES:
        yield Screened(parses=answer[:1] == b"y", tokens_digest=answer[1:])


def _answer(sources: Sequence[str], descriptor: int, cpu_limit_s: float) -> None:
    """Be the child: nothing of this process may outlive a source that goes wrong."""
    for name in (signal.SIGPROF, signal.SIGINT, signal.SIGTERM):
        signal.signal(name, signal.SIG_DFL)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_DATA, (MEMORY_LIMIT_BYTES, MEMORY_LIMIT_BYTES))
    warnings.simplefilter("ignore")
    for source in sources:
        signal.setitimer(signal.ITIMER_PROF, cpu_limit_s)  # ends the process even within one call of the parser
        verdict = b"y" if _parses(source) else b"n"
        os.write(descriptor, verdict + _digest(source))


def _parses(source: str) -> bool:
    try:
        ast.parse(source)
    except (SyntaxError, ValueError, MemoryError, RecursionError, OverflowError):
        return False
    return True


def _digest(source: str) -> bytes:
    """Return a digest of the tokens; of the words, where the source can't be cut into tokens."""
    try:
        tokens = [
            _MARKS.get(token.type, token.string) for token in tokenize.generate_tokens(io.StringIO(source).readline)
        ]
    except (tokenize.TokenError, SyntaxError, MemoryError, RecursionError):
        tokens = source.split()
    text = "\0".join(filter(None, tokens))
    return hashlib.blake2b(text.encode(), digest_size=_DIGEST_BYTES).digest()
