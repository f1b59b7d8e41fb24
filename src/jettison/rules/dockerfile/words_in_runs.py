"""Edits of the words that an install names."""

from collections.abc import Sequence

from jettison.dockerfile.edit import Edit, remove_words, replace_word
from jettison.dockerfile.record import Recipe
from jettison.dockerfile.shell.record import ShellWord
from jettison.dockerfile.tools.record import Call
from jettison.rules.dockerfile.case import Site


def can_edit(site: Site, call: Call, word: ShellWord | None) -> bool:
    """Whether a word of a call may be edited: the body is understood, the call always runs."""
    return word is not None and word.whole and site.editable and call.command.plain


def without_words(recipe: Recipe, site: Site, call: Call, words: Sequence[ShellWord]) -> tuple[Edit, ...] | None:
    """Return the edits that take words out of a call; None when nothing would be left to do, or it cannot be done."""
    others = [word for word in call.operands if word not in words]
    if not (others or call.has("-r", "--requirement")) or not all(can_edit(site, call, word) for word in words):
        return None
    return remove_words(recipe, words)


def renamed(word: ShellWord, old: str, new: str) -> Edit | None:
    """Return the edit that replaces a distribution's name at the start of a requirement; versions and quotes stay."""
    text = word.text
    start = len(text) - len(text.lstrip("\"'"))
    if text[start : start + len(old)].lower().replace("_", "-") != old:
        return None
    return replace_word(word, f"{text[:start]}{new}{text[start + len(old) :]}")
