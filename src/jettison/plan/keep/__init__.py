"""What stays at tier 3: what traces saw, and the static closure of it."""
