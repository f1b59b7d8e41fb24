"""What the developers test; no part of a service."""

from sentiment.__main__ import WORDS


def test_love_is_stronger_than_hate_is_bad() -> None:
    assert WORDS["love"] > 0 > WORDS["hate"]  # noqa: S101 -- pytest's own way
