"""renovate.json and .github/dependabot.yml: what keeps digests, actions and distributions moving."""

import json

from jettison.plan.dockerfile.package.shape import Shape
from jettison.plan.dockerfile.package.yaml_text import to_yaml

RENOVATE = "renovate.json"
DEPENDABOT = ".github/dependabot.yml"


def renovate(shape: Shape) -> str:
    """Return renovate.json: digests beside tags, and commits for actions, each moved by a pull request."""
    managers = ["dockerfile", "docker-compose", "github-actions"]
    managers += {"uv": ["pep621"], "pip": ["pip_requirements", "pep621", "poetry", "pipenv"]}.get(
        shape.ecosystems[0] if shape.ecosystems else "", []
    )
    document = {
        "$schema": "https://docs.renovatebot.com/renovate-schema.json",
        "extends": ["config:recommended", "docker:pinDigests", "helpers:pinGitHubActionDigests"],
        "enabledManagers": managers,
        "packageRules": [
            {"matchDatasources": ["docker"], "groupName": "base images"},
            {
                "matchDatasources": ["docker"],
                "matchUpdateTypes": ["major", "minor"],
                "dependencyDashboardApproval": True,
            },
        ],
    }
    return json.dumps(document, indent=2) + "\n"


def dependabot(shape: Shape) -> str:
    """Return dependabot.yml for the files that the project has."""
    ecosystems = ["docker", "github-actions", *shape.ecosystems]
    updates = [{"package-ecosystem": name, "directory": "/", "schedule": {"interval": "weekly"}} for name in ecosystems]
    return to_yaml({"version": 2, "updates": updates}, "Use this or renovate.json, not both: they do the same.")
