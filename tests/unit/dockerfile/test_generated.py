"""Generated Dockerfiles: what BuildKit's parser, the parsing library and Jettison see in them."""

import re
from collections.abc import Callable

import dockerfile as oracle
import pytest
from e2b_dockerfile_utils import DockerfileSyntaxError, parse_dockerfile_ast
from hypothesis import Phase, given, settings
from tests.helpers.made_recipes import BOM, bent, recipes

from jettison.dockerfile.parse import parse_text
from jettison.dockerfile.text import encode
from jettison.errors import JettisonError

Seen = list[tuple[object, ...]]
KEYWORDS = frozenset(
    [
        "ADD",
        "ARG",
        "CMD",
        "COPY",
        "ENTRYPOINT",
        "ENV",
        "EXPOSE",
        "FROM",
        "HEALTHCHECK",
        "LABEL",
        "MAINTAINER",
        "ONBUILD",
        "RUN",
        "SHELL",
        "STOPSIGNAL",
        "USER",
        "VOLUME",
        "WORKDIR",
    ]
)
FEATURES: dict[str, Callable[[str], object]] = {
    "byte order mark": lambda text: text.startswith(BOM),
    "CRLF": lambda text: "\r\n" in text,
    "other escape": lambda text: re.search(r"(?i)escape.*`[\s\S]*` *\n.*\S", text),
    "continuation with a comment": lambda text: re.search(r"\\[ \t]*\r?\n\s*#", text),
    "continuation with a blank line": lambda text: re.search(r"\\[ \t]*\r?\n[ \t]*\r?\n", text),
    "chomped here-document": lambda text: re.search(r"<<-\w+[\s\S]*\n\t\w+\r?\n", text),
    "two here-documents": lambda text: re.search(r"<<\S+ +<<", text),
    "quoted here-document": lambda text: re.search(r"<<-?'", text),
    "JSON over lines": lambda text: re.search(r'(?m)\["[^"\n]*",[ \t]+\\[ \t]*\r?\n', text),
    "ONBUILD": lambda text: re.search(r"(?im)^\s*onbuild\s", text),
    "odd case": lambda text: re.search(r"^From ", text, re.MULTILINE),
    "legacy ENV": lambda text: re.search(r"(?im)^\s*env[ \t]+\w+[ \t]+[^=\s]", text),
    "no newline at the end": lambda text: not text.endswith("\n"),
}


def _pairs(name: str, args: list[str]) -> tuple[str, ...]:
    """Leave out the ``=`` of ENV's triples, which the oracle's Python side does not give."""
    return tuple(arg for at, arg in enumerate(args) if name not in ("ENV", "LABEL") or at % 3 < 2)


def _oracle(text: str) -> Seen | None:
    """Return what BuildKit sees; None where it refuses the file, at once or for an instruction it does not know."""
    try:
        commands = oracle.parse_string(text)
    except oracle.GoParseError:
        return None
    if any(each.cmd.upper() not in KEYWORDS for each in commands):
        return None
    return [
        (
            each.cmd.upper(),
            *(((), (), False) if each.sub_cmd else (each.flags, each.value, each.json)),
            [(doc.name, doc.content, doc.file_descriptor) for doc in each.heredocs],
            each.start_line,
            each.end_line,
        )
        for each in commands
    ]


def _library(text: str) -> Seen | None:
    """Return what the library sees; None where it refuses the file."""
    try:
        tree = parse_dockerfile_ast(text)
    except DockerfileSyntaxError:
        return None
    return [
        (
            each.name,
            tuple(each.flags) if each.name != "ONBUILD" else (),
            _pairs(each.name, each.args),
            each.json,
            [(doc.name, doc.content, doc.file_descriptor) for doc in each.heredocs],
            each.start_line,
            each.end_line,
        )
        for each in tree.instructions
    ] or None


@given(recipes())
def test_the_oracle_takes_what_is_generated(text: str) -> None:
    """Every generated Dockerfile is one that BuildKit's own parser takes, with instructions that it knows."""
    assert _oracle(text) is not None


@given(recipes())
def test_the_library_sees_what_the_oracle_sees(text: str) -> None:
    """Keywords, flags, arguments, forms, here-documents and lines are those of BuildKit's own parser."""
    assert _library(text) == _oracle(text)


def test_the_generator_reaches_every_corner() -> None:
    """Each odd corner of the grammar is among two hundred texts that are generated."""
    reached = set[str]()

    @settings(max_examples=200, derandomize=True, database=None, phases=[Phase.generate], deadline=None)
    @given(recipes())
    def note(text: str) -> None:
        reached.update(name for name, shows in FEATURES.items() if name not in reached and shows(text))

    note()
    assert set(FEATURES) == reached


@given(recipes())
def test_nothing_is_lost(text: str) -> None:
    """A recipe's lines are the file; names and lines of its instructions are those of the oracle."""
    recipe = parse_text(text)
    start = recipe.lines[0].start
    assert text[:start] + "".join(text[line.start : line.end] for line in recipe.lines) == text
    assert encode(recipe.text) == text.encode()
    seen = _oracle(text) or []
    assert [(each.name, each.line, each.last_line) for each in recipe.instructions] == [
        (each[0], each[-2], each[-1]) for each in seen
    ]


@given(recipes())
def test_children_of_onbuild_are_those_of_the_oracle(text: str) -> None:
    """What ONBUILD holds back has the oracle's keyword, flags and form."""
    ours = [each.child for each in parse_text(text).instructions if each.child]
    theirs = [each for each in oracle.parse_string(text) if each.sub_cmd]
    assert [(each.name, each.json) for each in ours] == [(str(each.sub_cmd).upper(), each.json) for each in theirs]


@given(bent())
def test_a_bent_file_is_read_or_refused(text: str) -> None:
    """A damaged file is read losslessly or refused with an error of Jettison's, and the library does not crash."""
    try:
        recipe = parse_text(text)
    except JettisonError:
        return
    assert "".join(text[line.start : line.end] for line in recipe.lines) == text.removeprefix(BOM)


DIFFERENT = {
    "a here-document behind ONBUILD is not followed": "FROM a\nONBUILD RUN <<RUN\necho\nRUN\nRUN b\n",
    "a keyword may stand in its body": "FROM a\nONBUILD COPY <<CMD /x\nRUN b\nCMD\n",
    "what ONBUILD holds back is not read": "FROM a\nONBUILD ENV A=1 B\n",
    "quotes hold a path together in COPY": 'FROM a\nCOPY "my file" /x/\n',
    "and escapes do": "FROM a\nADD my\\ file /x/\n",
    "an empty word names a here-document": "FROM a\nRUN <<''\n\nRUN b\n",
    "a line may be longer than BuildKit's scanner takes": "FROM a\n#" + "x" * 65_536 + "\n",
    "control characters are blanks": "FROM a\nRUN b\x1c\n",
    "blanks outside ASCII count in directives": "#\u00a0escape=`\nFROM a\nRUN b `\n c\n",
    "NaN is JSON": "FROM a\nCMD [NaN]\n",
    "half a surrogate pair stays one": 'FROM a\nCMD ["\\ud800"]\n',
    "letters that fold to ASCII make a keyword": "FROM a\nexpo\u017fe 80\n",
    "of a large number of a file no part is lost": "FROM a\nRUN cat 99999999999999999999<<E\nE\n",
}
NEWER = {
    "blanks before the word of a here-document": "FROM a\nRUN cat << EOF\necho\nEOF\n",
    "a shift with blanks opens a here-document": "FROM a\nRUN echo $((1 << 2))\n",
    "text behind an array makes it shell form": 'FROM a\nCMD ["a"] # b\n',
    "check is a directive": "# check=skip=all\n# escape=`\nFROM a\nRUN b `\n c\n",
}


@pytest.mark.parametrize("text", DIFFERENT.values(), ids=DIFFERENT)
def test_where_the_library_differs_from_buildkit(text: str) -> None:
    """The library's known deviations, of any version of BuildKit: when one ends, what was built around it can go."""
    try:
        seen = _library(text)
    except RecursionError:
        seen = None
    assert seen != _oracle(text)


@pytest.mark.parametrize("text", NEWER.values(), ids=NEWER)
def test_where_the_library_is_newer_than_the_oracle(text: str) -> None:
    """The library follows a newer BuildKit than the oracle (0.12.5); files may be read either way."""
    assert _library(text) != _oracle(text)


def test_deep_json_is_an_error_of_another_kind() -> None:
    """The library lets Python's recursion limit through; Jettison gives an error of its own."""
    text = "FROM a\nCMD " + "[" * 20_000 + "\n"
    with pytest.raises(RecursionError):
        parse_dockerfile_ast(text)
    with pytest.raises(JettisonError):
        parse_text(text)
