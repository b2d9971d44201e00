"""The one error that is the user's to mend."""


class UserError(ValueError):
    """The user's mistake; its text is one line that says what, where and what to do (exit code 2)."""


class Unavailable(Exception):  # noqa: N818 - it names what is the case, like UserError's cause
    """What this run needs went away, such as a server: told in one line, exit code 3; the same command goes on."""
