"""Requirements files: read with what they include, allowed line by line, and written anew for pip.

pip runs a project's own code (``setup.py``, a build backend) wherever a line leads to something that is no wheel, and
its ``--only-binary`` does not cover paths and addresses. So only what is known to run nothing is let through, and pip
gets a file made of what was checked: it cannot read a line in another way than it was read here.
"""

import os
import re
import shlex
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import unquote, urlsplit

from packaging.markers import InvalidMarker, Marker
from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import InvalidWheelFilename, parse_wheel_filename

from jettison.errors import RefusedError, UsageError

MAX_FILE = 10_000_000
MAX_FILES = 100
_COMMENT = re.compile(r"(?:^|\s+)#.*$")  # this and the next as pip has them
_VARIABLE = re.compile(r"\$\{([A-Z0-9_]+)\}")
_EXTRAS = re.compile(r"(.+?)(\[[^\]]*\])?\Z", re.DOTALL)
_ARCHIVE = re.compile(r"\.(?:zip|whl|tar|tgz|tbz|txz|tlz|tar\.\w+)\Z", re.IGNORECASE)
_HASH = re.compile(r"sha(?:256|384|512):[0-9A-Fa-f]{64,128}\Z")
_VALUED = {
    "-i": "--index-url",
    "--index-url": "--index-url",
    "--extra-index-url": "--extra-index-url",
    "-f": "--find-links",
    "--find-links": "--find-links",
    "--trusted-host": "--trusted-host",
}
_FLAGS = frozenset({"--no-index", "--pre", "--prefer-binary", "--require-hashes"})
_INCLUDES = {"-r": False, "--requirement": False, "-c": True, "--constraint": True}
_HINT = (
    "building runs a project's code with your rights: build a wheel of it first (pip wheel) and name that, "
    "or let pip's configuration find it (find-links)"
)


@dataclass(frozen=True, slots=True)
class Requirements:
    """Requirements files, read and checked.

    Attributes:
        texts: the files as they stand, each once.
        options: lines of options for pip, absolute where they name folders.
        wanted: lines of requirements for pip.
        constraints: lines of constraints for pip.
    """

    texts: tuple[str, ...]
    options: tuple[str, ...]
    wanted: tuple[str, ...]
    constraints: tuple[str, ...]

    def write(self, folder: Path) -> list[str]:
        """Write the files for pip into a folder, and return the arguments that name them."""
        arguments = ["-r", _write(folder / "requirements.txt", (*self.options, *self.wanted))]
        if self.constraints:
            arguments += ["-c", _write(folder / "constraints.txt", self.constraints)]
        return arguments


def _write(path: Path, lines: tuple[str, ...]) -> str:
    path.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
    return str(path)


@dataclass(frozen=True, slots=True)
class _Line:
    """A line as pip sees it: continued lines joined, comment and surrounding space gone, variables replaced."""

    file: Path
    number: int
    text: str

    def __str__(self) -> str:
        return f"{self.file.name}: line {self.number}: {without_addresses(self.text)[:80]!r}"


@dataclass(slots=True)
class _Found:
    folder: Path
    texts: dict[Path, str] = field(default_factory=dict)
    seen: set[tuple[Path, bool]] = field(default_factory=set)
    options: dict[str, None] = field(default_factory=dict)
    wanted: list[str] = field(default_factory=list)
    constraints: list[str] = field(default_factory=list)


def read_requirements(path: Path) -> Requirements:
    """Return what a requirements file and those it includes ask for.

    Raises:
        UsageError: one cannot be read, or a line is malformed.
        RefusedError: a line asks for something that is not a wheel, or could; or for an option that is not known to be
            harmless; or for a file from elsewhere.
    """
    found = _Found(path.parent.absolute())
    _read(path, found, constraint=False)
    return Requirements(
        tuple(found.texts.values()), tuple(found.options), tuple(found.wanted), tuple(found.constraints)
    )


def without_addresses(text: str) -> str:
    """Return a text fit to be shown: addresses may hold passwords."""
    return re.sub(r"[A-Za-z+]+://\S+", "<address>", text)


def _read(path: Path, found: _Found, *, constraint: bool) -> None:
    real = Path(os.path.realpath(path))
    if (real, constraint) in found.seen:
        return
    found.seen.add((real, constraint))
    if len(found.seen) > MAX_FILES:
        raise UsageError(f"{path.name}: more than {MAX_FILES} requirements files include one another")
    text = found.texts.setdefault(real, _text(path))
    for line in _lines(path, text):
        _take(line, found, constraint=constraint)


def _text(path: Path) -> str:
    try:
        with open(path, encoding="utf-8") as file:
            text = file.read(MAX_FILE + 1)
    except (OSError, UnicodeDecodeError, ValueError) as error:
        raise UsageError(f"requirements file {path.name} cannot be read: {error}") from error
    if len(text) > MAX_FILE:
        raise UsageError(f"requirements file {path.name} cannot be read: more than {MAX_FILE} characters")
    return text


def _lines(path: Path, text: str) -> Iterator[_Line]:
    first, parts = 0, list[str]()
    lines = text.removeprefix("\ufeff").splitlines()
    for number, raw in enumerate(lines, 1):
        comment = bool(_COMMENT.match(raw))
        parts.append(" " + raw if comment else raw.rstrip("\\") if raw.endswith("\\") else raw)
        first = first or number
        if raw.endswith("\\") and not comment and number < len(lines):
            continue
        plain = _COMMENT.sub("", "".join(parts)).strip()
        if plain:
            yield _Line(path, first, _VARIABLE.sub(lambda match: os.environ.get(match[1]) or match[0], plain))
        first, parts = 0, []


def _take(line: _Line, found: _Found, *, constraint: bool) -> None:
    words = line.text.split(" ")
    count = next((index for index, word in enumerate(words) if word.startswith("-")), len(words))
    asked, options = " ".join(words[:count]).strip(), list(_options(line, " ".join(words[count:])))
    if not asked:
        for name, value in options:
            _option(line, name, value, found)
        return
    wheel = _requirement(line, asked, found.folder)
    for name, value in options:
        if name != "--hash" or not value or not _HASH.match(value):
            raise RefusedError(f"{line}: of options for one distribution only --hash is known here", hint=_HINT)
        wheel += f" --hash={value}"
    (found.constraints if constraint else found.wanted).append(wheel)


def _options(line: _Line, text: str) -> Iterator[tuple[str, str | None]]:
    """Give the options of a line; the value is None where none is attached and the option takes none."""
    try:
        words = shlex.split(text)
    except ValueError as error:
        raise UsageError(f"{line}: {error}") from error
    while words:
        word = words.pop(0)
        if word.startswith("--"):
            name, attached, value = word.partition("=")
        else:
            name, value = word[:2], word[2:]
            attached = value
        if attached:
            yield name, value
        elif name in _VALUED or name in _INCLUDES or name in {"--hash", "--only-binary"}:
            if not words:
                raise UsageError(f"{line}: {name} lacks its value")
            yield name, words.pop(0)
        else:
            yield name, None


def _option(line: _Line, name: str, value: str | None, found: _Found) -> None:
    if name in _INCLUDES and value:
        if ":" in value.partition("/")[0]:
            raise RefusedError(
                f"{line}: includes a file from elsewhere, which would not be looked into",
                hint="save it beside this file, and include that",
            )
        _read(line.file.parent / value, found, constraint=_INCLUDES[name])
    elif name in _VALUED and value:
        found.options[f"{_VALUED[name]} {shlex.quote(_value(line, _VALUED[name], value, found.folder))}"] = None
    elif name in _FLAGS and value is None:
        found.options[name] = None
    elif (name, value) != ("--only-binary", ":all:"):  # which is asked of pip anyway
        raise RefusedError(f"{line}: not among the options that are known to run no project's code", hint=_HINT)


def _value(line: _Line, name: str, value: str, folder: Path) -> str:
    if name == "--find-links" and ":" not in value.partition("/")[0]:
        beside = line.file.parent / value
        return (beside if beside.exists() else folder / value).absolute().as_uri()
    if re.search(r"\s", value):
        raise UsageError(f"{line}: there is a space in an address or name")
    return value


def _requirement(line: _Line, asked: str, folder: Path) -> str:
    """Return a requirement in the one way it is written for pip."""
    try:
        wanted = Requirement(asked)
    except InvalidRequirement as error:
        return _bare_wheel(line, asked, folder, error)
    if wanted.url is not None:
        wanted.url = _wheel(line, wanted.url, folder)[1]
    elif _ARCHIVE.search(wanted.name) or _ARCHIVE.search(str(wanted.specifier)) or _is_odd(str(wanted.specifier)):
        raise _refused(line)  # a name to the grammar, a file to pip
    return str(wanted)


def _is_odd(versions: str) -> bool:
    """Whether versions hold what only ``===`` allows: any text, paths among it."""
    return not re.fullmatch(r"[A-Za-z0-9.+!*_<>=~,-]*", versions)


def _bare_wheel(line: _Line, asked: str, folder: Path, error: InvalidRequirement) -> str:
    """Return the requirement of a line that is a path or an address and nothing else."""
    is_address = "://" in asked.partition(";")[0]
    plain, _, condition = asked.partition("; " if is_address else ";")
    match = _EXTRAS.match(plain.strip())
    if match is None or not re.search(r"[/:\\]|^\.|\.whl$", match[1]):
        if match is not None and _ARCHIVE.search(match[1]):
            raise _refused(line)
        raise UsageError(f"{line}: malformed: {str(error).splitlines()[0]}")
    name, address = _wheel(line, match[1], folder)
    try:
        marker = f" ; {Marker(condition)}" if condition.strip() else ""
        return f"{Requirement(name + (match[2] or ''))} @ {address}{marker}"
    except (InvalidMarker, InvalidRequirement) as problem:
        raise UsageError(f"{line}: malformed: {str(problem).splitlines()[0]}") from problem


def _wheel(line: _Line, address: str, folder: Path) -> tuple[str, str]:
    """Return the name of the distribution and the absolute address of a wheel."""
    try:
        parts = urlsplit(address)
    except ValueError as error:
        raise _refused(line) from error
    remote = parts.scheme in {"http", "https"} and bool(parts.netloc)
    if not remote and (parts.scheme not in {"", "file"} or parts.netloc not in {"", "localhost"}):
        raise _refused(line)
    path = address if not parts.scheme else unquote(parts.path)
    if not path.endswith(".whl") or (remote and re.search(r"\s", address)) or "\0" in path:
        raise _refused(line)
    try:
        name = parse_wheel_filename(path.rpartition("/")[2])[0]
    except InvalidWheelFilename as error:
        raise _refused(line) from error
    if remote:
        return name, address
    file = folder / path
    if file.is_dir():
        raise _refused(line)
    fragment = f"#{parts.fragment}" if parts.scheme and not re.search(r"\s", parts.fragment) else ""
    return name, Path(os.path.normpath(file)).as_uri() + fragment.removesuffix("#")


def _refused(line: _Line) -> RefusedError:
    return RefusedError(f"{line} may not come as a wheel", hint=_HINT)
