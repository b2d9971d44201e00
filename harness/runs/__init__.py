"""What lies on disk: records, files of rows, the folder of a run."""
