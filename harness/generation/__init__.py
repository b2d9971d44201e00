"""Generates completions of problems."""
