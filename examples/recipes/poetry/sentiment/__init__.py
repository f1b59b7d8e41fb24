"""Says whether a sentence is friendly."""
