"""A rootfs on disk, the embedded sandbox, workloads and their probes."""
