"""Compiles groups and trains policies on them."""
