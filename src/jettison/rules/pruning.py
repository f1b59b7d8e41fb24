"""Which libraries may have parts taken out."""

from collections.abc import Iterator

from jettison.elf.facts import ElfFacts
from jettison.files.record import File
from jettison.rules.inside import never
from jettison.rules.record import Case

_SET_ID = 0o6000


def prunable(case: Case) -> Iterator[tuple[File, ElfFacts]]:
    """Give the libraries and programs that may be changed, with their facts.

    Left alone are files with other names (hard links) and copies of the same content, which are better linked; set-id
    programs; files with extended attributes, which may sign their content; and what apk and conda packages own, as
    their records are not rewritten.
    """
    table = case.scene.table
    linked = set(table.inodes.values())
    digests: dict[str, int] = {}
    for file in table.visible.values():
        digests[file.entry.digest] = digests.get(file.entry.digest, 0) + 1
    for file in case.left():
        entry, facts = file.entry, table.elfs.get((file.layer, file.index))
        if facts is None or facts.type not in ("dyn", "exec") or facts.bits != 64:  # noqa: PLR2004 -- bits
            continue
        plain = entry.type == "file" and not entry.mode & _SET_ID and not entry.xattrs
        alone = (file.layer, file.index) not in linked and digests[entry.digest] == 1
        held = file.path in case.scene.held or file.owner.startswith(("apk:", "conda:")) or never(file.path)
        if plain and alone and not held:
            yield file, facts
