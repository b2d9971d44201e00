"""Holds the layers of the jail, one file a layer; standard library only: they run in the examined interpreter."""
