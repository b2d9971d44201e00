"""Small Python tasks made by the dozen, with right and wrong programs: what a very small model can learn from."""
