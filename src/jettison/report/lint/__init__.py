"""What lint says: for a terminal, for GitHub, as SARIF."""
