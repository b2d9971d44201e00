"""Holds all that the jail loads, beside the standard library."""
