"""Defines the backends, one a file, see `harness.generation.backend`."""
