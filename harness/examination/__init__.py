"""Program -> verdicts."""
