"""A pricing model as a Flask application."""
