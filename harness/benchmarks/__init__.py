"""Defines the benchmarks, one a file."""
