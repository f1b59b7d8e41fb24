import pytest
from hypothesis import given
from hypothesis import strategies as st

from jettison.compose.stanza import names_of, parse_stanzas
from jettison.errors import BadInputError


def test_fields_continuations_and_comments() -> None:
    """Names are lower case, continued lines are kept, comments and empty lines are not."""
    text = "# c\nPackage: a\nDepends: b (>= 1),\n c\n\n\nPackage: d\nX-Y:\n"
    assert parse_stanzas(text, "t") == [{"package": "a", "depends": "b (>= 1),\nc"}, {"package": "d", "x-y": ""}]


@pytest.mark.parametrize("text", [" a\n", "Package: a\nPackage: b\n", "no colon\n", "A B: c\n"])
def test_malformed_lines(text: str) -> None:
    """A continuation of nothing, a field twice, a line without a field: bad input."""
    with pytest.raises(BadInputError, match="line"):
        parse_stanzas(text, "t")


def test_names_of_relations() -> None:
    """Versions, architectures and qualifiers fall away; alternatives stay together."""
    text = "libc6 (>= 2.34), python3:any, aa [amd64] | bb <!nocheck>, ,"
    assert names_of(text) == (("libc6",), ("python3",), ("aa", "bb"))


FIELD = st.from_regex(r"[A-Za-z][A-Za-z0-9-]{0,10}", fullmatch=True)
PRINTABLE = st.characters(codec="utf-8", exclude_categories=["Cs", "Cc", "Zs", "Zl", "Zp"])
VALUE = st.text(PRINTABLE, max_size=20)


@given(st.lists(st.dictionaries(FIELD.map(str.lower), VALUE, min_size=1, max_size=4), max_size=4))
def test_what_is_written_is_read(stanzas: list[dict[str, str]]) -> None:
    """A document written field by field is read back as it was."""
    text = "\n".join("".join(f"{name}: {value}\n" for name, value in stanza.items()) for stanza in stanzas)
    assert parse_stanzas(text, "t") == [{name: value.strip() for name, value in stanza.items()} for stanza in stanzas]


@given(st.text(max_size=200))
def test_any_text(text: str) -> None:
    """Any text gives stanzas or a bad-input error."""
    try:
        parse_stanzas(text, "t")
    except BadInputError as error:
        assert "line" in error.message  # noqa: PT017 -- either outcome is right
