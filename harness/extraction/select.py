"""Selects the program among the fenced blocks of an answer, and joins it with those that it needs."""

import re
from collections.abc import Mapping
from enum import StrEnum

from harness.extraction.text import Block
from harness.syntax import Parser, acts, binds, defines, lacks

_MOST_JOINED = 20
"""Blocks before and behind the selected one that it may be joined with."""


class Fence(StrEnum):
    """Chooses the program among several fenced blocks; a block of another language than Python never is it."""

    ENTRY_POINT = "entry_point"
    """The first that defines the entry point; without one, that does more than define and import; else the first."""
    FIRST = "first"
    LAST = "last"
    LONGEST = "longest"


def select(contents: Mapping[Block, str], fence: Fence, entry_point: str, parse: Parser) -> Block:
    """Return the block that is the program.

    Args:
        contents: of the blocks that may be it, in their order; at least one.
        fence: which of them it is.
        entry_point: the name that the tests take from the program, "" for none.
        parse: the parser of the completion.
    """
    candidates = tuple(contents)
    match fence:
        case Fence.FIRST:
            return candidates[0]
        case Fence.LAST:
            return candidates[-1]
        case Fence.LONGEST:
            return max(contents, key=lambda block: len(contents[block]))
        case Fence.ENTRY_POINT if len(candidates) > 1:
            serves = (block for block, text in contents.items() if _serves(text, entry_point, parse))
            return next(serves, candidates[0])
    return candidates[0]


def _serves(text: str, entry_point: str, parse: Parser) -> bool:
    """Return whether a block can be the program; one that is not parsed is taken by its words."""
    if parse.gave_up(text):
        return not entry_point or re.search(rf"\b{re.escape(entry_point)}[ \t]*[(=:]", text) is not None
    tree = parse(text).tree
    if tree is None:
        return False
    return defines(tree, entry_point) if entry_point else acts(tree)


def joined(contents: Mapping[Block, str], block: Block, parse: Parser) -> dict[Block, str]:
    """Return a block behind those that bind the names that it lacks, and that these lack in turn.

    A name is taken from the nearest block before, or else from the first one behind.

    Args:
        contents: of all blocks, in their order.
        block: that was selected.
        parse: the parser of the completion.

    Returns:
        The block alone, where it lacks nothing or no other block binds it.
    """
    order = [*contents]
    place = order.index(block)
    tree = parse(contents[block]).tree
    if tree is None or len(order) == 1 or not (missing := lacks(tree)):
        return {block: contents[block]}
    others = [*reversed(order[max(0, place - _MOST_JOINED) : place]), *order[place + 1 : place + 1 + _MOST_JOINED]]
    trees = {other: found for other in others if (found := parse(contents[other]).tree)}
    needed, waiting = set[Block](), set(missing)
    while waiting:
        name = waiting.pop()
        giver = next((other for other, found in trees.items() if name in binds(found)), None)
        if giver and giver not in needed:
            needed.add(giver)
            waiting |= lacks(trees[giver])
    before = {other: contents[other] for other in order if other in needed}
    return {**before, block: contents[block]}
