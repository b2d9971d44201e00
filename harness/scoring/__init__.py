"""Verdicts -> numbers."""
