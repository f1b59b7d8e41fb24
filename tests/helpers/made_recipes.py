"""Dockerfiles made at random: valid ones that use the whole grammar (:func:`recipes`), and bent ones (:func:`bent`).

What is made is what BuildKit's parser takes, and what every version of it takes alike. Left out on purpose, because
versions of BuildKit or the parsing library differ (tests/unit/dockerfile/test_generated.py pins each): here-documents
behind ONBUILD, blanks between ``<<`` and its word, quoted paths with blanks in COPY and ADD, text behind a JSON array,
``# check`` before ``# escape``, control characters and blanks outside ASCII.
"""

import json

import hypothesis.strategies as st

BOM = "\ufeff"
ESCAPES = ("\\", "`")
WORDS = (
    *("apt-get", "install", "-y", "python3", "&&", "||", ";", "|", "pip", "torch==2.4.1", "--index-url", "-r", "."),
    *("$HOME", "${X}", "${X:-y}", '"a b"', "'c d'", '"$X"', "x=1", "a#b", "[", "]", "$((1+2))", ">/x", "2>&1", "é"),
)
NAMES = ("A", "B_1", "PATH", "com.example.x", "x")
VALUES = ("1", '"2 3"', "'4 5'", "$A", "${A:-x}", "/a:/b", "", '""', "é", "a=b", "x#y")
PATHS = ("/", ".", "a", "requirements*.txt", "$A/b", "/opt/x/", "C:/x", "pyproject.toml")
BASES = ("python:3.11-slim", "nvidia/cuda:12.4.1-devel-ubuntu22.04", "scratch", "${BASE}", "a@sha256:" + "0" * 64)
STRINGS = ("a", "b c", "", "$X", "--x=y", "é", 'say "hi"', "a\\b", "#", "<<E", "[")
FLAGS = {
    "COPY": ("--from=a", "--chown=1000:1000", "--link", "--chmod=0755", "--parents", "--exclude=*.pyc"),
    "ADD": ("--chown=a:b", "--link", "--keep-git-dir=true", "--checksum=sha256:" + "1" * 64),
    "RUN": (
        "--mount=type=cache,target=/root/.cache/pip",
        "--network=none",
        "--security=sandbox",
        '--mount="type=tmpfs"',
    ),
    "HEALTHCHECK": ("--interval=5s", "--timeout=3s", "--start-period=1m", "--retries=3"),
    "FROM": ("--platform=$BUILDPLATFORM", "--platform=linux/amd64"),
}
BODY = (
    *("echo hi", "", "  ", "# no comment", "RUN x", "FROM y", "\tindented", "$X ${Y:-z}", "ends with \\", "it's", '"'),
    *("EOF ", " EOF", "<<EOF", "CMD [", "# escape=`", "é"),
)
TERMINATORS = ("EOF", "E1", "_x", "SCRIPT.sh")
PLAIN_KEYWORDS = ("RUN", "CMD", "ENTRYPOINT", "COPY", "ADD", "ENV", "LABEL", "ARG", "EXPOSE", "VOLUME", "WORKDIR")
OTHER_KEYWORDS = ("USER", "STOPSIGNAL", "SHELL", "HEALTHCHECK", "MAINTAINER")


@st.composite
def recipes(draw: st.DrawFn) -> str:
    """Make a Dockerfile that BuildKit's parser takes: directives, then arguments, then one to three stages."""
    newline = draw(st.sampled_from(("\n", "\n", "\r\n")))
    escape = draw(st.sampled_from(("\\", "\\", "\\", "`")))
    lines = [draw(st.sampled_from(("", "", BOM)))]
    lines.append(draw(directives(escape, newline)))
    if draw(st.booleans()):
        lines.append(draw(_line("ARG", draw(_arguments("ARG")), escape, newline)))
    for stage in range(draw(st.integers(1, 3))):
        words = [draw(st.sampled_from(BASES))]
        if draw(st.booleans()):
            words += [draw(st.sampled_from(("AS", "as"))), f"stage{stage}"]
        lines.append(draw(_line("FROM", [*draw(_flags("FROM")), *words], escape, newline)))
        lines += [draw(_instruction(escape, newline)) for _ in range(draw(st.integers(0, 6)))]
    text = "".join(lines)
    return text.removesuffix(newline) if draw(st.booleans()) else text


@st.composite
def directives(draw: st.DrawFn, escape: str, newline: str) -> str:
    """Make the parser directives at the top of a file: ``# escape`` where it is needed, others by chance."""
    made = []
    if draw(st.booleans()):
        made.append(("syntax", "docker/dockerfile:1"))
    if escape != "\\" or draw(st.integers(0, 5)) == 0:
        made.append(("escape", escape))
    made = draw(st.permutations(made))
    if draw(st.integers(0, 5)) == 0:
        made = [*made, ("check", "skip=StageNameCasing")]  # behind escape: older versions end the directives here
    blank = st.sampled_from(("", " ", "\t"))
    return "".join(
        f"{draw(blank)}#{draw(blank)}{_cased(draw, key)}{draw(blank)}={draw(blank)}{value}{draw(blank)}{newline}"
        for key, value in made
    )


@st.composite
def bent(draw: st.DrawFn) -> str:
    """Make a Dockerfile in which a few places were cut out, doubled or overwritten: valid by chance only."""
    text = draw(recipes())
    for _ in range(draw(st.integers(1, 4))):
        start = draw(st.integers(0, len(text)))
        end = draw(st.integers(start, min(len(text), start + 12)))
        put = draw(st.sampled_from(("", text[start:end] * 2, *_ODD, *_ODDER)))
        text = text[:start] + put + text[end:]
    return text


_ODD = ("\n", "\r", "\\\n", "\\", "`", " ", "\t", "#", '"', "'", "[", "]", "{", "$", "${", "<<", "<<EOF", "\n\n", "=")
_ODDER = ("--", "ONBUILD ", "\nRUN ", "\nCOPY", "\\\n# c\n", "\u00a0", "\x1c", "\x0b", "\ufeff", "\u2028", "\U0001f600")


def _cased(draw: st.DrawFn, word: str) -> str:
    return draw(st.sampled_from((word, word, word.upper(), word.lower(), word.title())))


@st.composite
def _instruction(draw: st.DrawFn, escape: str, newline: str) -> str:
    """Make one instruction, with what stands in front of it."""
    kind = draw(st.integers(0, 9))
    if kind == 0:
        return draw(_heredoc_line(escape, newline))
    keyword = draw(st.sampled_from((*PLAIN_KEYWORDS, *PLAIN_KEYWORDS, *OTHER_KEYWORDS)))
    words = draw(_arguments(keyword))
    if kind == 1 and keyword != "MAINTAINER":
        return draw(_line("ONBUILD", [_cased(draw, keyword), *words], escape, newline))
    return draw(_line(keyword, words, escape, newline))


@st.composite
def _arguments(draw: st.DrawFn, keyword: str) -> list[str]:
    """Make flags and arguments of an instruction, as words that a blank or a continuation may separate."""
    flags = draw(_flags(keyword))
    if keyword in ("ENV", "LABEL", "ARG"):
        return draw(_pairs(keyword))
    if keyword == "HEALTHCHECK":
        return [*flags, *draw(st.one_of(st.just(["NONE"]), _command().map(lambda words: ["CMD", *words])))]
    return [*flags, *draw(_operands(keyword))]


def _operands(keyword: str) -> st.SearchStrategy[list[str]]:
    """Make what stands behind the flags of an instruction that takes words."""
    paths = st.lists(st.sampled_from(PATHS), min_size=2, max_size=4)
    copied = st.one_of(paths, paths, _array(st.sampled_from((*PATHS, "a b"))))
    made = {
        **dict.fromkeys(("RUN", "CMD", "ENTRYPOINT"), _command()),
        **dict.fromkeys(("COPY", "ADD", "VOLUME"), copied),
        "SHELL": _array(st.sampled_from(("/bin/bash", "-c", "-o", "pipefail"))),
        "EXPOSE": st.lists(st.sampled_from(("80", "443/tcp", "$P", "9000-9010/udp")), min_size=1, max_size=3),
        "WORKDIR": st.sampled_from(PATHS).map(lambda path: [path]),
        "STOPSIGNAL": st.sampled_from((["SIGINT"], ["9"])),
    }
    return made.get(keyword, st.sampled_from((["root"], ["1000:1000"], ["$U"], ['"a b"'])))


@st.composite
def _flags(draw: st.DrawFn, keyword: str) -> list[str]:
    known = FLAGS.get(keyword, ())
    if not known or not draw(st.booleans()):
        return []
    return draw(st.lists(st.sampled_from(known), max_size=2))


@st.composite
def _pairs(draw: st.DrawFn, keyword: str) -> list[str]:
    names = st.sampled_from(NAMES)
    if keyword == "ARG":
        name = draw(names)
        return [draw(st.sampled_from((name, f"{name}={draw(st.sampled_from(VALUES))}")))]
    if draw(st.integers(0, 2)) == 0:  # the legacy form
        return [draw(names), *draw(st.lists(st.sampled_from(WORDS), min_size=1, max_size=3))]
    pair = st.builds("{}={}".format, names, st.sampled_from(VALUES))
    return draw(st.lists(pair, min_size=1, max_size=3))


def _command() -> st.SearchStrategy[list[str]]:
    """Make a command, in shell form or as a JSON array."""
    shell = st.lists(st.sampled_from(WORDS), min_size=1, max_size=8)
    return st.one_of(shell, shell, _array(st.sampled_from(STRINGS)))


@st.composite
def _array(draw: st.DrawFn, items: st.SearchStrategy[str]) -> list[str]:
    """Make a JSON array, its elements apart, so that a continuation may stand between them."""
    ascii_ = draw(st.booleans())
    made = [json.dumps(item, ensure_ascii=ascii_) for item in draw(st.lists(items, min_size=1, max_size=3))]
    made = [f"{item}," for item in made[:-1]] + made[-1:]
    tight = draw(st.booleans())
    return ["[" + "".join(made) + "]"] if tight else [f"[{made[0]}", *made[1:], "]"]


@st.composite
def _line(draw: st.DrawFn, keyword: str, words: list[str], escape: str, newline: str) -> str:
    """Write an instruction: keyword in odd case, continuations with comments and blank lines, blanks at its end."""
    before = "".join(draw(st.lists(_between(newline), max_size=2)))
    indent = draw(st.sampled_from(("", "", "", "  ", "\t")))
    parts = [_cased(draw, keyword)]
    for word in words:
        parts += [draw(_gap(escape, newline)), word]
    return before + indent + "".join(parts) + draw(st.sampled_from(("", "", " ", " \t"))) + newline


@st.composite
def _gap(draw: st.DrawFn, escape: str, newline: str) -> str:
    """Write what separates two words: blanks, or a continuation with what may stand behind one."""
    if draw(st.integers(0, 3)):
        return draw(st.sampled_from((" ", " ", "  ", "\t")))
    end = draw(st.sampled_from(("", "", " ", "\t ")))
    between = "".join(draw(st.lists(_between(newline), max_size=2)))
    return f" {escape}{end}{newline}{between}{draw(st.sampled_from(('', '    ', chr(9))))}"


def _between(newline: str) -> st.SearchStrategy[str]:
    """Write a comment's line or a blank one."""
    lines = ("# a comment", "  # indented", "#", "# ends with \\", "# \"it's", "", "  ", "\t")
    return st.sampled_from([line + newline for line in lines])


@st.composite
def _heredoc_line(draw: st.DrawFn, escape: str, newline: str) -> str:
    """Write a RUN, COPY or ADD with one or two here-documents."""
    keyword = draw(st.sampled_from(("RUN", "RUN", "COPY", "ADD")))
    names = draw(st.lists(st.sampled_from(TERMINATORS), min_size=1, max_size=2))
    markers: list[str] = []
    bodies: list[str] = []
    for name in names:
        chomp = draw(st.sampled_from(("", "-")))
        quote = draw(st.sampled_from(("", '"', "'")))
        number = draw(st.sampled_from(("", "", "3"))) if keyword == "RUN" else ""
        markers.append(f"{number}<<{chomp}{quote}{name}{quote}")
        lines = draw(st.lists(st.sampled_from(BODY), max_size=4))
        end = draw(st.sampled_from(("", "\t", "\t\t"))) if chomp else ""
        bodies += [line + newline for line in lines] + [end + name + newline]
    words = ["cat", *markers, ">/x"] if keyword == "RUN" and draw(st.booleans()) else markers
    words = [*draw(_flags(keyword)), *words] if keyword == "RUN" else [*draw(_flags(keyword)), *words, "/x/"]
    return draw(_line(keyword, words, escape, newline)) + "".join(bodies)
