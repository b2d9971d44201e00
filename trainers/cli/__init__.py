"""Holds the subcommands of the trainers; `proctor` finds them by name."""
