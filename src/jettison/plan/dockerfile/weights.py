"""Weights in a layer of their own that does not depend on the layers below it (``COPY --link``).

Such a layer is kept when the base or anything else below it changes: gigabytes are neither stored nor pushed again. It
is made without the image below, so owners have to be numbers, and a symlink on the way to the target is replaced by a
folder (Dockerfile reference, "COPY --link").
"""

import re

from jettison.dockerfile.project.flags import flag_file
from jettison.plan.dockerfile.user import User
from jettison.rules.dockerfile.case import Case, Site
from jettison.rules.dockerfile.copies import copyings
from jettison.rules.dockerfile.mounts import takes_links

_OWN = re.compile(r"/(?:app|srv|opt|home|models?|weights|workspace|data|code|usr/src|var/lib)(?:/.*)?")
"""Folders that are no symlinks in the bases that are split."""
_CODE = (".py", ".sh", ".js", ".ipynb", ".toml", ".yaml", ".yml")


def is_linkable(case: Case, site: Site, user: User) -> bool:
    """Whether a COPY brings weights and no code, and means the same with ``--link``."""
    instruction = site.instruction
    copying = next((each for each in copyings(case) if each.site is site), None)
    if copying is None or copying.origin is not None or instruction.name != "COPY" or not takes_links(case.recipe):
        return False
    flags = {flag.name for flag in instruction.flags}
    own = instruction.flag("chown")
    owner = (own.value or "") if own else user.owner if user.name else "0"
    plain = flags <= {"chown", "chmod"} and re.fullmatch(r"\d+(?::\d+)?", owner) is not None
    links = any(call.tool == "ln" for other in case.sites for call in other.calls)
    links = links or any(
        command.name == "ln" for other in case.sites if other.script for command in other.script.commands
    )
    target = copying.destination or ""
    return (
        plain
        and not links
        and _OWN.fullmatch(target) is not None
        and all(_is_weights(case, each) for each in copying.sources)
    )


def _is_weights(case: Case, source: str) -> bool:
    """Whether a source is weights: a file, or a folder with some and without code."""
    if flag_file(source) == "weights":
        return True
    if case.project is None or not case.project.root:
        return False
    under = source.strip("/").removeprefix("./") + "/"
    inside = [
        entry for path, entry in case.project.context.entries.items() if path.startswith(under) and not entry.ignored
    ]
    return any(entry.flag == "weights" for entry in inside) and not any(entry.path.endswith(_CODE) for entry in inside)
