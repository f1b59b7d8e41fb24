"""Data as YAML, by PyYAML: whatever a text holds, it comes back as it was."""

import textwrap
from typing import Any

import yaml


class _Dumper(yaml.SafeDumper):
    """Block style with lists indented, scripts as literal blocks, and no anchors."""

    def ignore_aliases(self, data: Any) -> bool:  # noqa: ARG002 -- the library's signature
        """Write everything out."""
        return True

    def increase_indent(self, flow: bool = False, indentless: bool = False) -> None:  # noqa: ARG002, FBT001, FBT002 -- as above
        """Indent the lists in mappings, as people write them."""
        super().increase_indent(flow, False)


def _text(dumper: yaml.SafeDumper, value: str) -> yaml.ScalarNode:
    style = "|" if "\n" in value and not value.startswith((" ", "\n")) else None
    return dumper.represent_scalar("tag:yaml.org,2002:str", value, style)


_Dumper.add_representer(str, _text)


def to_yaml(document: Any, comment: str) -> str:
    """Return a document as YAML under a comment.

    Args:
        document: mappings, lists, texts, numbers and booleans, in the order to be written.
        comment: sentences for the head of the file.
    """
    head = "".join(f"# {line}\n" for line in textwrap.wrap(comment, 110))
    text: str = yaml.dump(document, Dumper=_Dumper, sort_keys=False, width=1000)
    return head + text.replace("\n'on':", "\non:", 1)
