"""A GitHub Actions workflow: lint, build with a cache in the registry, budget, scan, SBOM, push by digest.

What was scanned is what gets a name: the image is pushed by digest alone, its layers are compared with the scanned
one's, and only then is it tagged.

Sources: docker/build-push-action (cache, ``mode=max``: layers of all stages; ``push-by-digest``),
aquasecurity/trivy-action, GitHub's "Security hardening" (least permissions, nothing untrusted in scripts).
"""

from typing import Any

from jettison.plan.dockerfile.package.shape import Shape, variable_of
from jettison.plan.dockerfile.package.yaml_text import to_yaml

NAME = ".github/workflows/image.yml"
_COMMENT = (
    "Lints, builds, measures and scans the image on every change. On the main branch it is pushed, if the repository "
    "has the variables IMAGE (host/path of the image) and REGISTRY (its host) and the secrets REGISTRY_USER and "
    "REGISTRY_PASSWORD. IMAGE_BUDGET, as jettison inspect --budget has it, lets the image be larger. `jettison pin` "
    "holds the actions by commits."
)
_BUDGET = "size=10GB,waste=5%"
_PUSHES = "github.event_name != 'pull_request' && vars.IMAGE"
_TAG = """\
scanned=$(docker image inspect candidate:latest --format '{{range .RootFS.Layers}}{{.}} {{end}}')
pushed=$(docker buildx imagetools inspect "$IMAGE@$DIGEST" --format '{{range .Image.RootFS.DiffIDs}}{{.}} {{end}}')
if [ "$scanned" != "$pushed" ]; then
  echo "::error::what was pushed is not what was scanned"
  exit 1
fi
docker buildx imagetools create --tag "$IMAGE:$TAG" "$IMAGE@$DIGEST"
echo "deploy \\`$IMAGE@$DIGEST\\`" >> "$GITHUB_STEP_SUMMARY"
"""


def workflow(shape: Shape) -> str:
    """Return the workflow's text."""
    document = {
        "name": "image",
        "on": {"push": {"branches": ["main"]}, "pull_request": None, "workflow_dispatch": None},
        "permissions": {"contents": "read"},
        "concurrency": {"group": "image-${{ github.ref }}", "cancel-in-progress": f"${{{{ !({_PUSHES}) }}}}"},
        "env": {"IMAGE": "${{ vars.IMAGE }}", "BUDGET": f"${{{{ vars.IMAGE_BUDGET || '{_BUDGET}' }}}}"},
        "jobs": {"lint": _lint(shape), "image": _image(shape)},
    }
    return to_yaml(document, _COMMENT)


def _lint(shape: Shape) -> dict[str, Any]:
    recipes = " ".join(filter(None, (shape.dockerfile, shape.training)))
    return {
        "runs-on": "ubuntu-latest",
        "timeout-minutes": 5,
        "steps": [
            {"uses": "actions/checkout@v4"},
            {"uses": "actions/setup-python@v5", "with": {"python-version": "3.13"}},
            {"run": "pip install jettison"},
            {"run": f"jettison lint {recipes} --format github --fail-on high"},
        ],
    }


def _image(shape: Shape) -> dict[str, Any]:
    both = {"strategy": {"fail-fast": False, "matrix": {"include": _recipes(shape)}}} if shape.training else {}
    return {
        "needs": "lint",
        "runs-on": "ubuntu-latest",
        "timeout-minutes": 60,
        **both,
        "steps": [
            {"uses": "actions/checkout@v4"},
            {"uses": "docker/setup-buildx-action@v3"},
            {
                "uses": "docker/login-action@v3",
                "if": _PUSHES,
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
            *_scans(shape),
            {"name": "push", "id": "push", "if": _PUSHES, "uses": "docker/build-push-action@v6", "with": _push(shape)},
            {
                "name": "tag",
                "if": _PUSHES,
                "env": {
                    "DIGEST": "${{ steps.push.outputs.digest }}",
                    "TAG": "${{ github.sha }}" + ("${{ matrix.suffix }}" if shape.training else ""),
                },
                "run": _TAG,
            },
        ],
    }


def _recipes(shape: Shape) -> list[dict[str, str]]:
    """Return what the job is run for: the image that serves, and the one that trains."""
    serves = {"file": shape.dockerfile, "target": shape.stages[-1] if shape.stages else "", "suffix": ""}
    return [serves, {"file": shape.training, "target": "", "suffix": "-training"}]


def _inputs(shape: Shape) -> dict[str, Any]:
    inputs: dict[str, Any] = {"context": ".", "file": shape.dockerfile}
    if shape.training:
        inputs |= {"file": "${{ matrix.file }}", "target": "${{ matrix.target }}"}
    elif shape.stages:
        inputs["target"] = shape.stages[-1]
    if shape.secrets:
        inputs["secrets"] = "".join(f"{name}=${{{{ secrets.{variable_of(name)} }}}}\n" for name in shape.secrets)
    return inputs


def _cache(shape: Shape, condition: str, mode: str = "") -> str:
    """Return an expression for the cache's address; empty where a condition does not hold."""
    suffix, value = ("{1}", ", matrix.suffix") if shape.training else ("", "")
    return (
        f"${{{{ {condition} && format('type=registry,ref={{0}}:buildcache{suffix}{mode}', vars.IMAGE{value}) || '' }}}}"
    )


def _build(shape: Shape) -> dict[str, Any]:
    return {
        **_inputs(shape),
        "load": True,
        "provenance": False,
        "tags": "candidate:latest",
        "cache-from": _cache(shape, "vars.IMAGE"),
        "cache-to": _cache(shape, _PUSHES, ",mode=max"),
    }


def _push(shape: Shape) -> dict[str, Any]:
    return {
        **_inputs(shape),
        "outputs": "type=image,name=${{ vars.IMAGE }},push-by-digest=true,name-canonical=true,push=true",
        "provenance": "mode=max",
    }


def _scans(shape: Shape) -> list[dict[str, Any]]:
    scan = "aquasecurity/trivy-action@0.35.0"
    name = "sbom${{ matrix.suffix }}" if shape.training else "sbom"
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
        {"uses": "actions/upload-artifact@v4", "with": {"name": name, "path": "sbom.spdx.json"}},
    ]
