"""``lint``: findings in Dockerfiles, what they cost, and their fixes."""

import functools
import os
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from jettison.dockerfile.parse import read_recipe
from jettison.dockerfile.project.read import Project, read_project
from jettison.dockerfile.record import Recipe
from jettison.dockerfile.text import encode
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
        online: whether package indexes, archives and registries are asked for sizes; else what they answered before
            and the tables that ship count, and the rest is estimated or not known.
    """

    context: Path | None = None
    no_context: bool = False
    select: tuple[str, ...] = ()
    leave: tuple[str, ...] = ()
    fix: bool = False
    unsafe: bool = False
    online: bool = False


@dataclass(frozen=True, slots=True)
class FixedText:
    """A Dockerfile before and after its fixes: what ``--diff`` shows."""

    name: str
    before: str
    after: str


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
                count += 1
                if count > _MOST:
                    skips.append(Skip(str(folder), f"more than {_MOST:,} Dockerfiles; the others were not read"))
                    return
                yield path


def _lint_file(path: Path, rules: tuple[Rule, ...], options: LintOptions) -> tuple[LintedFile, tuple[Skip, ...]]:
    try:
        recipe = read_recipe(path)
    except (BadInputError, RefusedError) as error:
        return LintedFile(str(path), (_unreadable(error, path),)), ()
    except OSError as error:
        return LintedFile(str(path), ()), (Skip(str(path), f"it cannot be read: {error.strerror}"),)
    project = project_of(path, options)
    if not options.fix:
        return _linted(path, lint(make_case(recipe, project), rules)), ()
    fixed = fix_recipe(recipe, project, unsafe=options.unsafe, rules=rules)
    written = write_fixes(path, recipe, fixed, project)
    changes = tuple(change for change in fixed.changes if change.what != "kept")
    return replace(_linted(path, fixed.linted), changes=changes, written=written), fixed.skips


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


def write_fixes(path: Path, recipe: Recipe, fixed: Fixed, project: Project | None) -> tuple[str, ...]:
    """Write what fixes changed, each file whole or not at all; return the names written.

    Raises:
        OSError: a file cannot be written.
    """
    written: list[str] = []
    for name, text in fixed.files.items():
        beside = Path(project.root if project else path.parent) / name
        with whole_file(beside, force=True) as file:
            file.write(text.encode())
        written.append(str(beside))
    if fixed.recipe.text != recipe.text:
        with whole_file(path, force=True) as file:
            file.write(encode(fixed.recipe.text))
        written.append(str(path))
    return tuple(written)
