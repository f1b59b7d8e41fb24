"""What ``jettison rules`` and ``jettison explain RULE`` say."""

import difflib
from collections.abc import Iterator

from jettison.report.blocks import Block, Blocks, Code, Column, Heading, Items, Paragraph, Table
from jettison.report.units import counted
from jettison.rules.catalog import RuleExample, RuleList, RuleText

_SHOWN = 3


def rule_list_blocks(found: RuleList) -> Blocks:
    """Return the tables of rules."""
    dockerfile = tuple(
        (each.name, each.severity, each.fixes, each.title) for each in found.rules if each.about == "dockerfile"
    )
    image = tuple((each.name, str(each.tier), each.title) for each in found.rules if each.about == "image")
    blocks: list[Block] = []
    if dockerfile:
        finds = (Column("rule"), Column("severity"), Column("fix"), Column("finds", fit="wrap"))
        blocks += [Heading("Dockerfiles (lint, rewrite)"), Table(finds, dockerfile)]
    if image:
        takes = (Column("rule"), Column("tier"), Column("takes", fit="wrap"))
        blocks += [Heading("Images (plan, slim)"), Table(takes, image)]
    blocks.append(Paragraph(f"{counted(len(found.rules), 'rule')}. jettison explain RULE says more."))
    return tuple(blocks)


def rule_text_blocks(rule: RuleText) -> Blocks:
    """Return what there is to say of a rule."""
    entry = rule.entry
    about = f"severity {entry.severity}, fix {entry.fixes}" if entry.about == "dockerfile" else f"tier {entry.tier}"
    aliases = f"; also called {', '.join(entry.aliases)}" if entry.aliases else ""
    blocks: list[Block] = [Heading(entry.name), Paragraph(f"{entry.title} ({about}{aliases})")]
    blocks += [Paragraph(" ".join(part.split())) for part in rule.why.split("\n\n")]
    if rule.sources:
        blocks += [Heading("Sources"), Items(rule.sources)]
    if rule.sentences:
        blocks += [Heading("Examples"), Items(rule.sentences)]
    blocks += _examples(rule)
    if entry.about == "dockerfile":
        blocks += [Heading("To silence it"), Paragraph("Above the instruction; or, for the whole file, anywhere:")]
        blocks.append(Code(f"# jettison ignore={entry.name}\n# jettison global ignore={entry.name}"))
    return tuple(blocks)


def _examples(rule: RuleText) -> Iterator[Block]:
    bad = [example for example in rule.examples if example.found]
    shown = sorted(bad, key=lambda example: example.after is None)[:_SHOWN]
    for example in shown:
        yield Heading("Found, and mended" if example.after is not None else "Found, and left to you")
        yield Code(example_text(example))
    good = next((example for example in rule.examples if not example.found), None)
    if good:
        yield Heading("Not found")
        yield Code(good.text)


def example_text(example: RuleExample) -> str:
    """Return an example as a diff, or as it is where it has no fix; the files it is about in front."""
    beside = "".join(f"# {name}:\n{_quoted(text)}" for name, text in example.files.items() if text.strip())
    if example.after is None or example.after == example.text:
        return beside + example.text
    lines = difflib.unified_diff(example.text.splitlines(True), example.after.splitlines(True), n=99)
    return beside + "".join(list(lines)[3:])


def _quoted(text: str) -> str:
    return "".join(f"#   {line}\n" for line in text.splitlines())
