"""The one error that is the user's to mend."""


class UserError(ValueError):
    """The user's mistake; its text is one line that says what, where and what to do (exit code 2)."""
