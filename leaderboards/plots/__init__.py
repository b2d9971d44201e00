"""Plots results: the numbers of each figure, and two renderings of it."""
