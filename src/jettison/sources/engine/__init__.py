"""Container engines on this machine, by their command lines: what they hold is read, and what is made is loaded."""
