"""What of a recipe or a workflow can be pinned: references to images and actions, each with its place."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

import yaml

from jettison.dockerfile.record import Flag, Instruction
from jettison.rules.dockerfile.case import Case

_ACTION = re.compile(
    r"^[ \t]*(?:-[ \t]+)?uses:[ \t]*(?P<quote>['\"]?)"
    r"(?P<repository>[\w.-]+/[\w.-]+)(?P<path>(?:/[\w./-]+)?)@(?P<ref>[\w./-]+)"
    r"(?P=quote)(?P<comment>[ \t]+#[ \t]*(?P<tag>\S+)[^\r\n]*)?[ \t]*\r?$",
    re.MULTILINE,
)
_COMMIT = re.compile(r"[0-9a-f]{40}")
_FLOW = "it is not written as owner/name@ref on a line of its own"


@dataclass(frozen=True, slots=True)
class Place:
    """A reference that could be pinned.

    Attributes:
        where: ``FROM``, ``COPY --from``, ``RUN --mount``, ``# syntax`` or ``uses``.
        text: the reference as written.
        line: from 1.
        span: of the text, in the file.
        reason: why it cannot be pinned; empty when it can.
        repository: of an action ``owner/name``; empty for an image.
        ref: of an action the tag or branch that is meant: of a commit the one in the comment behind it.
    """

    where: str
    text: str
    line: int
    span: tuple[int, int]
    reason: str = ""
    repository: str = ""
    ref: str = ""


def image_places(case: Case) -> tuple[Place, ...]:
    """Return the references to images in a recipe, in order; names of stages are none."""
    return tuple(sorted(_images(case), key=lambda place: place.span))


def _images(case: Case) -> Iterator[Place]:
    recipe = case.recipe
    if directive := recipe.directive("syntax"):
        start = recipe.text.index(directive.value, directive.span[0]) if directive.value else directive.span[0]
        yield Place("# syntax", directive.value, directive.line, (start, start + len(directive.value)))
    for stage in case.scopes.stages:
        word = stage.start.words[0] if stage.start.words else None
        if word and stage.parent is None and stage.image != "scratch":
            yield Place("FROM", word.text, recipe.line_at(word.span[0]), word.span, _open(word.text))
        for instruction in stage.instructions:
            for flag in instruction.flags:
                yield from _of_flag(case, stage.index, instruction, flag)


def _of_flag(case: Case, stage: int, instruction: Instruction, flag: Flag) -> Iterator[Place]:
    """Give the image that a flag names, if it names one."""
    raw = case.recipe.text[slice(*flag.word.span)]
    if flag.name == "from" and instruction.name in ("COPY", "ADD"):
        match = re.fullmatch(r"--from=(?P<image>[^\s'\"]+)", raw)
        where = "COPY --from"
    elif flag.name == "mount":
        match = re.search(r"[=,]from=(?P<image>[^,\s'\"]+)", raw)
        where = "RUN --mount"
    else:
        return
    if match and case.scopes.find(match["image"], stage) is None and not match["image"].isdecimal():
        start = flag.word.span[0] + match.start("image")
        span = (start, start + len(match["image"]))
        yield Place(where, match["image"], case.recipe.line_at(start), span, _open(match["image"]))


def _open(text: str) -> str:
    if "$" in text:
        return "a build argument names it: a digest beside it would hold for one value only"
    return "it is quoted" if text.startswith(("'", '"')) else ""


def action_places(text: str) -> tuple[Place, ...]:
    """Return the actions that a workflow uses, in order; those of its own repository are none."""
    lines = {text.count("\n", 0, match.start("repository")): match for match in _ACTION.finditer(text)}
    found: list[Place] = []
    for token in _uses(text):
        match = lines.get(token.start_mark.line)
        if match and token.value == f"{match['repository']}{match['path']}@{match['ref']}":
            found.append(_action(text, match))
        elif not token.value.startswith("./") and "@sha256:" not in token.value:
            span = (token.start_mark.index, token.end_mark.index)
            reason = "an image; only actions are pinned here" if token.value.startswith("docker://") else _FLOW
            found.append(Place("uses", token.value, token.start_mark.line + 1, span, reason))
    return tuple(found)


def _action(text: str, match: re.Match[str]) -> Place:
    tag = match["tag"] or ""
    held = _COMMIT.fullmatch(match["ref"]) is not None
    reason = "a commit, and no tag behind it says what it was" if held and not tag else ""
    span = (match.start("repository"), match.end() - match[0].endswith("\r"))
    whole = f"{match['repository']}{match['path']}@{match['ref']}"
    line = text.count("\n", 0, span[0]) + 1
    return Place("uses", whole, line, span, reason, match["repository"], tag if held else match["ref"])


def _uses(text: str) -> list[yaml.ScalarToken]:
    """Return the values of a workflow's keys ``uses``; texts of scripts are none, and there are none without YAML."""
    found: list[yaml.ScalarToken] = []
    before: list[yaml.Token] = []
    try:
        for token in yaml.scan(text, Loader=yaml.BaseLoader):
            key = before[-2].value if len(before) > 1 and isinstance(before[-2], yaml.ScalarToken) else ""
            if key == "uses" and isinstance(before[-1], yaml.ValueToken) and isinstance(token, yaml.ScalarToken):
                found.append(token)
            before = [*before[-1:], token]
    except yaml.YAMLError:
        return []
    return found


def pinned_action(place: Place, commit: str, written: str) -> str:
    """Return an action held by a commit, with the tag behind it as people and bots read it.

    Args:
        place: the action.
        commit: 40 hexadecimal digits.
        written: the text at its place, from the repository to the line's end.
    """
    quote = written.partition("@")[2][len(place.text.partition("@")[2]) :][:1]
    quote = quote if quote in ("'", '"') else ""
    return f"{place.text.partition('@')[0]}@{commit}{quote} # {place.ref}"


def is_held(place: Place) -> bool:
    """Whether a reference is held by a digest or a commit already."""
    if place.where == "uses":
        return _COMMIT.fullmatch(place.text.partition("@")[2]) is not None
    return "@sha256:" in place.text
