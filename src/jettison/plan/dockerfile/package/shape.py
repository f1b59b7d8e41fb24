"""What the files beside a recipe have to agree on."""

import re
from dataclasses import dataclass

from jettison.dockerfile.project.read import Project
from jettison.plan.dockerfile.rewrite_record import Facts
from jettison.rules.dockerfile.case import Case

_PLAIN = re.compile(r"\w[\w./-]*", re.ASCII)
_NAME = re.compile(r"[a-z0-9]+(?:[._-][a-z0-9]+)*")
_ECOSYSTEMS = {
    "uv-lock": "uv",
    "poetry-lock": "pip",
    "requirements": "pip",
    "pyproject": "pip",
    "pipfile": "pip",
    "pipfile-lock": "pip",
}


@dataclass(frozen=True, slots=True)
class Shape:
    """What the files beside a recipe have to agree on; every text in it can stand in YAML and HCL as it is.

    Attributes:
        name: of the service: letters, digits, ``.``, ``_`` and ``-``.
        dockerfile: path in the context.
        stages: names of the recipe's stages that can be asked for, the shipped one last.
        training: path of the recipe of the image that trains; empty when there is one recipe only.
        port: that the service listens on; 0: not known.
        user: of the container; empty: root, or not known.
        written: folders that the service writes to.
        gpu: ``required``, ``optional`` or ``none``.
        secrets: ids of build secrets.
        ecosystems: of dependabot, for the files that the project has.
    """

    name: str
    dockerfile: str = "Dockerfile"
    stages: tuple[str, ...] = ()
    training: str = ""
    port: int = 0
    user: str = ""
    written: tuple[str, ...] = ()
    gpu: str = "none"
    secrets: tuple[str, ...] = ()
    ecosystems: tuple[str, ...] = ()


def shape_of(case: Case, facts: Facts, folder: str, dockerfile: str, training: str = "") -> Shape | str:
    """Return the shape of a rewritten recipe; or why no files can be made that go with it.

    Args:
        case: the new recipe.
        facts: of the service.
        folder: name of the build context's folder, for want of a better name.
        dockerfile: path of the recipe in the context.
        training: path of the recipe of the image that trains, if there is one.
    """
    if not _PLAIN.fullmatch(dockerfile) or ".." in dockerfile.split("/"):
        return f"the Dockerfile's name {dockerfile!r} cannot stand in a workflow as it is"
    final = case.final
    user = final.end.user if final else None
    mounts = (flag.value or "" for site in case.named("RUN") for flag in site.instruction.flags_named("mount"))
    return Shape(
        name=_name(folder),
        dockerfile=dockerfile,
        stages=tuple(stage.name for stage in case.scopes.stages if _NAME.fullmatch(stage.name)),
        training=training,
        port=facts.port,
        user=user if user and re.fullmatch(r"[\w-]+(?::[\w-]+)?", user, re.ASCII) and user not in ("root", "0") else "",
        written=tuple(_written(case)),
        gpu=facts.gpu,
        secrets=tuple(dict.fromkeys(name for mount in mounts if (name := _secret(mount)))),
        ecosystems=tuple(_ecosystems(case.project)),
    )


def _name(folder: str) -> str:
    plain = re.sub(r"[^a-z0-9]+", "-", folder.lower()).strip("-")
    return plain[:60].strip("-") or "service"


def _secret(mount: str) -> str:
    fields = dict(part.partition("=")[::2] for part in mount.split(","))
    name = fields.get("id") or fields.get("target", fields.get("dst", "")).rpartition("/")[2]
    return name if fields.get("type") == "secret" and re.fullmatch(r"[\w.-]+", name, re.ASCII) else ""


def variable_of(secret: str) -> str:
    """Return the name of the variable, or of the forge's secret, that a build secret comes from."""
    name = re.sub(r"\W", "_", secret.upper())
    return f"_{name}" if name[:1].isdigit() else name


def _written(case: Case) -> list[str]:
    """Return the folders that a container may write to: its volumes, and its user's home."""
    final = case.final
    places = [arg for site in case.named("VOLUME") for arg in site.instruction.args]
    home = final.end.variables.get("HOME") if final else None
    user = (final.end.user or "").partition(":")[0] if final else ""
    places.append(
        home.value if home and home.value else f"/home/{user}" if re.fullmatch(r"[a-z][\w-]*", user, re.ASCII) else ""
    )
    return [place for place in dict.fromkeys(places) if re.fullmatch(r"(?:/[\w.-]+)+", place, re.ASCII)]


def _ecosystems(project: Project | None) -> list[str]:
    kinds = [kind for path, kind in project.manifests if "/" not in path] if project else []
    found = list(dict.fromkeys(_ECOSYSTEMS[kind] for kind in kinds if kind in _ECOSYSTEMS))
    return ["uv"] if "uv" in found else found
