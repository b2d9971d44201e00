"""The layers of the jail, one file a layer; standard library only, because they run in the examined interpreter."""
