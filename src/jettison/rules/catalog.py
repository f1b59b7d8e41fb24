"""What Jettison looks for, as records to list and to explain: from the rules themselves."""

import difflib
from collections.abc import Iterator
from dataclasses import dataclass, field

from jettison.errors import UsageError
from jettison.rules.dockerfile.record import Example, Rule
from jettison.rules.dockerfile.registry import DOCKERFILE_RULES
from jettison.rules.record import Rule as ImageRule
from jettison.rules.registry import IMAGE_RULES

_SHOWN = 20  # lines of a file that are shown whole
_WIDEST = 120


@dataclass(frozen=True, slots=True)
class RuleEntry:
    """A rule in the list.

    Attributes:
        name: what findings and steps call it.
        about: ``dockerfile`` or ``image``.
        title: what is found, or what goes, in a few words.
        severity: of a Dockerfile's rule how much it matters; of an image's empty.
        fixes: ``safe``, ``unsafe`` or ``none``: the best that ``lint --fix`` can do; of an image's empty.
        tier: of an image's rule; of a Dockerfile's -1.
        aliases: names that other tools give to the same.
    """

    name: str
    about: str
    title: str
    severity: str = ""
    fixes: str = ""
    tier: int = -1
    aliases: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class RuleList:
    """What ``jettison rules`` lists.

    Attributes:
        rules: the Dockerfile's in the order of their worth, then the images'.
    """

    rules: tuple[RuleEntry, ...]


@dataclass(frozen=True, slots=True)
class RuleExample:
    """A Dockerfile that a rule finds something in, or nothing.

    Attributes:
        text: the Dockerfile.
        after: what the fix makes of it; None where there is none.
        files: files of the build context that it is about.
        found: whether the rule finds something.
    """

    text: str
    after: str | None = None
    files: dict[str, str] = field(default_factory=dict)
    found: bool = True


@dataclass(frozen=True, slots=True)
class RuleText:
    """What ``jettison explain RULE`` says.

    Attributes:
        entry: as in the list.
        why: what it is about; Markdown.
        sources: where that is from.
        examples: of a Dockerfile's rule.
        sentences: examples of an image's rule.
    """

    entry: RuleEntry
    why: str
    sources: tuple[str, ...] = ()
    examples: tuple[RuleExample, ...] = ()
    sentences: tuple[str, ...] = ()


def list_rules(words: tuple[str, ...] = ()) -> RuleList:
    """Return the rules whose name, title or alias has all of some words; without words, all."""
    found = (entry for entry in _entries() if all(_has(entry, word.lower()) for word in words))
    return RuleList(tuple(found))


def explain_rule(name: str) -> RuleText:
    """Return the text of a rule, by its name or one of its aliases (``DL3009``).

    Raises:
        UsageError: no rule is called so.
    """
    for rule in DOCKERFILE_RULES:
        if name in (rule.name, *rule.aliases):
            return text_of(rule)
    for image_rule in IMAGE_RULES:
        if name == image_rule.name:
            return RuleText(_of_image(image_rule), image_rule.why, sentences=image_rule.examples)
    known = [known for entry in _entries() for known in (entry.name, *entry.aliases)]
    near = difflib.get_close_matches(name, known, 3, 0.6)
    hint = f"did you mean {' or '.join(near)}?" if near else "jettison rules lists them"
    raise UsageError(f"there is no rule {name!r}", hint=hint)


def text_of(rule: Rule) -> RuleText:
    """Return the text of a Dockerfile's rule."""
    bad = (_example(example, found=True) for example in rule.bad)
    good = (_example(example, found=False) for example in rule.good)
    return RuleText(_of_dockerfile(rule), rule.why, rule.sources, (*bad, *good))


def _entries() -> Iterator[RuleEntry]:
    yield from map(_of_dockerfile, DOCKERFILE_RULES)
    yield from map(_of_image, IMAGE_RULES)


def _of_dockerfile(rule: Rule) -> RuleEntry:
    return RuleEntry(rule.name, "dockerfile", rule.title, rule.severity, rule.fixes, aliases=rule.aliases)


def _of_image(rule: ImageRule) -> RuleEntry:
    return RuleEntry(rule.name, "image", rule.title, tier=rule.tier)


def _has(entry: RuleEntry, word: str) -> bool:
    return any(word in text.lower() for text in (entry.name, entry.title, entry.severity, *entry.aliases))


def _example(example: Example, *, found: bool) -> RuleExample:
    files = {name: _shortened(text) for name, text in example.files.items()}
    return RuleExample(example.before, example.after, files, found)


def _shortened(text: str) -> str:
    """Return the beginning of a file that an example needs large: megabytes of data, for example."""
    lines = text[: _WIDEST * _SHOWN].splitlines()
    if len(text) <= _WIDEST * _SHOWN and len(lines) <= _SHOWN:
        return text
    return "".join(f"{line[:_WIDEST]}\n" for line in lines[:3]) + f"… ({len(text):,} characters in all)\n"
