"""``compose.yaml``: the service as it should run: read-only but for what it writes, without rights it does not need."""

from typing import Any

from jettison.plan.dockerfile.package.shape import Shape, variable_of
from jettison.plan.dockerfile.package.yaml_text import to_yaml

NAME = "compose.yaml"
_COMMENT = (
    "docker compose up --build. The file system is read-only but for the folders under tmpfs; what is written there "
    "is gone afterwards: name what the service writes to besides, or take read_only out."
)


def compose(shape: Shape) -> str:
    """Return the file's text."""
    build: dict[str, Any] = {"context": ".", "dockerfile": shape.dockerfile}
    if shape.stages:
        build["target"] = shape.stages[-1]
    service: dict[str, Any] = {"build": build, "image": f"{shape.name}:latest", "init": True}
    if shape.port:
        service["ports"] = [f"127.0.0.1:{shape.port}:{shape.port}"]
    if shape.user:
        owner = _owner(shape.user)
        service["read_only"] = True
        service["tmpfs"] = ["/tmp", *(f"{folder}{owner}" for folder in shape.written)]  # noqa: S108 -- in the container
        service["cap_drop"] = ["ALL"]
        service["security_opt"] = ["no-new-privileges:true"]
    if shape.gpu == "required":
        device = {"driver": "nvidia", "count": "all", "capabilities": ["gpu"]}
        service["deploy"] = {"resources": {"reservations": {"devices": [device]}}}
        service["shm_size"] = "1gb"
    document: dict[str, Any] = {"services": {shape.name: service}}
    if shape.secrets:
        build["secrets"] = list(shape.secrets)
        document["secrets"] = {name: {"environment": variable_of(name)} for name in shape.secrets}
    return to_yaml(document, _COMMENT)


def _owner(user: str) -> str:
    """Return the options of a tmpfs that make it its user's; a name cannot be said there."""
    uid, _, gid = user.partition(":")
    return f":uid={uid},gid={gid or uid}" if uid.isdecimal() and (gid or uid).isdecimal() else ":mode=1777"
