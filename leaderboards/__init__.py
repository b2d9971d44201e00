"""Turns result files into tables, pages, comparisons and the decision of a gate."""
