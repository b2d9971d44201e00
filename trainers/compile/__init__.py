"""Compiles submissions and judged samples to groups."""
