"""The demo's own material and base: generated submissions in CodeNet's layout, and a policy of 0.85 M parameters."""
