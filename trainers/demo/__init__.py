"""Makes the demo's material and base: submissions in CodeNet's layout, and a policy of 0.85 M parameters."""
