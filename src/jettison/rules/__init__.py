"""One file a rule: what it looks at, what it would remove, why."""
