"""Jettison takes the dead weight out of ML container images and proves that what is left still works.

The verbs are functions in :mod:`jettison.api`; the command line in :mod:`jettison.cli` calls the same ones.
"""

__version__ = "0.1.0"
