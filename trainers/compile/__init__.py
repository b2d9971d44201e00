"""Submissions and judged samples -> groups."""
