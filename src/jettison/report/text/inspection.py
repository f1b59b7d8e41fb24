"""What ``jettison inspect`` says."""

from collections.abc import Sequence

from jettison.files.inspection import FileSummary, Inspection, KindSummary, LayerSummary, OwnerSummary
from jettison.report.blocks import Block, Blocks, Column, Heading, Paragraph, Table, right
from jettison.report.text.gpu import architecture_blocks
from jettison.report.units import bandwidth_text, count_text, counted, seconds_text, share_text, size_text
from jettison.report.words import digest_text, instruction_text, owner_text, skip_blocks, top_rows

_SIZES = (right("files"), right("on disk"), right("in the pull"), right("share"))


def inspection_blocks(record: Inspection, *, top: int = 12) -> Blocks:
    """Return the report on an image.

    Args:
        record: what to report.
        top: rows of each table.
    """
    return (
        Heading(record.reference),
        _headline(record),
        *_owners(record, top),
        *_kinds(record, top),
        *architecture_blocks(record.gpu, top),
        *_layers(record, top),
        *_waste(record, top),
        *_files("Largest files", record.largest, top),
        *_models(record.models, top),
        *skip_blocks(record.skips, top),
    )


def _headline(record: Inspection) -> Table:
    sizes = record.sizes
    about = "about " if sizes.pull_estimated else ""
    hidden = f"of {size_text(sizes.disk_total)} in all layers; " if sizes.disk_total > sizes.disk else ""
    rows = [
        ("image", f"{digest_text(record.digest)}  {record.platform}  {record.created}".rstrip()),
        (
            "on disk",
            f"{size_text(sizes.disk)}  ({hidden}{counted(sizes.files, 'file')}, {counted(sizes.layers, 'layer')})",
        ),
        ("in the pull", f"{about}{size_text(sizes.pull)}"),
    ]
    if estimate := record.estimate:
        fetch = f"{seconds_text(estimate.pull_seconds)} to fetch at {bandwidth_text(estimate.bandwidth)}"
        unpack = f"{seconds_text(estimate.unpack_seconds)} to unpack at {size_text(estimate.unpack_speed)}/s"
        rows.append(("cold pull", f"about {fetch}, {unpack} on this machine"))
    waste = record.waste
    rows.append(("wasted", f"{size_text(waste.total)}  ({share_text(waste.total, sizes.disk_total)} of all layers)"))
    return Table((Column(""), Column("", fit="wrap")), tuple(rows))


def _owners(record: Inspection, top: int) -> tuple[Block, ...]:
    total, columns = record.ledger.disk, (Column("owner", fit="end"), Column("version", fit="end"), *_SIZES)

    def cells(row: OwnerSummary) -> tuple[str, ...]:
        return (owner_text(row.key), row.version, *_figures([row], total))

    def rest(rows: Sequence[OwnerSummary], words: str) -> tuple[str, ...]:
        return (words, "", *_figures(rows, total))

    rows = top_rows(record.owners, top, cells, rest)
    return Heading("Who owns it"), Table(columns, rows, ("all", "", *_figures(record.owners, total)))


def _kinds(record: Inspection, top: int) -> tuple[Block, ...]:
    total, columns = record.ledger.disk, (Column("kind", fit="end"), *_SIZES)
    kinds = sorted(record.kinds, key=lambda kind: (-kind.disk, -kind.pull, kind.name))

    def cells(row: KindSummary) -> tuple[str, ...]:
        return (row.name, *_figures([row], total))

    def rest(rows: Sequence[KindSummary], words: str) -> tuple[str, ...]:
        return (words, *_figures(rows, total))

    rows = top_rows(kinds, top, cells, rest)
    return Heading("What it is"), Table(columns, rows, ("all", *_figures(kinds, total)))


def _figures(rows: Sequence[OwnerSummary | KindSummary], total: int) -> tuple[str, str, str, str]:
    disk = sum(row.disk for row in rows)
    files, pull = sum(row.files for row in rows), sum(row.pull for row in rows)
    return count_text(files), size_text(disk), size_text(pull), share_text(disk, total)


def _layers(record: Inspection, top: int) -> tuple[Block, ...]:
    columns = (right("layer"), right("files"), right("on disk"), right("hidden"), right("in the pull"))
    largest = sorted(record.layers, key=lambda layer: -layer.disk)[:top]
    shown = [layer for layer in record.layers if layer in largest]
    title = "Layers" if len(shown) == len(record.layers) else f"Layers (the largest {top} of {len(record.layers)})"
    table = Table((*columns, Column("instruction", fit="end")), tuple(_layer(layer) for layer in shown))
    return Heading(title), table


def _layer(layer: LayerSummary) -> tuple[str, ...]:
    pull = ("~" if layer.pull_estimated else "") + size_text(layer.pull)
    figures = (count_text(layer.files), size_text(layer.disk), size_text(layer.hidden), pull)
    return (str(layer.index), *figures, instruction_text(layer.created_by))


def _waste(record: Inspection, top: int) -> tuple[Block, ...]:
    if not record.findings:
        return Heading("What is wasted"), Paragraph("Nothing was found.", "good")
    findings = sorted(record.findings, key=lambda finding: -finding.size)[:top]
    rows = tuple((size_text(finding.size), finding.rule, finding.message) for finding in findings)
    return Heading("What is wasted"), Table((right("on disk"), Column("rule"), Column("why", fit="wrap")), rows)


def _files(title: str, files: Sequence[FileSummary], top: int) -> tuple[Block, ...]:
    if not files:
        return ()
    with_gpu = any(file.gpu for file in files[:top])
    gpu = (right("GPU code"),) if with_gpu else ()
    columns = (right("size"), right("in the pull"), *gpu, Column("kind"), Column("path", fit="start"))
    return Heading(title), Table(columns, tuple(_file(file, with_gpu=with_gpu) for file in files[:top]))


def _file(file: FileSummary, *, with_gpu: bool) -> tuple[str, ...]:
    gpu = (size_text(file.gpu) if file.gpu else "",) if with_gpu else ()
    return (size_text(file.size), size_text(file.pull), *gpu, file.kind, "/" + file.path)


def _models(models: Sequence[FileSummary], top: int) -> tuple[Block, ...]:
    if not models:
        return ()
    rows = tuple((size_text(m.size), size_text(m.pull), m.format, "/" + m.path) for m in models[:top])
    columns = (right("size"), right("in the pull"), Column("format"), Column("path", fit="start"))
    return Heading("Model weights"), Table(columns, rows)
