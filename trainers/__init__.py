"""Groups in, checkpoint out."""
