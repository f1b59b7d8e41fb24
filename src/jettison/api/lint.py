"""``lint``: findings in Dockerfiles, what they cost, and their fixes."""

import contextlib
import difflib
import functools
import os
import re
import stat
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from jettison.dockerfile.parse import parse_recipe
from jettison.dockerfile.project.read import Project, read_project
from jettison.dockerfile.text import MAX_SIZE, encode
from jettison.errors import BadInputError, JettisonError, RefusedError, UsageError
from jettison.finding import Skip
from jettison.outputs import whole_file
from jettison.rebuild.dockerfile.fix import Fixed, fix_recipe
from jettison.rules.dockerfile.case import make_case
from jettison.rules.dockerfile.finding import LintedFile, LintReport, RecipeFinding
from jettison.rules.dockerfile.lint import Linted, lint
from jettison.rules.dockerfile.record import Rule
from jettison.rules.dockerfile.registry import DOCKERFILE_RULES

UNREADABLE = "not-a-dockerfile"
_PATTERNS = ("Dockerfile", "Dockerfile.*", "*.Dockerfile", "*.dockerfile", "Containerfile", "Containerfile.*")
_LEFT_OUT = (".git", "node_modules", ".venv", "venv", "__pycache__", ".tox")
_MOST = 2_000


@dataclass(frozen=True, slots=True)
class LintOptions:
    """How to lint.

    Attributes:
        context: the build context; None: the folder of each Dockerfile.
        no_context: whether to look at nothing but the Dockerfiles.
        select: names of the rules to run; empty: all.
        leave: names of rules not to run.
        fix: whether fixes are made and written.
        unsafe: whether unsafe ones are made too.
        write: whether fixes are written; else they are only told, as a diff.
        online: whether package indexes, archives and registries are asked for sizes; else what they answered before
            and the tables that ship count, and the rest is estimated or not known.
    """

    context: Path | None = None
    no_context: bool = False
    select: tuple[str, ...] = ()
    leave: tuple[str, ...] = ()
    fix: bool = False
    unsafe: bool = False
    write: bool = True
    online: bool = False


def lint_files(paths: Sequence[Path], options: LintOptions | None = None) -> LintReport:
    """Lint Dockerfiles; with ``options.fix`` write their fixes.

    Args:
        paths: Dockerfiles, or folders, whose Dockerfiles are looked for by name.
        options: how.

    Raises:
        UsageError: there is no such file, or no such rule.
        OSError: a file cannot be written.
    """
    options = options or LintOptions()
    rules = rules_for(options.select, options.leave)
    files: list[LintedFile] = []
    skips: list[Skip] = []
    for path in dockerfiles_in(paths, skips):
        file, left = _lint_file(path, rules, options)
        files.append(file)
        skips += left
    return _with_costs(LintReport(tuple(files), tuple(skips), offline=not options.online), options)


def _with_costs(report: LintReport, options: LintOptions) -> LintReport:
    """Return a report with what its findings cost."""
    if not any(finding.claims for file in report.files for finding in file.findings):
        return report
    from jettison.api.pricing import left_out, make_prices, priced  # noqa: PLC0415 -- only where something costs
    from jettison.sizes.scales import make_scales  # noqa: PLC0415 -- as above

    prices = make_prices(make_scales(offline=not options.online))
    files = tuple(priced(prices, file, project_of(Path(file.name), options)) for file in report.files)
    return replace(report, files=files, skips=(*report.skips, *left_out(prices)))


def rules_for(select: Sequence[str], leave: Sequence[str]) -> tuple[Rule, ...]:
    """Return the rules of these names; aliases count.

    Raises:
        UsageError: a name is nobody's.
    """
    known = {name for rule in DOCKERFILE_RULES for name in (rule.name, *rule.aliases)}
    for name in (*select, *leave):
        if name not in known:
            raise UsageError(f"there is no rule {name!r}", hint="jettison rules lists them")

    def meant(rule: Rule, names: Sequence[str]) -> bool:
        return any(name in names for name in (rule.name, *rule.aliases))

    chosen = [rule for rule in DOCKERFILE_RULES if not select or meant(rule, select)]
    return tuple(rule for rule in chosen if not meant(rule, leave))


def dockerfiles_in(paths: Iterable[Path], skips: list[Skip]) -> Iterator[Path]:
    """Give the Dockerfiles that ``paths`` name, or that lie in the folders they name.

    Raises:
        UsageError: one is not there.
    """
    for path in paths:
        if path.is_dir():
            found = sorted(_walk(path, skips))
            if not found:
                skips.append(Skip(str(path), "no Dockerfile in it"))
            yield from found
        elif path.exists():
            yield path
        else:
            raise UsageError(f"{path} is not there", hint="name a Dockerfile, or a folder with Dockerfiles in it")


def _walk(folder: Path, skips: list[Skip]) -> Iterator[Path]:
    count = 0
    for root, folders, names in os.walk(folder):
        folders[:] = sorted(name for name in folders if name not in _LEFT_OUT)
        for name in names:
            path = Path(root, name)
            if any(path.match(pattern) for pattern in _PATTERNS) and not name.endswith(".dockerignore"):
                if not path.is_file() and not path.is_symlink():
                    skips.append(Skip(str(path), "it is no file"))
                    continue
                count += 1
                if count > _MOST:
                    skips.append(Skip(str(folder), f"more than {_MOST:,} Dockerfiles; the others were not read"))
                    return
                yield path


def lint_text(data: bytes, name: str, options: LintOptions | None = None) -> tuple[LintReport, bytes]:
    """Lint a Dockerfile that is no file; what is around it is looked at only where ``options.context`` says where.

    Args:
        data: the Dockerfile.
        name: for messages.
        options: how; with ``fix`` its fixes are made, and nothing is written.

    Returns:
        the report; and the text with its fixes made, or as it was.

    Raises:
        UsageError: there is no such rule.
    """
    options = options or LintOptions()
    options = replace(options, no_context=options.no_context or options.context is None)
    rules = rules_for(options.select, options.leave)
    try:
        recipe = parse_recipe(data, name)
    except (BadInputError, RefusedError) as error:
        return LintReport((LintedFile(name, (_unreadable(error, Path(name)),)),), offline=not options.online), data
    project = project_of(Path(name), options)
    if not options.fix:
        file, skips, after = _linted(Path(name), lint(make_case(recipe, project), rules)), tuple[Skip, ...](), data
    else:
        fixed = fix_recipe(recipe, project, unsafe=options.unsafe, rules=rules)
        changes = tuple(change for change in fixed.changes if change.what != "kept")
        diff = difference(name, data, encode(fixed.recipe.text))
        file = replace(_linted(Path(name), fixed.linted), changes=changes, diff=diff)
        skips, after = fixed.skips, encode(fixed.recipe.text)
    return _with_costs(LintReport((file,), skips, offline=not options.online), options), after


def _lint_file(path: Path, rules: tuple[Rule, ...], options: LintOptions) -> tuple[LintedFile, tuple[Skip, ...]]:
    try:
        with path.open("rb") as file:
            data = file.read(MAX_SIZE + 1)
        recipe = parse_recipe(data, str(path))
    except (BadInputError, RefusedError) as error:
        return LintedFile(str(path), (_unreadable(error, path),)), ()
    except OSError as error:
        return LintedFile(str(path), ()), (Skip(str(path), f"it cannot be read: {error.strerror}"),)
    project = project_of(path, options)
    if not options.fix:
        return _linted(path, lint(make_case(recipe, project), rules)), ()
    fixed = fix_recipe(recipe, project, unsafe=options.unsafe, rules=rules)
    made = dict(_made(path, data, fixed, project))
    if options.write:
        for place, (before, after) in made.items():
            replace_file(place, before, after)
    diffs = (difference(str(place), before or b"", after) for place, (before, after) in made.items())
    changes = tuple(change for change in fixed.changes if change.what != "kept")
    written = tuple(map(str, made)) if options.write else ()
    return replace(_linted(path, fixed.linted), changes=changes, written=written, diff="".join(diffs)), fixed.skips


def project_of(path: Path, options: LintOptions) -> Project | None:
    """Return the project around the Dockerfile ``path``."""
    if options.no_context:
        return None
    return _project(str(options.context or path.parent), path.name)


@functools.lru_cache(maxsize=64)
def _project(root: str, name: str) -> Project:
    """Read a project once for all its Dockerfiles of one name."""
    return read_project(root, name)


def _linted(path: Path, linted: Linted) -> LintedFile:
    return LintedFile(str(path), tuple(found.finding for found in linted.found), linted.ignored)


def _unreadable(error: JettisonError, path: Path) -> RecipeFinding:
    _, _, rest = error.message.partition(f"{path}:")
    number, _, _ = rest.partition(":")
    line = int(number) if number.isdecimal() else 1
    return RecipeFinding(UNREADABLE, "high", "high", error.message, line, 1, line, 1)


def _made(
    path: Path, data: bytes, fixed: Fixed, project: Project | None
) -> Iterator[tuple[Path, tuple[bytes | None, bytes]]]:
    """Give the files that fixes change, each with its bytes before (None: it is new) and after; the Dockerfile last."""
    for name, text in fixed.files.items():
        beside = Path(project.root if project and project.root else path.parent, name)
        yield beside, (beside.read_bytes() if beside.is_file() else None, text.encode())
    after = encode(fixed.recipe.text)
    if after != data:
        yield path, (data, after)


def replace_file(path: Path, before: bytes | None, after: bytes) -> None:
    """Write a file, whole or not at all: a link stays one, and mode and owner stay what they are.

    Raises:
        RefusedError: it is no longer what the fixes were made for.
        OSError: it cannot be written.
    """
    place = Path(os.path.realpath(path))
    with whole_file(place, force=True, last=False) as file:
        file.write(after)
        if before is None:
            return
        if place.read_bytes() != before:
            raise RefusedError(f"{path} was changed while its fixes were made", hint="run it again")
        about = place.stat()
        os.fchmod(file.fileno(), stat.S_IMODE(about.st_mode))
        with contextlib.suppress(PermissionError):  # another's file, in a folder of ours
            os.fchown(file.fileno(), about.st_uid, about.st_gid)


def difference(name: str, before: bytes, after: bytes) -> str:
    """Return what differs between two contents of a file, as ``diff -u`` has it; what is not UTF-8 is escaped."""
    lines = difflib.unified_diff(_lines(before), _lines(after), name, name)
    return "".join(line if line.endswith("\n") else f"{line}\n\\ No newline at end of file\n" for line in lines)


def _lines(data: bytes) -> list[str]:
    """Return lines with their line feeds; other characters that Python takes for line endings are none."""
    return re.findall(r"[^\n]*\n|[^\n]+", data.decode(errors="backslashreplace"))
