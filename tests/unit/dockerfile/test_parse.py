"""Dockerfiles read with every place."""

import dockerfile as oracle
import pytest

from jettison.dockerfile.parse import parse_recipe, parse_text
from jettison.dockerfile.record import Instruction, Recipe
from jettison.dockerfile.text import MAX_LINE, MAX_SIZE, encode
from jettison.errors import BadInputError, RefusedError

WHOLE = """\ufeff# syntax=docker/dockerfile:1\r
# check=skip=StageNameCasing\r
ARG A=1
from python:3.11 AS x
# a comment

RUN --mount=type=cache,target=/root/.cache apt-get update && \\
   # a comment inside

   apt-get install -y foo \\
   bar
COPY --chown=a:b --link ["x y", "/z"]
ONBUILD RUN --network=none pip install x
ENV A=1 B="2 3"
ENV old value x
RUN <<EOF cat > /x && <<-'END' sh
echo hi
EOF
\techo there
\tEND
HEALTHCHECK --interval=3s CMD ["a","b"]
CMD python app.py"""


def _words(recipe: Recipe, index: int) -> list[str]:
    return [recipe.text[slice(*word.span)] for word in recipe.instructions[index].words]


def test_lines_are_the_file() -> None:
    """All lines together, behind the byte order mark, are the file, and its bytes come back."""
    data = WHOLE.encode()
    recipe = parse_recipe(data)
    assert "\ufeff" + "".join(recipe.text[line.start : line.end] for line in recipe.lines) == WHOLE
    assert encode(recipe.text) == data


def test_bytes_that_are_no_text_come_back() -> None:
    """Bytes that are not UTF-8 survive reading and writing."""
    data = b"FROM a\nLABEL x=\xff\xfe\n"
    assert encode(parse_recipe(data).text) == data


def test_kinds_of_lines() -> None:
    """Directives, comments, blanks, instructions and here-documents are told apart, inside instructions as well."""
    kinds = [line.kind for line in parse_text(WHOLE).lines]
    inside = ["instruction", "comment", "blank", "instruction", "instruction"]
    assert kinds[:6] == ["directive", "directive", "instruction", "instruction", "comment", "blank"]
    assert kinds[6:11] == inside
    assert kinds[-6:-2] == ["heredoc"] * 4


def test_words_stand_at_their_places() -> None:
    """A word's span is the word in the file, quotes included; flags as well."""
    recipe = parse_text(WHOLE)
    assert _words(recipe, 1) == ["python:3.11", "AS", "x"]
    assert _words(recipe, 3) == ['"x y"', '"/z"']
    assert _words(recipe, 5) == ["A=1", 'B="2 3"']
    copy = recipe.instructions[3]
    assert [(flag.name, flag.value) for flag in copy.flags] == [("chown", "a:b"), ("link", None)]
    assert recipe.text[slice(*copy.flags[0].word.span)] == "--chown=a:b"


def test_body_is_what_the_shell_gets() -> None:
    """A RUN's body has no continuations and comments, and each of its characters knows its place in the file."""
    run = parse_text(WHOLE).instructions[2]
    assert run.body.text == "apt-get update &&    apt-get install -y foo    bar"
    assert all(WHOLE[run.body.place(at)] == char for at, char in enumerate(run.body.text))


def test_onbuild_child_has_places() -> None:
    """What ONBUILD holds back is an instruction with places in the same file."""
    child = parse_text(WHOLE).instructions[4].child
    assert child is not None
    assert (child.name, child.args) == ("RUN", ("pip install x",))
    assert WHOLE[slice(*child.flags[0].word.span)] == "--network=none"


def test_heredocs_have_their_contents() -> None:
    """Each here-document's span is its content, without the terminator."""
    run = parse_text(WHOLE).instructions[7]
    assert [WHOLE[slice(*each.span)] for each in run.heredocs] == ["echo hi\n", "\techo there\n"]
    assert [(each.chomp, each.expand) for each in run.heredocs] == [(False, True), (True, False)]


def test_pairs_of_both_forms() -> None:
    """ENV's pairs are given in the new and the legacy form, ARG's with and without a value."""
    recipe = parse_text("FROM a\nENV A=1 B=2\nENV old value x\nARG C\nARG D=4 E\n")
    pairs = [[(name, value) for name, value, _ in each.pairs()] for each in recipe.instructions[1:]]
    assert pairs == [[("A", "1"), ("B", "2")], [("old", "value x")], [("C", "")], [("D", "4"), ("E", "")]]


def _as_the_oracle_says(each: Instruction) -> tuple[str, ...]:
    """Return the arguments without the ``=`` of ENV's triples, which the oracle's Python side leaves out."""
    if each.name not in ("ENV", "LABEL"):
        return each.args
    return tuple(arg for at, arg in enumerate(each.args) if at % 3 < 2)


@pytest.mark.parametrize(
    "text",
    [
        WHOLE,
        "# escape=`\nFROM a\nRUN dir `\n  c:\\\n",
        "FROM a\nRUN a \\\n\n\n  # x\n b\n",
        "FROM a\nRUN echo \\\\\nCMD x\n",
        "FROM a\n\\\nRUN b\n",
        "FROM a\nCOPY <<one <<two /d/\n1\none\n2\ntwo\nRUN x\n",
        "  FROM a\n\tRUN b \\  \n\tc\n",
        "FROM a\nRUN b \\",
    ],
)
def test_instructions_are_those_of_the_oracle(text: str) -> None:
    """Keyword, flags, arguments, form and first line of each instruction are what BuildKit's own parser says."""
    ours = [
        (each.name, _as_the_oracle_says(each), each.json, each.line)
        for each in parse_text(text).instructions
        if each.name != "ONBUILD"
    ]
    theirs = [
        (each.cmd.upper(), tuple(each.value), each.json, each.start_line)
        for each in oracle.parse_string(text.removeprefix("\ufeff"))
        if each.cmd.upper() != "ONBUILD"
    ]
    assert ours == theirs


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", "no instructions"),
        (b"# only a comment\n", "no instructions"),
        (b"FROM a\nHELLO world\n", ":2: unknown instruction"),
        (b"\x7fELF\0\0", "binary"),
        (b"FROM a\nRUN <<EOF\necho\n", ":2: unterminated heredoc"),
        (b"FROM a\nRUN " + b"x" * MAX_LINE, ":2: the line has"),
        (b"#" * (MAX_SIZE + 1), "more than"),
        (b"FROM a\nENV A\n", ":2: "),
        (b"# escape=x\nFROM a\n", "invalid escape token"),
    ],
)
def test_what_is_no_dockerfile_is_refused_with_its_place(data: bytes, message: str) -> None:
    """Files that no builder reads give an error that names the line."""
    with pytest.raises(BadInputError) as caught:
        parse_recipe(data, "Dockerfile")
    assert message in caught.value.message


def test_onbuild_with_a_heredoc_is_refused() -> None:
    """The parsing library does not follow a here-document behind ONBUILD; its lines must not pass for instructions."""
    with pytest.raises(RefusedError):
        parse_text("FROM a\nONBUILD RUN <<EOF\nRUN rm -rf /\nEOF\n")


def test_an_endless_continuation_ends() -> None:
    """A file of continuations alone is read in bounded time, as one instruction or none."""
    recipe = parse_text("FROM a\nRUN x \\\n" + " y \\\n" * 20_000)
    assert len(recipe.instructions) == 2
