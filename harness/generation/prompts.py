"""Reads prompt cards, a TOML file each with a name and a hash, and renders prompts.

A card's texts are templates. A placeholder in braces means a part of the problem, and is filled in once, so that
braces in a problem mean nothing; `{{` and `}}` are braces of the card itself. The name of a card is that of its file.

| placeholder | meaning | in |
|---|---|---|
| `{statement}`, `{starter_code}` | these of the problem | `text`, `shot`, `starter` |
| `{function}` | the name that the tests call | `text` of call problems, `shot` |
| `{tests}`, `{first_test}` | the assertions, one a line, and the first of them | `text` of assert problems, `shot` |
| `{starter}` | the card's `starter`, or nothing where the problem has no starter code | `text`, `shot` |
| `{reference}` | the program known to be right | `shot` |
| `{shots}` | the card's `shot` for each task that `shots` names | `text` |
| `{text}` | the card's `text` for the problem's kind | `messages` |
"""

import hashlib
from collections.abc import Iterator, Mapping
from pathlib import Path
from string import Formatter
from typing import Annotated, Literal

import msgspec

from harness.errors import UserError, no_such
from harness.runs.records import Problem, PromptCardId
from sandbox.records import AssertTest, CallTest

CARDS = Path(__file__).parent / "cards"

Kind = Literal["stdio", "call", "assert", "completion"]
"""Form of the prompt: by the kind of its tests, or as a function's head to be completed, whose tests stay hidden."""

_OF_EVERY_KIND = frozenset({"statement", "starter_code"})
_OF_KIND: Mapping[Kind, frozenset[str]] = {
    "stdio": frozenset(),
    "call": frozenset({"function"}),
    "assert": frozenset({"tests", "first_test"}),
    "completion": frozenset(),
}
_OF_A_SHOT = _OF_EVERY_KIND.union({"reference"}, *_OF_KIND.values())


class Message(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Holds one message of a chat."""

    role: Literal["system", "user", "assistant"]
    content: str


Prompt = str | tuple[Message, ...]
"""A text that a base model continues, or a chat that an instruct model answers."""


def as_text(prompt: Prompt) -> str:
    """Return a prompt as a sample holds it.

    Args:
        prompt: a text or a chat.

    Returns:
        The text, or for a chat the JSON list of its messages.
    """
    return prompt if isinstance(prompt, str) else msgspec.json.encode(prompt).decode()


def prompt_of(text: str) -> Prompt:
    """Return the prompt that a sample holds.

    Args:
        text: as of `as_text`.

    Returns:
        The messages where the text is their JSON list, else the text.

    >>> prompt_of('[{"role":"user","content":"Add."}]'), prompt_of("[1]")
    ((Message(role='user', content='Add.'),), '[1]')
    """
    if text.startswith('[{"role"'):
        try:
            return msgspec.json.decode(text, type=tuple[Message, ...])
        except msgspec.DecodeError:
            return text
    return text


class CardFile(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Reads the file of a card; see the module for the placeholders in its texts."""

    about: str
    text: Annotated[dict[Kind, str], msgspec.Meta(min_length=1)]
    n: Annotated[int, msgspec.Meta(ge=1)]
    """Samples a problem; this and the next four are defaults of decoding."""
    temperature: Annotated[float, msgspec.Meta(ge=0)]
    top_p: Annotated[float, msgspec.Meta(gt=0, le=1)]
    max_tokens: Annotated[int, msgspec.Meta(ge=1)]
    stop: tuple[Annotated[str, msgspec.Meta(min_length=1)], ...] = ()
    """Strings at which a completion ends."""
    shots: tuple[str, ...] = ()
    """Tasks of the benchmark that are shown with their solutions."""
    shot: str = ""
    starter: str = ""
    messages: tuple[Message, ...] = ()
    """The chat around the text; without messages, the text is the prompt."""


class PromptCard(CardFile, frozen=True, kw_only=True):
    """Holds a card with its name and the SHA-256 of its file."""

    name: str
    sha256: str


def card_names() -> tuple[str, ...]:
    """Return the names of the cards that ship with proctor, sorted."""
    return tuple(sorted(path.stem for path in CARDS.glob("*.toml")))


def load_card(name: str) -> PromptCard:
    """Load a prompt card.

    Args:
        name: of a card that ships with proctor, or path of a file that ends in .toml.

    Returns:
        The card, checked.

    Raises:
        UserError: There is no such card or file, or it holds what a card doesn't have.
    """
    if not name.endswith(".toml") and name not in card_names():
        raise no_such("prompt card", name, card_names(), "or name a .toml file")
    path = Path(name) if name.endswith(".toml") else CARDS / f"{name}.toml"
    try:
        data = path.read_bytes()
    except OSError as error:
        raise UserError(f"{path}: can't be read: {error.strerror}; check the path of the prompt card") from error
    try:
        file = msgspec.toml.decode(data, type=CardFile)
        _check(file)
    except ValueError as error:
        raise UserError(f"{path}: {error}; correct the card") from error
    return PromptCard(name=path.stem, sha256=hashlib.sha256(data).hexdigest(), **msgspec.structs.asdict(file))


def card_id(card: PromptCard) -> PromptCardId:
    """Return the identity of a card, as results hold it.

    Args:
        card: that is loaded.

    Returns:
        Its name, the SHA-256 of its file, and its stop strings.
    """
    return PromptCardId(name=card.name, sha256=card.sha256, stop=card.stop)


def render_prompt(card: PromptCard, problem: Problem, problems: Mapping[str, Problem]) -> Prompt:
    """Return the card's prompt for a problem.

    Args:
        card: with a text for problems of this kind.
        problem: that the prompt states.
        problems: those of the benchmark by task id, for the shots.

    Returns:
        A text, or a chat where the card has messages.

    Raises:
        UserError: The card has nothing to say of problems of this kind, a shot is missing or has no reference, or the
            problem is itself a shot, so that its solution would be shown.
    """
    kind = kind_of(problem)
    if kind not in card.text:
        raise UserError(
            f"prompt card {card.name} has no text for {kind} problems, such as task {problem.task_id}, "
            f"but for {', '.join(card.text)}; choose another card"
        )
    if problem.task_id in card.shots:
        raise UserError(
            f"task {problem.task_id} is a shot of prompt card {card.name}, which shows its solution; "
            "leave the task out or choose another card"
        )
    shots = "".join(_shot(card, task_id, problems) for task_id in card.shots)
    text = card.text[kind].format_map({**_values(card, problem), "shots": shots})
    if not card.messages:
        return text
    return tuple(
        Message(role=message.role, content=message.content.format_map({"text": text})) for message in card.messages
    )


def kind_of(problem: Problem) -> Kind:
    """Return the kind of prompt that a problem needs.

    Args:
        problem: with at least one test.

    Returns:
        The kind of its first test; `completion` for assert tests with starter code.
    """
    match problem.tests[0]:
        case AssertTest():
            return "completion" if problem.starter_code else "assert"
        case CallTest():
            return "call"
    return "stdio"


def _shot(card: PromptCard, task_id: str, problems: Mapping[str, Problem]) -> str:
    problem = problems.get(task_id)
    if problem is None or not problem.reference:
        missing = "is not among the problems" if problem is None else "has no reference"
        raise UserError(
            f"prompt card {card.name} shows task {task_id}, which {missing}; check --data or choose another card"
        )
    return card.shot.format_map({**_values(card, problem), "reference": problem.reference})


def _values(card: PromptCard, problem: Problem) -> dict[str, str]:
    """Return the values of the placeholders of one problem."""
    first = problem.tests[0]
    tests = [test.code for test in problem.tests if isinstance(test, AssertTest)]
    values = {
        "statement": problem.statement,
        "starter_code": problem.starter_code,
        "function": first.function if isinstance(first, CallTest) else "",
        "tests": "\n".join(tests),
        "first_test": tests[0] if tests else "",
    }
    return values | {"starter": card.starter.format_map(values) if problem.starter_code else ""}


def _check(file: CardFile) -> None:
    """Raise ValueError where a template has a placeholder without a meaning, or lacks one that it needs."""
    if bool(file.shots) != bool(file.shot):
        raise ValueError("`shots` and `shot` need each other")
    for field, template, allowed in _templates(file):
        unknown = _placeholders(field, template) - allowed
        if unknown:
            raise ValueError(
                f"`{field}` has the unknown placeholder {{{min(unknown)}}}, it may have {', '.join(sorted(allowed))}"
            )
    for kind, text in file.text.items():
        if file.shots and "shots" not in _placeholders(f"text.{kind}", text):
            raise ValueError(f"`text.{kind}` lacks {{shots}}")
    if file.messages and not any(_placeholders("messages", message.content) for message in file.messages):
        raise ValueError("`messages` lack {text}")


def _templates(file: CardFile) -> Iterator[tuple[str, str, frozenset[str]]]:
    """Yield each template with its field and the placeholders that it may have."""
    common = _OF_EVERY_KIND | ({"starter"} if file.starter else frozenset())
    yield "starter", file.starter, _OF_EVERY_KIND
    yield "shot", file.shot, common | _OF_A_SHOT
    for kind, text in file.text.items():
        yield f"text.{kind}", text, common | _OF_KIND[kind] | ({"shots"} if file.shots else frozenset())
    for message in file.messages:
        yield "messages", message.content, frozenset({"text"})


def _placeholders(field: str, template: str) -> frozenset[str]:
    try:
        found = [parts for parts in Formatter().parse(template) if parts[1] is not None]
    except ValueError as error:
        raise ValueError(f"`{field}`: {error}; a brace of its own is written twice") from error
    return frozenset(
        f"{name}{f'!{conversion}' if conversion else ''}{f':{spec}' if spec else ''}"
        for _, name, spec, conversion in found
    )
