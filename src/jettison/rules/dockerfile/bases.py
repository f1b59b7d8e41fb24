"""What a base image brings, told from its name: sizes are elsewhere, in :mod:`jettison.sizes`.

Sources: the images' own Dockerfiles and descriptions. Where a name says nothing, a fact is None: not known.
"""

import functools
import re
from dataclasses import dataclass, replace
from typing import Literal

from jettison.regex import regex

Flavour = Literal["base", "runtime", "devel"]


@dataclass(frozen=True, slots=True)
class Base:
    """A base image, by its name.

    Attributes:
        image: the name as the recipe has it, variables replaced.
        repository: without tag and digest.
        tag: ``""`` when none is written.
        digest: ``""`` when none is written.
        family: ``python``, ``debian``, ``ubuntu``, ``alpine``, ``cuda``, ``pytorch``, ``tensorflow``, ``conda``,
            ``distroless``, ``jupyter``, ``rhel``, ``node``, ``uv``, ``ngc``, ``scratch``; ``""``: another.
        cuda: which flavour of NVIDIA's CUDA images it has inside; None: no CUDA.
        slim: whether it is the small kind of its family.
        user: as whom instructions run; None: not known.
        python: the interpreter's path; ``""``: none; None: not known.
        compiler: whether gcc is there; None: not known.
        shell: whether there is one.
        curl: whether curl is there; None: not known.
        manager: ``apt``, ``apk``, ``dnf`` or ``""``; None: not known.
    """

    image: str
    repository: str
    tag: str
    digest: str
    family: str = ""
    cuda: Flavour | None = None
    slim: bool = False
    user: str | None = None
    python: str | None = None
    compiler: bool | None = None
    shell: bool = True
    curl: bool | None = None
    manager: str | None = None


_REFERENCE = regex(r"(?P<repository>[^@]+?)(?::(?P<tag>[^/:@]+))?(?:@(?P<digest>\w+:[0-9a-f]+))?$")
_SMALL = regex(r"(?:^|[-.])slim(?:$|[-.])")


@functools.lru_cache(maxsize=256)
def base_of(image: str | None) -> Base | None:
    """Return what is known of an image by its name; None when there is no name."""
    match = _REFERENCE.match(image or "")
    if not image or not match:
        return None
    repository, tag = match["repository"], match["tag"] or ""
    named = Base(image, repository, tag, match["digest"] or "")
    short = re.sub(r"^(?:(?:docker\.io|index\.docker\.io)/)?(?:library/)?", "", repository)
    for pattern, read in _FAMILIES:
        if re.fullmatch(pattern, short):
            return read(named)
    return named


def _scratch(base: Base) -> Base:
    return replace(base, family="scratch", user="root", python="", compiler=False, shell=False, curl=False, manager="")


def _python(base: Base) -> Base:
    small = bool(_SMALL.search(base.tag))
    alpine = "alpine" in base.tag
    return replace(
        base,
        family="python",
        slim=small or alpine,
        user="root",
        python="/usr/local/bin/python3",
        compiler=not (small or alpine),
        curl=not (small or alpine),
        manager="apk" if alpine else "apt",
    )


def _debian(base: Base) -> Base:
    family = "ubuntu" if base.repository.endswith("ubuntu") else "debian"
    small = "slim" in base.tag
    return replace(base, family=family, slim=small, user="root", python="", compiler=False, curl=False, manager="apt")


def _alpine(base: Base) -> Base:
    return replace(base, family="alpine", slim=True, user="root", python="", compiler=False, curl=False, manager="apk")


def _cuda(base: Base) -> Base:
    flavour: Flavour = "devel" if "devel" in base.tag else "runtime" if "runtime" in base.tag else "base"
    rpm = any(name in base.tag for name in ("ubi", "rockylinux", "centos", "oraclelinux"))
    return replace(
        base,
        family="cuda",
        cuda=flavour,
        user="root",
        python="" if not rpm else None,
        compiler=flavour == "devel",
        curl=False if not rpm else None,
        manager="dnf" if rpm else "apt",
    )


def _pytorch(base: Base) -> Base:
    flavour: Flavour = "devel" if "devel" in base.tag else "runtime"
    return replace(
        base, family="pytorch", cuda=flavour, user="root", compiler=flavour == "devel" or None, manager="apt"
    )


def _tensorflow(base: Base) -> Base:
    cuda: Flavour | None = "runtime" if "gpu" in base.tag else None
    return replace(base, family="tensorflow", cuda=cuda, user="root", manager="apt")


def _conda(base: Base) -> Base:
    user = None if "micromamba" in base.repository else "root"
    return replace(base, family="conda", user=user, manager="apt", compiler=False if user is None else None)


def _distroless(base: Base) -> Base:
    python = "/usr/bin/python3" if "python" in base.repository else ""
    user = "nonroot" if "nonroot" in base.tag else "root"
    return replace(
        base,
        family="distroless",
        slim=True,
        user=user,
        python=python,
        compiler=False,
        shell="debug" in base.tag,
        curl=False,
        manager="",
    )


def _jupyter(base: Base) -> Base:
    return replace(base, family="jupyter", user="jovyan", python="/opt/conda/bin/python", manager="apt")


def _rhel(base: Base) -> Base:
    return replace(base, family="rhel", user="root", manager="dnf")


def _node(base: Base) -> Base:
    return replace(base, family="node", user="root", manager="apk" if "alpine" in base.tag else "apt")


def _ngc(base: Base) -> Base:
    return replace(base, family="ngc", cuda="devel", user="root", compiler=True, curl=True, manager="apt")


_FAMILIES = (
    (r"scratch", _scratch),
    (r"(?:[\w./-]+/)?python", _python),
    (r"(?:debian|ubuntu|buildpack-deps|[\w.-]+/ubuntu)", _debian),
    (r"(?:[\w.-]+/)?alpine", _alpine),
    (r"(?:nvcr\.io/)?nvidia/cuda(?:-\w+)?", _cuda),
    (r"pytorch/pytorch", _pytorch),
    (r"tensorflow/tensorflow", _tensorflow),
    (r"(?:continuumio|condaforge|mambaorg|conda)/[\w-]+", _conda),
    (r"gcr\.io/distroless/[\w-]+", _distroless),
    (r"(?:quay\.io/)?jupyter/[\w-]+", _jupyter),
    (r"(?:centos|fedora|rockylinux|almalinux|amazonlinux|[\w./-]*ubi\d[\w/-]*)", _rhel),
    (r"node", _node),
    (r"nvcr\.io/nvidia/(?:pytorch|tensorflow|tritonserver|tensorrt|jax|rapidsai/[\w-]+)", _ngc),
)
