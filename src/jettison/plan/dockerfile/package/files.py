"""All files that go with a recipe, in the order shown to users."""

from collections.abc import Callable

from jettison.plan.dockerfile.package import bake, bots, compose, workflow
from jettison.plan.dockerfile.package.shape import Shape

PACKAGE: tuple[tuple[str, str, Callable[[Shape], str]], ...] = (
    (
        workflow.NAME,
        "builds with a cache in the registry, holds a budget, scans, makes an SBOM, pushes",
        workflow.workflow,
    ),
    (bake.NAME, "the stages as targets of docker buildx bake", bake.bake),
    (compose.NAME, "runs the service read-only, without rights it does not need", compose.compose),
    (bots.RENOVATE, "moves digests, actions and distributions by pull requests", bots.renovate),
    (bots.DEPENDABOT, "the same by dependabot", bots.dependabot),
)
"""Name, purpose and maker of each file."""
