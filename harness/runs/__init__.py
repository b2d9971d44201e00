"""Reads and writes the folder of a run: records and files of rows."""
