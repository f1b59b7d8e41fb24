"""Calls whose cache stays in a layer that is shipped, and the mount that keeps it out."""

import re
from collections.abc import Iterator

from jettison.dockerfile.tools.record import Call
from jettison.rules.dockerfile.bodies import text_of
from jettison.rules.dockerfile.caches import CACHES, folder_of, is_off, is_root
from jettison.rules.dockerfile.case import Case, Site
from jettison.rules.dockerfile.mounts import add_cache, covered, mounts_of, takes_mounts
from jettison.rules.dockerfile.record import Fix

_REMOVES = re.compile(r"\b(?:rm|find|shred)\b[^\n]*cache|\bcache\s+(?:purge|clean|clear|remove|prune)\b", re.IGNORECASE)
_LOOKS_LIKE = r"(?:^|/)(?:{name}|\.cache)(?:[-_/]|$)"


def kept(case: Case, tool: str, *actions: str) -> Iterator[tuple[Site, list[Call]]]:
    """Give the RUNs of shipped stages with calls that leave what they downloaded in the layer."""
    found: dict[int, tuple[Site, list[Call]]] = {}
    for site, call in case.calls(tool, *actions):
        if site.stage in case.shipped and not is_off(site, call) and not is_kept_out(case, site, call):
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


def mount_fix(case: Case, site: Site, call: Call) -> Fix | None:
    """Return the cache mount that is sure to be right: root's, on a folder that is known."""
    folder = folder_of(case, site, call)
    script = site.script
    if not folder or script is None or not is_root(case, site) or not takes_mounts(case.recipe):
        return None
    if folder in text_of(case, site) or not (script.commands and script.opaque in ("", "it runs another file")):
        return None
    return Fix("safe", (add_cache(site, folder),), f"keep the cache in a mount at {folder}")
