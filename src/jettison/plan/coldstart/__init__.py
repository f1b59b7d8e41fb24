"""Where a cold start's seconds go, and what would change them."""
