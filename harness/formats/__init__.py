"""Reads samples as others write them: a module a format; `harness.formats.read` chooses one."""
