"""Makes a static page of results: one folder that needs no server and no network."""
