"""A GitHub Actions workflow: lint, build with a cache in the registry, budget, scan, SBOM, push by digest.

Sources: docker/build-push-action (cache, ``mode=max``: layers of all stages), aquasecurity/trivy-action, GitHub's
"Security hardening" (least permissions, nothing untrusted in scripts).
"""

from typing import Any

from jettison.plan.dockerfile.package.shape import Shape, variable_of
from jettison.plan.dockerfile.package.yaml_text import to_yaml

NAME = ".github/workflows/image.yml"
_COMMENT = (
    "Lints, builds, measures and scans the image on every change; on the main branch it is pushed. Set the "
    "repository's variables REGISTRY (its host) and IMAGE (host/path of the image), and the secrets REGISTRY_USER and "
    "REGISTRY_PASSWORD; IMAGE_BUDGET (as jettison inspect --budget has it) if the image may be larger. `jettison pin` "
    "holds the actions by commits."
)
_BUDGET = "size=10GB,waste=5%"
_MAIN = "github.event_name != 'pull_request'"


def workflow(shape: Shape) -> str:
    """Return the workflow's text."""
    document = {
        "name": "image",
        "on": {"push": {"branches": ["main"]}, "pull_request": None, "workflow_dispatch": None},
        "permissions": {"contents": "read"},
        "concurrency": {"group": "image-${{ github.ref }}", "cancel-in-progress": f"${{{{ !({_MAIN}) }}}}"},
        "env": {"IMAGE": "${{ vars.IMAGE }}", "BUDGET": f"${{{{ vars.IMAGE_BUDGET || '{_BUDGET}' }}}}"},
        "jobs": {"lint": _lint(shape), "image": _image(shape)},
    }
    return to_yaml(document, _COMMENT)


def _lint(shape: Shape) -> dict[str, Any]:
    return {
        "runs-on": "ubuntu-latest",
        "timeout-minutes": 5,
        "steps": [
            {"uses": "actions/checkout@v4"},
            {"uses": "actions/setup-python@v5", "with": {"python-version": "3.13"}},
            {"run": "pip install jettison"},
            {"run": f"jettison lint {shape.dockerfile} --format github --fail-on high"},
        ],
    }


def _image(shape: Shape) -> dict[str, Any]:
    return {
        "needs": "lint",
        "runs-on": "ubuntu-latest",
        "timeout-minutes": 60,
        "permissions": {"contents": "read", "packages": "write"},
        "steps": [
            {"uses": "actions/checkout@v4"},
            {"uses": "docker/setup-buildx-action@v3"},
            {
                "uses": "docker/login-action@v3",
                "if": _MAIN,
                "with": {
                    "registry": "${{ vars.REGISTRY }}",
                    "username": "${{ secrets.REGISTRY_USER }}",
                    "password": "${{ secrets.REGISTRY_PASSWORD }}",
                },
            },
            {"name": "build", "uses": "docker/build-push-action@v6", "with": _build(shape)},
            {"uses": "actions/setup-python@v5", "with": {"python-version": "3.13"}},
            {
                "name": "budget",
                "run": "pip install jettison\n"
                'docker save candidate:latest -o "$RUNNER_TEMP/image.tar"\n'
                'jettison inspect "$RUNNER_TEMP/image.tar" --budget "$BUDGET"\n',
            },
            *_scans(),
            {"name": "push", "id": "push", "if": _MAIN, "uses": "docker/build-push-action@v6", "with": _push(shape)},
            {
                "name": "say which",
                "if": _MAIN,
                "env": {"DIGEST": "${{ steps.push.outputs.digest }}"},
                "run": 'echo "deploy \\`$IMAGE@$DIGEST\\`" >> "$GITHUB_STEP_SUMMARY"\n',
            },
        ],
    }


def _inputs(shape: Shape) -> dict[str, Any]:
    inputs: dict[str, Any] = {"context": ".", "file": shape.dockerfile}
    if shape.stages:
        inputs["target"] = shape.stages[-1]
    if shape.secrets:
        inputs["secrets"] = "".join(f"{name}=${{{{ secrets.{variable_of(name)} }}}}\n" for name in shape.secrets)
    return inputs


def _build(shape: Shape) -> dict[str, Any]:
    return {
        **_inputs(shape),
        "load": True,
        "tags": "candidate:latest",
        "cache-from": "type=registry,ref=${{ env.IMAGE }}:buildcache",
        "cache-to": f"${{{{ {_MAIN} && format('type=registry,ref={{0}}:buildcache,mode=max', env.IMAGE) || '' }}}}",
    }


def _push(shape: Shape) -> dict[str, Any]:
    return {
        **_inputs(shape),
        "push": True,
        "tags": "${{ env.IMAGE }}:${{ github.sha }}",
        "cache-from": "type=registry,ref=${{ env.IMAGE }}:buildcache",
        "provenance": "mode=max",
    }


def _scans() -> list[dict[str, Any]]:
    scan = "aquasecurity/trivy-action@0.35.0"
    return [
        {
            "name": "scan",
            "uses": scan,
            "with": {
                "image-ref": "candidate:latest",
                "severity": "CRITICAL,HIGH",
                "ignore-unfixed": True,
                "exit-code": "1",
            },
        },
        {
            "name": "SBOM",
            "uses": scan,
            "with": {"image-ref": "candidate:latest", "format": "spdx-json", "output": "sbom.spdx.json"},
        },
        {"uses": "actions/upload-artifact@v4", "with": {"name": "sbom", "path": "sbom.spdx.json"}},
    ]
