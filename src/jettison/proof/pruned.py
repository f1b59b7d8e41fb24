"""Every pruned library of the new image, held against its original: from the bytes of both images."""

from collections.abc import Iterator, Mapping
from contextlib import closing
from pathlib import Path

from jettison.elf.arch import shown
from jettison.elf.bytes import FileBytes
from jettison.elf.treatment import Treatment
from jettison.elf.verify import Verified, verify_pruned
from jettison.files.record import FileTable
from jettison.layers.limits import Limits
from jettison.plan.content import Content
from jettison.plan.record import Plan
from jettison.progress import SILENT, Progress
from jettison.proof.checks import told
from jettison.proof.record import Check
from jettison.rebuild.files import LayerFiles, bytes_read
from jettison.rebuild.links import Key
from jettison.rebuild.prune import content_of_file, find_treatments, visible_keys
from jettison.storage import scratch_dir


def check_pruned(
    old: FileTable, new: FileTable, applied: Plan | None, *, limits: Limits | None = None, progress: Progress = SILENT
) -> tuple[tuple[Check, ...], Mapping[str, Content]]:
    """Check that a pruned library is the original but for what was to go.

    See :mod:`jettison.elf.verify` for what is shown of each. Both images are read once more for it, side by side, so
    that no more than two libraries lie on disk at a time.

    Args:
        old: of the original.
        new: of the new image.
        applied: the plan; its ``prune`` steps count.
        limits: what is accepted of layers.
        progress: told of stored bytes.

    Returns:
        The check, none when nothing was to be pruned; and what the new image holds at pruned paths that its container
        sees.

    Raises:
        UsageError: a step names an entry that the original does not have, or does not say how to prune it.
        BadInputError: a layer is not what it was when its table was read.
    """
    wanted = find_treatments(old, applied) if applied else {}
    if not wanted:
        return (), {}
    contents: dict[str, Content] = {}
    problems: list[str] = []
    totals = Verified(())
    with scratch_dir() as scratch:
        for path, treatment, pair in _pairs(old, new, wanted, scratch, limits or Limits(), progress):
            with FileBytes(pair[0]) as before, FileBytes(pair[1]) as after:
                found = verify_pruned(before, after, treatment)
                contents[path] = content_of_file(after)
                if contents[path].digest != new.visible[path].entry.digest:
                    problems.append(f"{path}: its content is not that which was read before")
            problems += (f"{path}: {problem}" for problem in found.problems)
            totals = _added(totals, found)
    seen = {path for path, key in visible_keys(old) if key in wanted}
    problems += (f"{path}: it is no file of the new image" for path in sorted(seen - contents.keys()))
    return (told("pruned", _detail(len(contents), wanted, totals), problems),), contents


def _detail(count: int, wanted: Mapping[Key, Treatment], totals: Verified) -> str:
    targets = sorted({target for each in wanted.values() if each.choice for target in each.choice.targets})
    text = f"pruned libraries compared: {count}, {totals.mapped} mapped bytes outside GPU code"
    if not targets:
        return text
    names = ", ".join(map(shown, targets))
    choices = f"the driver's {totals.choices} choices among {totals.fatbins} fatbins for compute capability {names}"
    return f"{text}, and byte for byte {choices}"


def _added(one: Verified, other: Verified) -> Verified:
    return Verified((), one.mapped + other.mapped, one.fatbins + other.fatbins, one.choices + other.choices)


def _pairs(
    old: FileTable,
    new: FileTable,
    wanted: Mapping[Key, Treatment],
    scratch: Path,
    limits: Limits,
    progress: Progress,
) -> Iterator[tuple[str, Treatment, tuple[Path, Path]]]:
    """Give each pair of libraries: its path, how it was pruned, where the two lie."""
    by_path = {path: (key, wanted[key]) for path, key in visible_keys(old) if key in wanted}
    matched = {
        path: (key, (new.visible[path].layer, new.visible[path].index), treatment)
        for path, (key, treatment) in by_path.items()
        if path in new.visible and new.visible[path].entry.type == "file"
    }
    both = sorted({(key[0], to[0]) for key, to, _ in matched.values()})
    pairs = {
        each: {key[1]: (path, to[1]) for path, (key, to, _) in matched.items() if (key[0], to[0]) == each}
        for each in both
    }
    todo = sum(
        bytes_read(old.layers[one], here) + bytes_read(new.layers[two], [to for _, to in here.values()])
        for (one, two), here in pairs.items()
    )
    folders = [scratch / "old", scratch / "new"]
    for folder in folders:
        folder.mkdir()
    with progress.task("comparing pruned libraries", todo) as task:
        for (one, two), here in pairs.items():
            there = [to for _, to in here.values()]
            befores = LayerFiles(old.image.layers[one], old.layers[one], limits, task).files(here, folders[0])
            afters = LayerFiles(new.image.layers[two], new.layers[two], limits, task).files(there, folders[1])
            waiting: dict[int, Path] = {}
            with closing(befores), closing(afters):
                for index, before in befores:
                    path, to = here[index]
                    while to not in waiting:
                        found, place = next(afters)
                        waiting[found] = place
                    after = waiting.pop(to)
                    yield path, matched[path][2], (before, after)
                    before.unlink()
                    after.unlink()
