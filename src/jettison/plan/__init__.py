"""Plans: steps with tier, rule, reason and bytes; made, saved, edited, refused."""
