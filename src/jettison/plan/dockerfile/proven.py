"""Unsafe fixes that the files around a recipe show to be right: a rewrite for serving makes them too."""

import re
from collections.abc import Iterator

from jettison.dockerfile.project.dependencies import Dependencies
from jettison.dockerfile.project.entry import reached
from jettison.dockerfile.project.facts import Code
from jettison.dockerfile.project.imports import imported
from jettison.dockerfile.project.read import Project, code_of, dependencies_of
from jettison.plan.dockerfile.facts import service_of
from jettison.rules.dockerfile.case import Case

_DEV = ("uv-sync-dev", "poetry-installs-dev")
_TESTS = re.compile(r"(?:^|/)(?:tests?/|test_[^/]*$|conftest\.py$)")


def proven(case: Case) -> frozenset[str]:
    """Return the rules whose unsafe fixes are shown to be right for an image that serves."""
    return frozenset(_proven(case))


def _proven(case: Case) -> Iterator[str]:
    project = case.project
    if project is None or not project.root:
        return
    entry = service_of(case)
    if entry is None or not entry.files:
        return
    code = Code(reached(code_of(project), entry.files))
    if not any(_TESTS.search(path) for path in entry.files) and not _needs(project, code, _development(project)):
        yield from _DEV
    yield "training-tools-shipped"  # the rule finds only those that neither the code nor the recipe names


def _development(project: Project) -> frozenset[str]:
    """Return the names of distributions that only the groups of developers ask for."""
    found = [_said(project, path) for path, kind in project.manifests if kind == "pyproject" and "/" not in path]
    dev = {one.name for each in found for group in each.groups if group.kind == "group" for one in group.wanted}
    main = {one.name for each in found for group in each.groups if group.kind == "main" for one in group.wanted}
    return frozenset(dev - main)


def _said(project: Project, path: str) -> Dependencies:
    return dependencies_of(project, path, "pyproject")


def _needs(project: Project, code: Code, names: frozenset[str]) -> bool:
    """Whether code imports something that one of these distributions brings, even if only where it is there."""
    paths = frozenset(project.context.entries)
    return any(names & {each.distribution, *each.alternates} for each in imported(code, paths))
