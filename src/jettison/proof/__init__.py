"""Proofs: structure recomputed from bytes, behaviour compared by the same probes."""
