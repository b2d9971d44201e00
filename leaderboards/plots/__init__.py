"""Results as plots: the numbers of each figure, and two ways to draw it."""
