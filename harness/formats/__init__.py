"""Reads samples as others write them: a module a format, and `harness.formats.read`, which chooses one."""
