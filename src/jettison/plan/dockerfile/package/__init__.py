"""The files that go with a rewritten recipe, from what is known of the service."""
