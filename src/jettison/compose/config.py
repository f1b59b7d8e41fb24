"""The config document of a composed image (OCI image-spec, config.md)."""

import time
from collections.abc import Mapping, Sequence
from typing import Any

from jettison.compose.native import NONROOT
from jettison.compose.record import Recipe

GO_NAMES: Mapping[str, str] = {"amd64": "amd64", "arm64": "arm64", "i386": "386", "armhf": "arm"}
PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
SECOND = 1_000_000_000


def make_config(
    recipe: Recipe, architecture: str, epoch: int, layers: Sequence[str], base: Mapping[str, Any] | None = None
) -> dict[str, Any]:
    """Return the config, its diff_ids still missing.

    Args:
        recipe: what the compose file says.
        architecture: as Debian names it; unused with a base image.
        epoch: seconds since the epoch, for ``created``.
        layers: what each new layer is, lowest first.
        base: the config document of the base image.
    """
    created = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(epoch))
    below = base or {}
    history = [{"created": created, "created_by": f"jettison build: {name}"} for name in layers]
    return {
        **({} if base else {"architecture": GO_NAMES.get(architecture, architecture), "os": "linux"}),
        **{key: below[key] for key in ("architecture", "os", "variant", "os.version", "os.features") if key in below},
        "created": created,
        "config": _process(recipe, below.get("config") or {}),
        "history": [*_below_history(below), *history],
    }


def _below_history(below: Mapping[str, Any]) -> list[Any]:
    history = list(below.get("history") or [])
    filled = sum(1 for item in history if not item.get("empty_layer"))
    count = len((below.get("rootfs") or {}).get("diff_ids") or [])
    # A history that does not match the layers would shift the names of the new ones.
    return history if filled == count else [{"created_by": "base image"} for _ in range(count)]


def _process(recipe: Recipe, below: Mapping[str, Any]) -> dict[str, Any]:
    runtime = recipe.runtime
    process = {key: value for key, value in below.items() if value is not None}
    process["Env"] = _environment(recipe, below.get("Env") or [])
    if runtime.entrypoint is not None:
        process["Entrypoint"] = list(runtime.entrypoint)
        process.pop("Cmd", None)  # as engines do: a new entrypoint makes the old arguments meaningless
    if runtime.cmd is not None:
        process["Cmd"] = list(runtime.cmd)
    if user := _user(recipe):
        process["User"] = user
    if runtime.workdir:
        process["WorkingDir"] = runtime.workdir
    if runtime.ports:
        process["ExposedPorts"] = {**(below.get("ExposedPorts") or {}), **{port: {} for port in runtime.ports}}
    if runtime.labels:
        process["Labels"] = {**(below.get("Labels") or {}), **runtime.labels}
    if runtime.stop_signal:
        process["StopSignal"] = runtime.stop_signal
    if runtime.healthcheck:
        process["Healthcheck"] = _healthcheck(recipe)
    return process


def _environment(recipe: Recipe, below: Sequence[str]) -> list[str]:
    env = dict(item.partition("=")[::2] for item in below)
    env.setdefault("PATH", PATH)
    return [f"{name}={value}" for name, value in {**env, **recipe.runtime.env}.items()]


def _user(recipe: Recipe) -> str:
    """Return the user: by number for ``nonroot``, because cluster policies cannot judge a name."""
    user = recipe.runtime.user
    if not user:
        user = "nonroot" if recipe.style == "lean" and not recipe.base else ""
    return f"{NONROOT}:{NONROOT}" if user == "nonroot" else user


def _healthcheck(recipe: Recipe) -> dict[str, Any]:
    runtime = recipe.runtime
    first = runtime.healthcheck[0]
    test = list(runtime.healthcheck) if first in {"NONE", "CMD", "CMD-SHELL"} else ["CMD", *runtime.healthcheck]
    start = {"StartPeriod": int(runtime.health_start * SECOND)} if runtime.health_start else {}
    return {"Test": test, **start}
