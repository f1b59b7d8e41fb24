"""Calls whose cache stays in a layer that is shipped, and the mount that keeps it out."""

import re
from collections.abc import Iterator

from jettison.dockerfile.tools.record import Call
from jettison.regex import regex
from jettison.rules.dockerfile.bodies import text_of, whole_body
from jettison.rules.dockerfile.caches import CACHES, folder_of, is_off, is_root
from jettison.rules.dockerfile.case import Case, Site
from jettison.rules.dockerfile.mounts import add_cache, covered, mounts_of, takes_mounts
from jettison.rules.dockerfile.record import Fix

_REMOVES = regex(r"\b(?:rm|find|shred)\b[^\n]*cache|\bcache\s+(?:purge|clean|clear|remove|prune)\b", re.IGNORECASE)
_FORCED = regex(r"\brm\s+(?:-\w+\s+)*-\w*f[^&|;\n]*")
_LOOKS_LIKE = r"(?:^|/)(?:{name}|\.cache)(?:[-_/]|$)"


def kept(case: Case, tool: str, *actions: str) -> Iterator[tuple[Site, list[Call]]]:
    """Give the RUNs of shipped stages with calls that leave what they downloaded in the layer."""
    found: dict[int, tuple[Site, list[Call]]] = {}
    for site, call in case.calls(tool, *actions):
        used = site.stage in case.shipped and not is_off(site, call) and not is_kept_out(case, site, call)
        if used and not _is_wanted(case, site, call):
            found.setdefault(site.instruction.line, (site, []))[1].append(call)
    yield from found.values()


def is_kept_out(case: Case, site: Site, call: Call) -> bool:
    """Whether a mount takes a call's cache, or the body removes it, or one of the two may be."""
    if _REMOVES.search(text_of(case, site).replace("--no-cache", "")):
        return True
    folder = folder_of(case, site, call)
    if folder and covered(site, folder):
        return True
    name = re.escape(CACHES[call.tool].home.rpartition("/")[2].removeprefix("."))
    return any(
        mount.target is None or re.search(_LOOKS_LIKE.format(name=name), mount.target)
        for mount in mounts_of(site, "cache")
    )


def _is_wanted(case: Case, site: Site, call: Call) -> bool:
    """Whether an instruction speaks of a cache, or of the folder that holds it: it may copy it, fill it or read it.

    What removes it with ``rm -f`` does not mind that it is gone; a mount's target is no file of the image.
    """
    home = CACHES[call.tool].home
    holder, _, _ = home.rpartition("/")
    said = [rf"/{re.escape(home)}(?![\w-])"]  # however the home before it is written
    if folder := folder_of(case, site, call):
        said.append(rf"{re.escape(folder)}(?![\w-])")
    if holder:
        said.append(rf"/{re.escape(holder)}/?(?:\*|[\s\"'&|;)\],]|\Z)")
    speaks = re.compile("|".join(said))
    bodies = (whole_body(each) for each in case.named("RUN", "COPY", "ADD", "VOLUME"))
    return any(speaks.search(_FORCED.sub("", body)) for body in bodies)


def mount_fix(case: Case, site: Site, call: Call) -> Fix | None:
    """Return the cache mount that is sure to be right: root's, on a folder that is known."""
    folder = folder_of(case, site, call)
    script = site.script
    if not folder or script is None or not is_root(case, site) or not takes_mounts(case.recipe):
        return None
    if folder in text_of(case, site) or not (script.commands and script.opaque in ("", "it runs another file")):
        return None
    return Fix("safe", (add_cache(site, folder),), f"keep the cache in a mount at {folder}")
