"""Problem -> completion."""
