"""Completion -> program."""
