"""Holds the subcommands that read result files; `proctor` finds them by name."""
