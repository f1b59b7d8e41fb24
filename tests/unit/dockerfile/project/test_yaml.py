"""conda's YAML: texts, lists and tables as PyYAML's loader of texts makes them, and nothing that could grow."""

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from jettison.dockerfile.project.yaml import Yaml, YamlError, parse_yaml

# As what is tested: libyaml takes a tab in places where the parser in Python does not.
LOADER = getattr(yaml, "CBaseLoader", yaml.BaseLoader)


def other(text: str) -> object:
    found = yaml.load(text, Loader=LOADER)  # noqa: S506 -- it makes texts only
    return "" if found is None else found


def test_scalars_stay_texts() -> None:
    """A version that looks like a number stays as it was written; a byte order mark and CRLF are taken."""
    text = "\ufeffname: e\r\ndependencies:\r\n- python=3.10  # why\r\n- 3.10\r\n- pip:\r\n  - -r r.txt\r\n  - yes\r\n"
    assert parse_yaml(text) == {"name": "e", "dependencies": ["python=3.10", "3.10", {"pip": ["-r r.txt", "yes"]}]}


def test_nothing_is_an_empty_text() -> None:
    """An empty file, and one of comments only, is an empty text."""
    assert parse_yaml("") == parse_yaml("# only a comment\n") == ""


TEXTS = st.text(alphabet="ab1 :#'\"\\\n\té{}[],&*!|>%@`-?~.=<", max_size=8)
TREES = st.recursive(
    TEXTS,
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(TEXTS, inner, max_size=3)),
    max_leaves=12,
)


@settings(deadline=None)
@given(TREES, st.sampled_from([True, False, None]))
def test_what_is_written_is_read(tree: Yaml, flow: bool | None) -> None:  # noqa: FBT001 -- hypothesis's argument
    """Any tree of texts that PyYAML writes is read as it was."""
    dumper = type("_Plain", (yaml.SafeDumper,), {"ignore_aliases": lambda *_: True})
    assert parse_yaml(yaml.dump(tree, Dumper=dumper, default_flow_style=flow, allow_unicode=True)) == tree


@settings(deadline=None)
@given(st.text(alphabet="ab: -[]{}'\"#\n,|>&*!?%\\\t", max_size=60))
def test_any_text(text: str) -> None:
    """Any text is refused or read as PyYAML's loader reads it."""
    try:
        found = parse_yaml(text)
    except YamlError:
        return
    assert found == other(text)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("a: &x 1\nb: 2\n", "line 1: an anchor or an alias"),
        ("b: 2\na: *x\n", "line 2: an anchor or an alias"),
        ("a: 1\na: 2\n", "line 2: a key twice"),
        ("? [a]\n: b\n", "line 1: a key that is not a text"),
        ("a:\n\t- b\n", "line 2: found character that cannot start any token"),
        ("- " * 100 + "a\n", "line 1: nested more than 40 deep"),
        ("a: " + "[" * 100 + "]" * 100, "line 1: nested more than 40 deep"),
        ("a: b\n---\nc: d\n", "more than one document"),
        ("a: b: c\n", "line 1: mapping values are not allowed"),
        ("a: 'b\n", "found unexpected end of stream"),
        ("a: \x00b\n", "control characters are not allowed"),
    ],
)
def test_refused(text: str, reason: str) -> None:
    """What is not read is refused with the reason, and its line where there is one."""
    with pytest.raises(YamlError, match=reason):
        parse_yaml(text)


def test_a_tag_makes_nothing() -> None:
    """A tag that names Python's code is no more than its text."""
    assert parse_yaml("a: !!python/object/apply:os.system [x]\n") == {"a": ["x"]}


def test_bombs() -> None:
    """Anchors that would multiply, and a million nested brackets, end at once."""
    bomb = "a: &a [x]\n" + "".join(
        f"{chr(98 + i)}: &{chr(98 + i)} [*{chr(97 + i)}, *{chr(97 + i)}]\n" for i in range(20)
    )
    for text in (bomb, "[" * 1_000_000, "{a: " * 100_000, "- " * 500_000, "'" * 999_999):
        with pytest.raises(YamlError):
            parse_yaml(text)
