"""Databases that stay truthful: what becomes of them once a plan is applied.

Worked out from the entries that go, when they go: dpkg's status, lists, sums and diversions, the RECORD of Python
distributions, ``installed-files.txt`` of older ones, and ``etc/ld.so.cache``.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache

from jettison.elf.ldcache import read_cache, read_generator, write_cache
from jettison.errors import BadInputError
from jettison.files.record import File, FileTable
from jettison.files.resolve import resolve, walk
from jettison.layers.entry import Entry
from jettison.plan.content import EMPTY, Content, content_of
from jettison.plan.effect import dropped_entries, remaining, targets
from jettison.plan.gpu_manifest import manifest_step
from jettison.plan.record import Plan, Step, Target
from jettison.plan.texts import edit_alternatives, edit_diversions, edit_list, edit_record, edit_status, edit_sums

INFO = "var/lib/dpkg/info/"
STATUS = "var/lib/dpkg/status"
STATUS_D = "var/lib/dpkg/status.d/"
CACHE = "etc/ld.so.cache"
_NONE: Mapping[str, Content] = {}


@dataclass(frozen=True, slots=True)
class Change:
    """The rootfs before and after.

    Attributes:
        table: of the image.
        left: visible entries that stay, by path.
        lost: whether what a path led to, symlinks followed, is there no more. Paths that led nowhere before are not.
        removed: names of Debian packages that go altogether.
    """

    table: FileTable
    left: Mapping[str, File]
    lost: Callable[[str], bool]
    removed: frozenset[str]


def updates(table: FileTable, plan: Plan, contents: Mapping[str, Content] = _NONE) -> tuple[tuple[Step, bytes], ...]:
    """Return what databases must say once a plan is applied.

    Args:
        table: of the image.
        plan: its ``drop`` steps count.
        contents: new content of visible files that are pruned, by path.

    Returns:
        Steps of one file each, and the content for it, by path. Databases that stay as they are, or go, have none.
        The last is for the manifest of GPU code, when some goes (:mod:`jettison.plan.gpu_manifest`).

    Raises:
        UsageError: the plan is for another image, or a target is not in it.
    """
    dropped = dropped_entries(table, plan)
    changed = {**contents, **_stubs(table, plan)}
    if not dropped and not changed:
        return ()
    change = _change(table, dropped)
    texts: dict[str, bytes] = {}
    for path in sorted(table.texts, key=_inner_first):
        if path in change.left and (edit := _editor(path, change, changed)):
            old = table.texts[path]
            new = edit(old)
            if new != old:
                texts[path], changed[path] = new, content_of(new)
    steps = [(_step(change.left[path], plan.tier, new), new) for path, new in sorted(texts.items())]
    manifest = manifest_step(table, plan, contents)
    return (*steps, manifest) if manifest else tuple(steps)


def _stubs(table: FileTable, plan: Plan) -> dict[str, Content]:
    """Return what becomes of visible files of which only the name stays."""
    return {
        file.path: EMPTY for action, files in targets(table, plan) if action == "stub" for file in files if file.visible
    }


def _inner_first(path: str) -> tuple[bool, int, str]:
    """Put a vendored distribution's RECORD before the one that names it, and sums after all that they name."""
    return path.endswith(".md5sums"), -path.count("/"), path


def _change(table: FileTable, dropped: frozenset[tuple[int, int]]) -> Change:
    left = remaining(table, dropped)

    @cache
    def lost(path: str) -> bool:
        """Whether the entry at ``path`` (its parents' symlinks followed, not its own) was there and goes."""
        parent, _, name = path.strip("/").rpartition("/")
        folder = real_parent(parent)
        here = None if folder is None else f"{folder}/{name}".lstrip("/")
        return here is not None and here in table.visible and here not in left

    @cache
    def real_parent(path: str) -> str | None:
        return walk(entry_at, path)

    def entry_at(path: str) -> Entry | None:
        file = table.visible.get(path)
        return file.entry if file else None

    return Change(table, left, lost, _removed(table, left))


def _removed(table: FileTable, left: Mapping[str, File]) -> frozenset[str]:
    """Return the names of packages none of whose files is left, of those that had any."""
    had = {file.owner for file in table.visible.values() if file.entry.type != "dir"}
    have = {file.owner for file in left.values() if file.entry.type != "dir"}
    gone = (table.owners[key] for key in had - have - {""})
    return frozenset(owner.key.partition(":")[2] for owner in gone if owner.type == "deb")


def _editor(path: str, change: Change, changed: Mapping[str, Content]) -> Callable[[bytes], bytes] | None:
    """Return how a database is brought up to date, ``changed`` ones being so already; None for what is none."""
    exact: dict[str, Callable[[bytes], bytes]] = {
        STATUS: lambda text: edit_status(text, _status_keys(change), change.removed),
        "var/lib/dpkg/diversions": lambda text: edit_diversions(text, change.removed),
        CACHE: lambda data: _edit_cache(data, change),
    }
    site = path.rpartition("/")[0].rpartition("/")[0]
    by_form: tuple[tuple[str, str, Callable[[bytes], bytes]], ...] = (
        (INFO, ".list", lambda text: edit_list(text, change.lost)),
        (INFO, ".md5sums", lambda text: edit_sums(text, change.lost, changed)),
        (STATUS_D, ".list", lambda text: edit_list(text, change.lost)),
        (STATUS_D, ".md5sums", lambda text: edit_sums(text, change.lost, changed)),
        ("var/lib/dpkg/alternatives/", "", lambda text: edit_alternatives(text, change.lost)),
        ("", ".dist-info/RECORD", lambda text: edit_record(text, site, change.lost, changed)),
        ("", ".egg-info/installed-files.txt", lambda text: edit_list(text, lambda x: change.lost(_joined(path, x)))),
    )
    forms = (edit for start, end, edit in by_form if path.startswith(start) and path.endswith(end))
    return exact.get(path) or next(forms, None)


def _status_keys(change: Change) -> frozenset[str]:
    """Return the keys, without their type, of Debian packages: some carry their architecture."""
    return frozenset(owner.key.partition(":")[2] for owner in change.table.owners.values() if owner.type == "deb")


def _joined(path: str, line: str) -> str:
    parts = path.split("/")[:-1]
    for part in line.split("/"):
        if part == ".." and parts:
            parts.pop()
        elif part not in ("", "."):
            parts.append(part)
    return "/".join(parts)


def _edit_cache(data: bytes, change: Change) -> bytes:
    """Leave out libraries that are gone; a cache that cannot be read stays as it is, as ld.so passes it over."""
    try:
        entries = read_cache(data)
        generator = read_generator(data)
    except BadInputError:
        return data

    def stays(path: str) -> bool:
        return resolve(change.left, path) is not None or resolve(change.table, path) is None

    kept = tuple(entry for entry in entries if stays(entry.path))
    return data if len(kept) == len(entries) else write_cache(kept, generator=generator or "jettison")


def _step(file: File, tier: int, content: bytes) -> Step:
    target = Target(file.layer, file.entry.path, content_of(content).digest)
    reason = "it says what is there once the other steps are done"
    disk = max(0, file.entry.size - len(content))
    return Step(f"update/{file.path}", "update", tier, "databases", reason, file.owner, (target,), disk, 0)
