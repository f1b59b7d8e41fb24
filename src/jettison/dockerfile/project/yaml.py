"""YAML as conda writes it, read by PyYAML's parser into texts, lists and tables.

Events are read, not its objects: every scalar stays the text that it was written as (``3.10`` is no number), tags make
nothing, and anchors and aliases are refused, so that what comes out is never larger than what went in.
"""

from typing import Union

import yaml

MAX_DEPTH = 40
Yaml = Union[str, list["Yaml"], dict[str, "Yaml"]]  # noqa: UP007 -- it names itself
# libyaml's parser where PyYAML was built with it: conda-lock.yml files reach tens of megabytes.
_LOADER = getattr(yaml, "CBaseLoader", yaml.BaseLoader)


class YamlError(ValueError):
    """The text is no YAML, or more of it than is read here."""


def parse_yaml(text: str) -> Yaml:
    """Return the one document of a text: texts, lists, and tables with texts as keys; empty: an empty text.

    Raises:
        YamlError: malformed; an anchor or alias; a key twice or not a text; nested over 40 deep; several documents.
    """
    top: list[Yaml] = []
    open_: list[_Open] = [_Open(top)]
    try:
        for event in yaml.parse(text.removeprefix("\ufeff"), Loader=_LOADER):
            _take(event, open_)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        reason = getattr(error, "problem", None) or str(error).partition("\n")[0]
        raise YamlError(f"line {mark.line + 1}: {reason}" if mark else reason) from error
    if len(top) > 1:
        raise YamlError("more than one document")
    return top[0] if top else ""


class _Open:
    """A collection whose end was not yet seen; ``key`` is what the next value of a table is for."""

    __slots__ = ("into", "key")

    def __init__(self, into: list[Yaml] | dict[str, Yaml]) -> None:
        self.into = into
        self.key: str | None = None


def _take(event: yaml.Event, open_: list[_Open]) -> None:
    if getattr(event, "anchor", None) is not None:
        raise _refused(event, "an anchor or an alias")
    if isinstance(event, yaml.ScalarEvent):
        _put(event, event.value, open_[-1])
    elif isinstance(event, yaml.SequenceStartEvent | yaml.MappingStartEvent):
        made: list[Yaml] | dict[str, Yaml] = [] if isinstance(event, yaml.SequenceStartEvent) else {}
        _put(event, made, open_[-1])
        if len(open_) > MAX_DEPTH:
            raise _refused(event, f"nested more than {MAX_DEPTH} deep")
        open_.append(_Open(made))
    elif isinstance(event, yaml.SequenceEndEvent | yaml.MappingEndEvent):
        open_.pop()


def _put(event: yaml.Event, value: Yaml, into: _Open) -> None:
    if isinstance(into.into, list):
        into.into.append(value)
    elif into.key is not None:
        into.into[into.key], into.key = value, None
    elif not isinstance(value, str):
        raise _refused(event, "a key that is not a text")
    elif value in into.into:
        raise _refused(event, "a key twice")
    else:
        into.key = value


def _refused(event: yaml.Event, what: str) -> YamlError:
    line = event.start_mark.line + 1 if event.start_mark else "?"
    return YamlError(f"line {line}: {what}")
