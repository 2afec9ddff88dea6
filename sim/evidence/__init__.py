"""Published studies, repeated in the worlds of the frozen parameter sets, and what their verdicts forbid to claim."""
