"""Judges programs, as a library call; knows no benchmark, model or pass@k.

Nothing is imported here: the jailed interpreter loads parts of this package and must stay small.
"""
