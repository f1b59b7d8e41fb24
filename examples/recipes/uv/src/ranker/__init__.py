"""Puts documents in order of how well they fit a question."""
