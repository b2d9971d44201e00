"""Text that XML can hold; names of models and tasks may be anything."""

import re

_NOT_IN_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""Characters that XML 1.0 can't hold, even escaped."""


def in_xml(text: str) -> str:
    r"""Return the text with a replacement character for each that XML can't hold.

    >>> in_xml("a\x00b\ud800") == "a\N{REPLACEMENT CHARACTER}b\N{REPLACEMENT CHARACTER}"
    True
    """
    return _NOT_IN_XML.sub("\N{REPLACEMENT CHARACTER}", text)
