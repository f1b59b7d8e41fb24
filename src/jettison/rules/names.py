"""Names against patterns."""

import fnmatch
from collections.abc import Iterable


def matches(name: str, patterns: Iterable[str]) -> bool:
    """Whether a name is one of some patterns (fnmatch, capitals count)."""
    return any(fnmatch.fnmatchcase(name, pattern) for pattern in patterns)
