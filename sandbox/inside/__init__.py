"""What the jail loads: the standard library and this folder only."""
