"""Image + Plan → Image."""
