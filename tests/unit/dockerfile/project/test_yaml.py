"""The part of YAML that is read: as PyYAML reads it, and nothing that could grow."""

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from jettison.dockerfile.project.yaml import YamlError, parse_yaml
from jettison.dockerfile.project.yamlflow import Yaml

DOCUMENTS = [
    "name: e\nchannels:\n  - defaults\ndependencies:\n- python=3.10  # why\n- pip:\n  - -r r.txt\n  - 'a==2'\n",
    "a: 1\nb:\n  - x: 1\n    y: [1, 'b c', {d: e}]\n  -\n    z\n  - - 1\n    - 2\n",
    "- a\n- b: c\n  d: |\n    hi\n      there\n\n    x\n  e: f\n",
    "a: |-\n  x\n\nb: |+\n  y\n\nc: d\n",
    "a: b\n  c d\n\n  e\nf: 'x\n  y'\n",
    "a: [1,\n  2, 3]\nb: {}\nc: []\n",
    "---\na: http://x:80/y#z\n...\n",
    "'a': 1\n\"b\\n\": 2\nc: x'y # z\n'd': 'it''s'\n",
    'a: "\\u00e9\\x41\\t\\\\"\n',
    "a:\n- \n- b\n",
    "\ufeffa: b\r\nc: d\r\n",
    "- name: x\n  hash:\n    sha256: ab\n  url: https://h/x.conda\n- name: y\n",
    "a: {b: c, 'd': [e, f]}\n",
]  # fmt: skip


def other(text: str) -> object:
    found = yaml.load(text, Loader=yaml.BaseLoader)  # noqa: S506 -- its loader of texts only makes nothing else
    return "" if found is None else found


@pytest.mark.parametrize("text", DOCUMENTS)
def test_documents(text: str) -> None:
    """What is written in conda's files is read as PyYAML reads it."""
    assert parse_yaml(text) == other(text)


WORDS = st.text(alphabet="ab1.-_=<>/", min_size=1, max_size=6)
TEXTS = st.one_of(WORDS, st.text(alphabet="ab :#'\"\\\n\té{}[],&*!|>%@`-?~", max_size=8))
TREES = st.recursive(
    TEXTS,
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(TEXTS, inner, max_size=3)),
    max_leaves=12,
)


@settings(deadline=None)
@given(TREES, st.sampled_from([True, False, None]), st.sampled_from([None, "'", '"']))
def test_what_pyyaml_writes(tree: Yaml, flow: bool | None, style: str | None) -> None:  # noqa: FBT001 -- hypothesis's argument
    """Whatever PyYAML writes is read as it was, or refused; lists and tables of plain words are never refused."""
    text = yaml.safe_dump(tree, default_flow_style=flow, default_style=style, allow_unicode=True)
    try:
        found = parse_yaml(text)
    except YamlError:
        assert any(sign in text for sign in ("? ", "\\", "'", '"', "!", "&", ">", "|", "\n\n", "#", ":"))
        return
    assert found == other(text)


@settings(deadline=None)
@given(st.text(alphabet="ab: -[]{}'\"#\n,|>&*!?%\\\t", max_size=60))
def test_any_text(text: str) -> None:
    """Any text is read or refused, and where both read it, PyYAML reads the same."""
    try:
        found = parse_yaml(text)
    except YamlError:
        return
    try:
        expected = other(text)
    except (yaml.YAMLError, ValueError, TypeError):
        return
    assert found == expected


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("a: &x 1\nb: *x\n", "line 1: an anchor"),
        ("a: *x\n", "line 1: an alias"),
        ("a: !!python/object:os.system x\n", "line 1: a tag"),
        ("<<: a\n", "line 1: a merge"),
        ("a: 1\na: 2\n", "line 2: a key twice"),
        ("? a\n: b\n", "line 1: a complex key"),
        ("a: >\n  b\n", "line 1: folded text"),
        ("a:\n\t- b\n", "line 2: a tab in the indentation"),
        ("a: 'b\n", "line 1: a quote or bracket is not closed within 200 lines"),
        ("- " * 100 + "a\n", "line 1: nested more than 40 deep"),
        ("a: " + "[" * 100 + "]" * 100, "line 1: nested more than 40 deep"),
        ("a: b\n---\nc: d\n", "line 2: more than one document"),
        ("a: b: c\n", "line 1: a colon in text without quotes"),
        ("a: [b, c\nd: e]\nf: [\n", "line 2: a pair in a list"),
    ],
)
def test_refused(text: str, reason: str) -> None:
    """What is not read is refused by name, with its line."""
    with pytest.raises(YamlError, match=reason.replace("?", r"\?")):
        parse_yaml(text)


def test_bombs() -> None:
    """Anchors that would multiply, and a million nested brackets, end at once."""
    bomb = "a: &a [x]\n" + "".join(
        f"{chr(98 + i)}: &{chr(98 + i)} [*{chr(97 + i)}, *{chr(97 + i)}]\n" for i in range(20)
    )
    for text in (bomb, "[" * 1_000_000, "{a: " * 100_000, "- " * 500_000, "a" * 5_000_000, "'" * 999_999):
        try:
            found = parse_yaml(text)
        except YamlError:
            continue
        assert isinstance(found, str)
