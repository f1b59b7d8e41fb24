"""``estimate``: what an image will weigh, layer by layer, before any build."""

import json
import zlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from jettison.api.lint import LintOptions, project_of
from jettison.api.pricing import Prices, make_prices, price_of
from jettison.dockerfile.edit import apply_edits, replace_word
from jettison.dockerfile.parse import parse_text, read_recipe
from jettison.dockerfile.project.copied import copied
from jettison.dockerfile.project.dependencies import normal
from jettison.dockerfile.project.read import Project, dependencies_of
from jettison.dockerfile.record import Recipe
from jettison.dockerfile.tools.record import Call
from jettison.finding import Skip
from jettison.plan.dockerfile.estimate import Estimate, LayerEstimate, Part
from jettison.progress import SILENT, Progress
from jettison.rebuild.dockerfile.changes import head_of
from jettison.rules.dockerfile.case import Case, Site, make_case
from jettison.rules.dockerfile.copies import Copying, copyings, is_under
from jettison.rules.dockerfile.lint import lint
from jettison.rules.dockerfile.python_installs import PythonInstall, python_installs
from jettison.rules.dockerfile.registry import DOCKERFILE_RULES
from jettison.sizes.record import Bill, Weight
from jettison.sizes.scales import make_scales, weigh_base, weigh_debs, weigh_requirements

_LEFT = frozenset({"apt-lists-shipped", "apk-cache-shipped", "pip-cache-shipped", "installer-cache-shipped"})
"""Rules that find what a layer has besides what it is for, with its bytes."""
_UNKNOWN = {
    "conda": "conda's packages are not weighed",
    "curl": "what is downloaded is not known before",
    "wget": "what is downloaded is not known before",
    "git": "a repository's size is not known before",
    "make": "what is compiled is not known before",
    "cmake": "what is compiled is not known before",
    "nvcc": "what is compiled is not known before",
    "hf": "the model's size is not asked for",
}
_VENV = Weight(23_100_000, 7_600_000, "a virtual environment with its pip, measured", estimated=True)
_LOCKS = {"uv": "uv.lock", "poetry": "poetry.lock", "pdm": "pdm.lock", "pipenv": "Pipfile.lock"}
_SAMPLE = 65_536  # bytes of a file, and 200 times as many in all, that tell how well files pack
_SHOWN = 3


@dataclass(slots=True)
class _Work:
    """What is known while layers are gone through; what was installed before weighs only once."""

    case: Case
    project: Project | None
    prices: Prices
    left: dict[int, list[Part]]
    bases: Mapping[str, int]
    python: dict[int, list[str]] = field(default_factory=dict)
    debs: dict[int, list[str]] = field(default_factory=dict)
    environments: dict[int, list[Part]] = field(default_factory=dict)
    gone: set[int] = field(default_factory=set)


def estimate(
    path: Path,
    options: LintOptions | None = None,
    *,
    bases: Mapping[str, int] | None = None,
    arguments: Mapping[str, str] | None = None,
    progress: Progress = SILENT,
) -> Estimate:
    """Say what the image of a Dockerfile will weigh.

    Args:
        path: the Dockerfile.
        options: its context, and whether anybody is asked.
        bases: by name bytes on disk of base images that are known otherwise: built here, for example.
        arguments: values of build arguments, in place of their defaults.
        progress: told of each instruction.

    Raises:
        JettisonError: the Dockerfile cannot be read.
        OSError: as above.
    """
    options = options or LintOptions()
    project = project_of(path, options)
    case = make_case(_with_arguments(read_recipe(path, str(path)), arguments or {}), project)
    prices = make_prices(make_scales(offline=not options.online), budget_s=120)
    work = _Work(case, project, prices, _left(case, project, prices), bases or {})
    layers: list[LayerEstimate] = []
    final = case.final
    lineage = case.scopes.lineage(final.index) if final else ()
    with progress.task("weighing", total=None):
        for stage in lineage:
            if stage.parent is None:
                layers.append(_base(work, stage.index))
            layers += _layers(work, stage.index)
    known = tuple(layer for layer in layers if layer.parts or layer.unknown)
    return Estimate(
        str(path),
        known,
        sum(layer.disk for layer in known),
        sum(layer.pull for layer in known),
        estimated=any(layer.estimated for layer in known),
        whole=not any(layer.unknown for layer in known),
        offline=not options.online,
    )


def _with_arguments(recipe: Recipe, arguments: Mapping[str, str]) -> Recipe:
    """Return a recipe in which the ARGs of these names have these values as their defaults."""
    edits = [
        replace_word(word, f"{name}={json.dumps(arguments[name])}")
        for instruction in recipe.instructions
        if instruction.name == "ARG"
        for name, _, word in instruction.pairs()
        if name in arguments
    ]
    return parse_text(apply_edits(recipe.text, edits), recipe.name) if edits else recipe


def _left(case: Case, project: Project | None, prices: Prices) -> dict[int, list[Part]]:
    """Return what layers have besides what they are for, by line: lists, caches, copies of files of layers below."""
    found: dict[int, list[Part]] = {}
    for each in lint(case, [rule for rule in DOCKERFILE_RULES if rule.name in _LEFT]).found:
        for claim in each.finding.claims:
            cost = price_of(prices, claim, project)
            if cost:
                line = next(s.instruction.line for s in reversed(case.sites) if s.instruction.line <= each.finding.line)
                part = Part(each.rule, cost.disk, cost.pull, cost.source, cost.estimated)
                found.setdefault(line, []).append(part)
    return found


def _base(work: _Work, stage: int) -> LayerEstimate:
    start, image = work.case.scopes.stages[stage].start, work.case.scopes.stages[stage].image
    if image == "scratch":
        return _layer(start.line, head_of(start), [], [])
    if image and image in work.bases:
        disk = work.bases[image]
        return _layer(start.line, head_of(start), [Part(image, disk, round(disk * 0.4), "given", estimated=False)], [])
    found = weigh_base(work.prices.scales, image) if image else None
    if found is None or found.weight is None:
        why = found.reason if found else "a build argument without a default names it"
        return _layer(start.line, head_of(start), [], [Skip(image or "the base image", why)])
    return _layer(start.line, head_of(start), [_part(image or "", found.weight)], [])


def _layers(work: _Work, stage: int) -> Iterator[LayerEstimate]:
    """Give the layers of a stage that are not its base's."""
    copies = {copying.site.instruction.line: copying for copying in copyings(work.case, stage=stage)}
    installs: dict[int, list[PythonInstall]] = {}
    for install in python_installs(work.case):
        installs.setdefault(install.site.instruction.line, []).append(install)
    for site in work.case.sites:
        if site.stage != stage or site.instruction.name not in ("RUN", "COPY", "ADD"):
            continue
        line = site.instruction.line
        parts, unknown = list(work.left.get(line, ())), list[Skip]()
        if site.instruction.name == "RUN":
            _of_run(work, site, installs.get(line, ()), parts, unknown)
        else:
            _of_copy(work, copies[line], parts, unknown)
        yield _layer(line, head_of(site.instruction), parts, unknown)


def _of_run(work: _Work, site: Site, installs: Iterable[PythonInstall], parts: list[Part], unknown: list[Skip]) -> None:
    if site.script is None or site.script.opaque:
        why = site.script.opaque if site.script else "it is in exec form"
        unknown.append(Skip(head_of(site.instruction), f"not understood: {why}"))
    environment: list[Part] = []
    for call in site.calls:
        if call.tool == "apt" and call.action == "install":
            parts += _packages(work, site, call, unknown)
        elif call.tool == "python" and (option := call.option("-m")) and option.text == "venv":
            work.environments[site.stage], work.python[site.stage] = [], []  # what was installed before is not in it
            environment.append(_part("a virtual environment", _VENV))
        elif call.tool in _UNKNOWN and call.action not in ("clean", "config", "init"):
            unknown.append(Skip(call.command.name or call.tool, _UNKNOWN[call.tool]))
    names = [command.name or "" for command in site.script.commands] if site.script else []
    unknown += [Skip(name, "what a script makes is not known before") for name in names if name.endswith(".sh")]
    lines: list[str] = []
    for install in installs:
        lines += _requirements(work, install, unknown)
    if lines:
        before = work.python.setdefault(site.stage, [])
        bill = weigh_requirements(work.prices.scales, [*before, *lines])
        old = weigh_requirements(work.prices.scales, before) if before else Bill()
        before += lines
        environment += _difference(bill, old)
        unknown += [skip for skip in bill.unresolved if skip not in old.unresolved]
    work.environments.setdefault(site.stage, []).extend(environment)
    parts += environment


def _packages(work: _Work, site: Site, call: Call, unknown: list[Skip]) -> list[Part]:
    names = [word.value for word in call.operands if word.value and not word.value.startswith((".", "/"))]
    before = work.debs.setdefault(site.stage, [])
    image = work.case.image(site.stage) or ""
    recommends = not call.has("--no-install-recommends")
    bill = weigh_debs(work.prices.scales, [*before, *names], image=image, recommends=recommends)
    old = weigh_debs(work.prices.scales, before, image=image, recommends=recommends) if before else Bill()
    before += names
    unknown += [skip for skip in bill.unresolved if skip not in old.unresolved]
    return _difference(bill, old)


def _requirements(work: _Work, install: PythonInstall, unknown: list[Skip]) -> list[str]:
    """Return what an install asks for, as lines of a requirements file."""
    lines = [f"--index-url {install.index}"] if install.index else []
    if install.tool == "conda":
        return []
    if install.tool == "project":
        return _locked(work, install, unknown)
    lines += [asked.text for asked in install.asked if asked.name and "://" not in asked.text]
    odd = [asked.text for asked in install.asked if not asked.name or "://" in asked.text]
    unknown += [Skip(text[:80], "it is built from source, so its size is not known before") for text in odd]
    if not install.complete and not odd and not install.asked:
        unknown.append(Skip(head_of(install.site.instruction), "what it asks for is not known"))
    return lines


def _locked(work: _Work, install: PythonInstall, unknown: list[Skip]) -> list[str]:
    name = _LOCKS.get(install.call.tool, "")
    there = [path for path, _ in work.project.manifests if path == name] if work.project else []
    if not there or work.project is None:
        unknown.append(Skip(install.call.tool, f"there is no {name}: what it fixes is not known"))
        return [asked.text for asked in install.asked if asked.name]
    locked = {one.name: one for one in dependencies_of(work.project, name).locked}
    wanted = _asked_names(work.project, install.call) or set(locked)
    reached = set[str]()
    while wanted:
        found = wanted.pop()
        if found in locked and found not in reached:
            reached.add(found)
            wanted |= {normal(depend) for depend in locked[found].depends}
    kept = (locked[each] for each in sorted(reached) if locked[each].version and locked[each].source == "index")
    return [f"{one.name}=={one.version}{f'; {one.marker}' if one.marker else ''}" for one in kept]


def _asked_names(project: Project, call: Call) -> set[str]:
    """Return the names that a call of a project's tool begins with: those of developers where it asks for them."""
    main_only = call.has("--no-dev", "--only", "--no-default-groups", "--only-main", "--without", "--production")
    kinds = ("main",) if main_only or call.tool == "pipenv" else ("main", "group")
    found = [
        dependencies_of(project, path) for path, kind in project.manifests if kind == "pyproject" and "/" not in path
    ]
    return {one.name for each in found for group in each.groups if group.kind in kinds for one in group.wanted}


def _of_copy(work: _Work, copying: Copying, parts: list[Part], unknown: list[Skip]) -> None:
    if copying.origin is not None:
        _of_stage(work, copying, parts, unknown)
        return
    if work.project is None or not work.project.root or not copying.sources:
        unknown.append(Skip(head_of(copying.site.instruction), "its files are not known without the build context"))
        return
    taken = copied(work.project.context, copying.sources)
    unknown += [Skip(source, "it is not in the build context") for source in taken.missing]
    if taken.size:
        share = _packs(work.project.root, taken.files)
        source = "the build context; packed by a sample of its files"
        parts.append(Part("files of the build context", taken.size, round(taken.size * share), source, estimated=False))


def _of_stage(work: _Work, copying: Copying, parts: list[Part], unknown: list[Skip]) -> None:
    """Weigh what is copied from a stage: its virtual environment, or files that it copied itself."""
    origin = work.case.scopes.find(copying.origin or "", copying.site.stage)
    source = copying.site.instruction.args[0]
    if origin is None:
        unknown.append(Skip(f"{copying.origin}: {source}", "what an image has at a path is not known before"))
        return
    if origin not in work.gone:
        work.gone.add(origin)
        for layer in _layers(work, origin):  # what its environment has is noted on the way
            unknown += layer.unknown
    brought = [each for each in copyings(work.case, stage=origin) if each.destination and each.origin is None]
    inside = [each for each in brought if is_under(each.destination or "", source)]
    if "env" in source.rpartition("/")[2] or "site-packages" in source:
        parts += work.environments.get(origin, ())
    elif inside:
        for each in inside:
            _of_copy(work, each, parts, unknown)
    else:
        unknown.append(Skip(f"stage {copying.origin}: {source}", "what the stage has at this path is not known before"))


def _packs(root: str, files: Iterable[str]) -> float:
    """Return which share of some files' bytes is left by deflate, by a sample: the head of each, up to 13 MB in all."""
    raw = packed = 0
    for name in files:
        if raw > 200 * _SAMPLE:
            break
        try:
            with open(Path(root, name), "rb") as file:
                head = file.read(_SAMPLE)
        except OSError:
            continue
        raw += len(head)
        packed += len(zlib.compress(head, 6))
    return min(1.0, packed / raw) if raw else 1.0


def _difference(bill: Bill, old: Bill) -> list[Part]:
    """Return what a bill has that an older one had not, as one part."""
    had = {(line.name, line.version) for line in old.lines}
    new = [line for line in bill.lines if (line.name, line.version) not in had]
    if not new:
        return []
    names = ", ".join(f"{line.name} {line.version}".strip() for line in new[:_SHOWN])
    more = f" and {len(new) - _SHOWN} more" if len(new) > _SHOWN else ""
    sources = "; ".join(dict.fromkeys(line.weight.source for line in new))
    return [
        Part(
            f"{names}{more}",
            sum(line.weight.disk for line in new),
            sum(line.weight.pull for line in new),
            sources[:200],
            estimated=any(line.weight.estimated for line in new),
        )
    ]


def _part(what: str, weight: Weight) -> Part:
    return Part(what, weight.disk, weight.pull, weight.source, weight.estimated)


def _layer(line: int, head: str, parts: list[Part], unknown: list[Skip]) -> LayerEstimate:
    return LayerEstimate(
        line,
        head,
        sum(part.disk for part in parts),
        sum(part.pull for part in parts),
        estimated=any(part.estimated for part in parts),
        parts=tuple(parts),
        unknown=tuple(dict.fromkeys(unknown)),
    )
