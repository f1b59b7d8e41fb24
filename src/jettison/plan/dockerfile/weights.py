"""Weights in a layer of their own that does not depend on the layers below it (``COPY --link``).

Such a layer is kept when the base or anything else below it changes: gigabytes are neither stored nor pushed again. It
is made without the image below, so owners have to be numbers, and a symlink on the way to the target is replaced by a
folder (Dockerfile reference, "COPY --link").
"""

from jettison.dockerfile.project.flags import flag_file
from jettison.plan.dockerfile.user import User
from jettison.regex import regex
from jettison.rules.dockerfile.bodies import text_of
from jettison.rules.dockerfile.case import Case, Site
from jettison.rules.dockerfile.copies import copyings
from jettison.rules.dockerfile.mounts import takes_links

_OWN = regex(r"/(?:app|srv|opt|home|models?|weights|workspace|data|code|usr/src|var/lib)(?:/.*)?")
"""Folders that are no symlinks in the bases that are split."""
_CHANGES = regex(r"\b(?:ln|chown|chmod|setfacl)\s|(?:^|RUN|[;&|])\s*install\s|--chown=")
"""What may say that a folder has another owner or mode, or is a symlink."""
_NUMBERS = regex(r"\d+:\d+")
_CODE = (".py", ".sh", ".js", ".ipynb", ".toml", ".yaml", ".yml")


def is_linkable(case: Case, site: Site, user: User) -> bool:
    """Whether a COPY brings weights and no code, and means the same with ``--link``."""
    instruction = site.instruction
    copying = next((each for each in copyings(case) if each.site is site), None)
    if copying is None or copying.origin is not None or instruction.name != "COPY" or not takes_links(case.recipe):
        return False
    flags = {flag.name for flag in instruction.flags}
    target = copying.destination or ""
    said = "\n".join(text_of(case, each) for each in case.named("RUN", "COPY", "ADD"))
    # The folders above the target get the flag's owner and a usual mode: as they have now, if nothing here says others.
    if flags - {"chmod"} or _CHANGES.search(said) or not _NUMBERS.fullmatch(user.owner or "0:0"):
        return False
    return _OWN.fullmatch(target) is not None and all(_is_weights(case, each) for each in copying.sources)


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
