"""What ``jettison copy`` says."""

from jettison.report.blocks import Blocks, Heading, Paragraph
from jettison.report.units import counted, seconds_text, size_text
from jettison.sources.transfer import CopyResult

_WORDS = {"written": "written", "sent": "sent", "mounted": "mounted from another repository", "there": "there already"}


def copy_blocks(record: CopyResult) -> Blocks:
    """Return what was copied, and how."""
    parts = []
    for how, words in _WORDS.items():
        found = [one for one in record.blobs if one.how == how]
        if found:
            parts.append(f"{counted(len(found), 'blob')} {words} ({size_text(sum(one.size for one in found))})")
    papers = f" With it: {', '.join(record.papers)}." if record.papers else ""
    made = " It was made here." if record.made else ""
    text = f"{'; '.join(parts)}, in {seconds_text(record.seconds)}. Manifest {record.digest}.{made}{papers}"
    notes = (Paragraph(note[0].upper() + note[1:] + ".") for note in record.notes)
    return Heading(f"{record.source} → {record.out}"), Paragraph(text), *notes
