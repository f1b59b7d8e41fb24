"""Records → text and JSON, whose schemas ship."""
