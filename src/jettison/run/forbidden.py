"""Say why a machine refuses the sandbox, and the way out: from the step that failed and the machine's settings."""

import os
from collections.abc import Mapping

from jettison.errors import MachineError

_ELSEWHERE = "or prove it on another machine: copy both images and the plan there and run `jettison verify`"
# setting, the value that forbids, the value that allows
_SETTINGS = (
    ("kernel.apparmor_restrict_unprivileged_userns", "1", "0"),
    ("kernel.unprivileged_userns_clone", "0", "1"),
    ("user.max_user_namespaces", "0", "15000"),
)
_ENGINE_FILES = ("/.dockerenv", "/run/.containerenv")


def forbidden(stage: str, code: int, text: str) -> MachineError:
    """Make the error for a step of the sandbox that the machine refused.

    Args:
        stage: which step.
        code: its errno.
        text: the errno's text.
    """
    inside = any(os.path.exists(path) for path in _ENGINE_FILES)
    return explain(f"{stage}: {text or f'error {code}'}", _settings(), root=os.geteuid() == 0, inside=inside)


def explain(failure: str, settings: Mapping[str, str], *, root: bool, inside: bool) -> MachineError:
    """Make the error from what was found.

    Args:
        failure: the step that failed, and how.
        settings: values of the kernel's settings that exist here.
        root: whether Jettison runs as root.
        inside: whether it runs in a container of an engine.
    """
    found = [
        (name, value, allow)
        for name, forbid, allow in _SETTINGS
        if (value := settings.get(name)) == forbid and (not root or name == "user.max_user_namespaces")
    ]
    if found:
        name, value, allow = found[0]
        sudo = "" if root else ", or run Jettison as root"
        return MachineError(
            f"the sandbox needs user namespaces, and this machine forbids them ({name} = {value}; {failure})",
            hint=f"as root: sysctl -w {name}={allow}{sudo}; {_ELSEWHERE}",
        )
    if inside:
        return MachineError(
            f"the sandbox needs user namespaces, and the container that Jettison runs in forbids them ({failure})",
            hint="start that container with --security-opt seccomp=unconfined --security-opt systempaths=unconfined "
            f"--security-opt apparmor=unconfined, or run Jettison outside of it; {_ELSEWHERE}",
        )
    return MachineError(
        f"the sandbox needs user namespaces, and this machine does not give them ({failure})",
        hint=("check the kernel's and the service manager's restrictions" if root else "run Jettison as root")
        + f"; {_ELSEWHERE}",
    )


def _settings() -> dict[str, str]:
    values = {}
    for name, _, _ in _SETTINGS:
        try:
            with open(f"/proc/sys/{name.replace('.', '/', 1)}", encoding="ascii") as file:
                values[name] = file.read().strip()
        except OSError:
            continue  # this kernel has no such setting
    return values
