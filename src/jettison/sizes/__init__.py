"""What wheels, packages and base images weigh, asked of indexes without having them; cached, and with the source."""
