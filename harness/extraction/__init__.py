"""Finds programs in completions."""
