"""Records → blocks: one module a record."""
