"""One backend a file: each turns a model into an engine that draws completions (`harness.generation.backend`)."""
