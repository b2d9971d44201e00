"""Runs studies: many commands of proctor from one file, each once; it knows the other parts by their commands only."""
