"""Shell text → :class:`Script`, by tree-sitter's grammar of bash."""

import functools
from collections.abc import Iterator
from dataclasses import dataclass

import tree_sitter
import tree_sitter_bash

from jettison.dockerfile.shell.record import Assignment, Command, Redirect, Script, ShellWord
from jettison.dockerfile.text import Joined

_ENCLOSING = {
    "subshell": "subshell",
    "compound_statement": "group",
    "if_statement": "if",
    "for_statement": "for",
    "c_style_for_statement": "for",
    "while_statement": "while",
    "case_statement": "case",
    "function_definition": "function",
    "command_substitution": "substitution",
    "process_substitution": "substitution",
    "negated_command": "negated",
    "pipeline": "pipeline",
}
_OPERATORS = ("&&", "||", ";", "\n", "|", "|&", "&", ";;")
_OPAQUE = {
    "eval": "it uses eval",
    "trap": "it sets a trap",
    "source": "it runs another file",
    ".": "it runs another file",
}
_DEEPEST = 200
"""Levels of nesting that are followed; real bodies have below 30."""
_GLOB = frozenset("*?")  # brackets alone are nearly always a requirement's extras, and match no file
_ESCAPED_IN_QUOTES = frozenset('$`"\\')


@dataclass(frozen=True, slots=True)
class _Place:
    """Where the walk is: what encloses it, the operator in front, and whether ``||`` is near."""

    inside: tuple[str, ...] = ()
    joiner: str = ""
    fallback: bool = False
    redirects: tuple[Redirect, ...] = ()


@functools.cache
def _parser() -> tree_sitter.Parser:
    return tree_sitter.Parser(tree_sitter.Language(tree_sitter_bash.language()))


@dataclass(frozen=True, slots=True)
class _Source:
    """The text that is parsed; tree-sitter counts bytes, ``at`` gives the character of each (None: all ASCII)."""

    joined: Joined
    data: bytes
    at: tuple[int, ...] | None

    def range(self, node: tree_sitter.Node) -> tuple[int, int]:
        """Return start and end of a node in characters of the text."""
        if self.at is None:
            return node.start_byte, node.end_byte
        return self.at[node.start_byte], self.at[node.end_byte]

    def span(self, node: tree_sitter.Node) -> tuple[int, int]:
        """Return start and end of a node in the file."""
        return self.joined.span(*self.range(node))

    def text(self, node: tree_sitter.Node) -> str:
        """Return what a node says."""
        start, end = self.range(node)
        return self.joined.text[start:end]


def parse_script(joined: Joined, *, heredoc: bool = False) -> Script:
    """Parse a shell body.

    Args:
        joined: the text as the shell sees it, with its places in the file.
        heredoc: whether it is a here-document's content.

    Returns:
        its commands; ``opaque`` says why it must not be edited, where that is so.
    """
    source = _source(joined)
    root = _parser().parse(source.data).root_node
    span = joined.span(0, len(joined.text))
    if root.has_error:
        found: tuple[Command, ...] = tuple(_commands(source, root, _Place(), 0))
        return Script(found, "its shell text is not understood", span, heredoc)
    commands = tuple(_commands(source, root, _Place(), 0))
    return Script(commands, _opaque(commands), span, heredoc)


def _source(joined: Joined) -> _Source:
    text = joined.text.replace("\r", " ")
    if text.isascii():
        return _Source(joined, text.encode(), None)
    at: list[int] = []
    parts: list[bytes] = []
    for index, char in enumerate(text):
        data = char.encode("utf-8", "replace" if "\ud800" <= char <= "\udfff" else "strict")
        parts.append(data)
        at += [index] * len(data)
    at.append(len(text))
    return _Source(joined, b"".join(parts), tuple(at))


def _opaque(commands: tuple[Command, ...]) -> str:
    for command in commands:
        if "function" in command.inside:
            return "it defines a function"
        if command.name in _OPAQUE:
            return _OPAQUE[command.name]
    return ""


def _commands(source: _Source, node: tree_sitter.Node, place: _Place, depth: int) -> Iterator[Command]:
    """Give the commands below a node, in order."""
    if depth > _DEEPEST:
        return
    if node.type == "command":
        yield _command(source, node, place)
        yield from _within_words(source, node, place, depth)
        return
    if node.type in ("variable_assignment", "declaration_command"):
        yield from _within_words(source, node, place, depth)
        return
    inner = _inner(source, node, place)
    joiner = place.joiner
    for child in node.children:
        if child.type in _OPERATORS:
            joiner = ";" if child.type in ("\n", ";;") else child.type
        elif child.is_named and child.type not in (
            "file_redirect",
            "heredoc_redirect",
            "herestring_redirect",
            "comment",
        ):
            yield from _commands(source, child, _at(inner, joiner), depth + 1)
            joiner = ";"


def _at(place: _Place, joiner: str) -> _Place:
    return _Place(place.inside, joiner, place.fallback, place.redirects)


def _inner(source: _Source, node: tree_sitter.Node, place: _Place) -> _Place:
    """Return the place of what is below a node."""
    inside, fallback, redirects = place.inside, place.fallback, place.redirects
    if node.type in _ENCLOSING:
        inside = (*inside, _ENCLOSING[node.type])
    if node.type == "list" and any(child.type == "||" for child in node.children):
        fallback = True
    if node.type == "redirected_statement":
        redirects = (*redirects, *_redirects(source, node))
    return _Place(inside, place.joiner, fallback, redirects)


def _within_words(source: _Source, node: tree_sitter.Node, place: _Place, depth: int) -> Iterator[Command]:
    """Give the commands in substitutions among a command's words."""
    for child in node.children:
        if child.type in ("command_substitution", "process_substitution"):
            yield from _commands(source, child, _at(place, ""), depth + 1)
        elif child.child_count:
            yield from _within_words(source, child, place, depth + 1) if depth < _DEEPEST else ()


def _command(source: _Source, node: tree_sitter.Node, place: _Place) -> Command:
    words: list[ShellWord] = []
    assignments: list[Assignment] = []
    for child in node.children:
        if child.type == "variable_assignment":
            name, _, _ = source.text(child).partition("=")
            value = child.child_by_field_name("value")
            assignments.append(Assignment(name, _value(source, value) if value else "", source.span(child)))
        elif child.type == "command_name":
            words.append(_word(source, child.children[0] if child.child_count == 1 else child))
        elif child.is_named and not child.type.endswith("redirect"):
            words.append(_word(source, child))
    redirects = (*_redirects(source, node), *place.redirects)
    return Command(
        tuple(words), tuple(assignments), redirects, source.span(node), place.joiner, place.inside, place.fallback
    )


def _redirects(source: _Source, node: tree_sitter.Node) -> Iterator[Redirect]:
    for child in node.children:
        if not child.type.endswith("_redirect"):
            continue
        operator = next((part.type for part in child.children if not part.is_named), "")
        target = next((part for part in reversed(child.children) if part.is_named), None)
        descriptor = next((source.text(part) for part in child.children if part.type == "file_descriptor"), "")
        yield Redirect(operator, _word(source, target) if target else None, descriptor)


def _word(source: _Source, node: tree_sitter.Node) -> ShellWord:
    start, end = source.range(node)
    text = source.joined.text[start:end]
    return ShellWord(text, _value(source, node), source.joined.span(start, end), source.joined.whole(start, end))


def _value(source: _Source, node: tree_sitter.Node) -> str | None:
    """Return what a word is after quotes are removed; None where that depends on anything."""
    text = source.text(node)
    if node.type == "raw_string":
        return text[1:-1]
    if node.type in ("word", "number", "test_operator", "variable_name", "regex"):
        return None if any(_is_open(text, at) for at in range(len(text))) else _unescaped(text)
    if node.type == "string":
        parts = [child for child in node.children if child.is_named]
        if any(part.type != "string_content" for part in parts):
            return None
        return _unescaped(text[1:-1], _ESCAPED_IN_QUOTES)
    if node.type in ("concatenation", "command_name"):
        values = [_value(source, child) for child in node.children]
        return None if None in values else "".join(value for value in values if value is not None)
    return text if node.type in ("[", "]", "{", "}", ",") and not node.is_named else None


def _is_open(text: str, at: int) -> bool:
    """Whether the character makes a pattern of files of the word: unescaped."""
    return text[at] in _GLOB and (at == 0 or text[at - 1] != "\\")


def _unescaped(text: str, only: frozenset[str] = frozenset()) -> str:
    if "\\" not in text:
        return text
    made: list[str] = []
    at = 0
    while at < len(text):
        if text[at] == "\\" and at + 1 < len(text) and (not only or text[at + 1] in only):
            at += 1
        made.append(text[at])
        at += 1
    return "".join(made)
