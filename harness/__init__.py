"""Problems in, results out: reads samples, has them judged by the sandbox, and reports pass@k with intervals."""
