"""Defines the errors that are reported in one line, and the exit codes of the command line."""

USERS_MISTAKE = 2
OUR_FAULT = 3
INTERRUPTED = 130


class UserError(ValueError):
    """Reports a mistake of the user in one line: the place, the mistake, the remedy (exit code 2)."""


class Unavailable(Exception):  # noqa: N818 - names the state, as UserError names the cause
    """Reports in one line that a server, or the like, went away (exit code 3); the same command goes on."""
