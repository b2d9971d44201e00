"""How an OpenAI-compatible server is reached: the options of the backend, the server's address, and its key."""

import os
import re
from collections.abc import Mapping
from ipaddress import ip_address
from typing import Annotated, Any
from urllib.parse import urlsplit

import msgspec

from harness.backends.options import options_of
from harness.errors import UserError

_FIXED = frozenset({"messages", "model", "n", "prompt", "stream"})
"""Fields of a request without which an answer would be of another kind."""


class Options(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What `--option` takes."""

    base_url: str = ""
    """Up to and with `/v1`; by default OPENAI_BASE_URL, or OpenAI's own server."""
    api_key_env: str = "OPENAI_API_KEY"
    """Name of the environment variable that holds the key; a server on the loopback may need none."""
    concurrency: Annotated[int, msgspec.Meta(ge=1)] = 16
    """Requests under way at once."""
    timeout_s: Annotated[float, msgspec.Meta(gt=0)] = 600.0
    """For a whole answer."""
    retries: Annotated[int, msgspec.Meta(ge=0)] = 8
    """Tries after the first."""
    backoff_s: Annotated[float, msgspec.Meta(ge=0)] = 1.0
    """Longest wait before the second try, doubled for each further one, up to a minute."""
    text_as_chat: bool = False
    """Send a text as the only message of a chat, to a server without `/completions`."""
    extra: dict[str, Any] = {}
    """Fields added to each request, such as top_k; null leaves one out."""


def server_options(given: Mapping[str, Any]) -> Options:
    """Return the options, the address among them.

    Raises:
        UserError: An option is unknown, of another type, or makes no sense.
    """
    options = options_of("openai", {**given, "extra": _table(given.get("extra", {}))}, Options)
    if fixed := sorted(_FIXED & options.extra.keys()):
        raise UserError(f"--option extra can't set {', '.join(fixed)}; leave that to proctor")
    url = options.base_url or os.environ.get("OPENAI_BASE_URL") or "https://api.openai.com/v1"
    if not _is_address(url):
        raise UserError("--option base_url must be a URL such as http://127.0.0.1:8000/v1")
    return msgspec.structs.replace(options, base_url=url)


def _table(extra: Any) -> Any:
    """Return a JSON text's value; the command line leaves as a text what is no TOML, which has no null."""
    try:
        return msgspec.json.decode(extra) if isinstance(extra, str) else extra
    except msgspec.DecodeError as error:
        raise UserError(f'--option extra: {error}; it takes a table such as {{"top_k": 20}}') from None


def key_of(options: Options) -> str:
    """Return the key, empty where none is needed.

    Raises:
        UserError: There is no key, or it can't be one. The error doesn't repeat the option: it may be the key itself.
    """
    if not re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]*", options.api_key_env):
        raise UserError("--option api_key_env takes the name of an environment variable, not the key itself")
    key = os.environ.get(options.api_key_env, "").strip()
    if not key and not _on_loopback(options.base_url):
        raise UserError(
            f"{public(options.base_url)} takes a key: put it into the environment variable OPENAI_API_KEY, or into "
            "the one that --option api_key_env names; any text will do for a server that asks for none"
        )
    if re.search(r"[^!-~]", key):
        raise UserError("the key in the variable that --option api_key_env names has characters that no key has")
    return key


def _is_address(url: str) -> bool:
    try:
        parts = urlsplit(url)
        return parts.scheme in {"http", "https"} and bool(parts.hostname) and parts.port != 0
    except ValueError:  # of a port or an address in brackets
        return False


def _on_loopback(url: str) -> bool:
    host = urlsplit(url).hostname or ""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def public(url: str) -> str:
    """Return the URL without a password or a query, in which some servers take their key.

    >>> public("https://me:secret@host:8000/v1/?key=secret")
    'https://host:8000/v1'
    """
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}{parts.path.rstrip('/')}"
