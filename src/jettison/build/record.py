"""The records of a build."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class BuildOptions:
    """How a Dockerfile is built; empty for the builder's own way.

    Attributes:
        dockerfile: path.
        target: stage to stop at.
        platform: ``os/architecture[/variant]``.
        arguments: ``NAME=VALUE``, for ARG.
        secrets: as ``docker build --secret`` takes them; their contents are never told.
        cache_from: caches to read, as ``--cache-from`` takes them: ``type=registry,ref=…``, ``type=local,src=…``.
        cache_to: caches to write: ``type=registry,ref=…,mode=max``, ``type=local,dest=…``.
        network: for RUN: ``host`` or ``none``.
        provenance: as ``--provenance`` takes it: ``mode=max``, ``false``.
        no_cache: build every step anew.
    """

    dockerfile: str = ""
    target: str = ""
    platform: str = ""
    arguments: tuple[str, ...] = ()
    secrets: tuple[str, ...] = ()
    cache_from: tuple[str, ...] = ()
    cache_to: tuple[str, ...] = ()
    network: str = ""
    provenance: str = ""
    no_cache: bool = False


@dataclass(frozen=True, slots=True)
class BuildStep:
    """A step of a build, as the builder tells it.

    Attributes:
        name: ``[builder 2/5] RUN pip install …``.
        seconds: wall time; 0 for one from the cache.
        cached: whether it came from a cache.
    """

    name: str
    seconds: float
    cached: bool


@dataclass(frozen=True, slots=True)
class Build:
    """A Dockerfile that was built.

    Attributes:
        context: folder.
        builder: what built it: ``docker``, ``podman`` or ``buildah``.
        image: name in that engine.
        out: reference that it was brought to as well; empty when it stays in the engine.
        seconds: wall time.
        steps: in the order in which they began; empty where the builder tells none.
        cached: how many of them came from a cache.
    """

    context: str
    builder: str
    image: str
    out: str
    seconds: float
    steps: tuple[BuildStep, ...]
    cached: int
