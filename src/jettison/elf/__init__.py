"""ELF files: what they need, what sections they hold, what satisfies them in a rootfs."""
