"""The command line: one file a subcommand, and the place where everything is put together."""
