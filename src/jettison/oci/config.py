"""Configs: platform, layers' diff_ids, history and what a container runs (OCI image-spec, config.md)."""

from functools import partial
from typing import Any

from jettison.errors import BadInputError, RefusedError
from jettison.oci import fields
from jettison.oci.digest import check_digest, sha256
from jettison.oci.document import load_document
from jettison.oci.image import Config, Document, History, Platform, Process
from jettison.oci.manifest import LAYERS_LIMIT
from jettison.oci.platform import read_platform

HISTORY_LIMIT = 10_000
NOWHERE = Platform("", "")
UNREADABLE = Config(b"", "", {}, NOWHERE, (), (), Process())
"""Stands for a config that cannot be read, where that is forgiven."""
_KEYS = ("architecture", "os", "variant", "config", "rootfs", "history", "created", "author")
_PROCESS_KEYS = (
    "Entrypoint",
    "Cmd",
    "Env",
    "User",
    "WorkingDir",
    "ExposedPorts",
    "Healthcheck",
    "Labels",
    "StopSignal",
    "Volumes",
)


def read_config(raw: bytes, where: str, forgive: fields.Forgive = fields.insist) -> Config:
    """Read an image config.

    Args:
        raw: its bytes.
        where: for the error.
        forgive: takes what is wrong with a part; when it returns, that part is empty.

    Raises:
        BadInputError: it is malformed: a field of the wrong type, no ``rootfs``, a diff_id that is none.
        RefusedError: it is for another operating system than Linux, or a diff_id is not sha256.
    """
    document = load_document(raw, where)
    fields.attempt(lambda: fields.check_case(document, _KEYS, where), None, forgive)
    return Config(
        raw=raw,
        digest=sha256(raw),
        document=document,
        platform=fields.attempt(lambda: _platform(document, where), NOWHERE, forgive),
        diff_ids=fields.attempt(lambda: _diff_ids(document, where, forgive), (), forgive),
        history=fields.attempt(lambda: _history(document, where), (), forgive),
        process=fields.attempt(lambda: _process(document, where), Process(), forgive),
    )


def _platform(document: Document, where: str) -> Platform:
    platform = read_platform(document, where) or NOWHERE
    if not platform.os or not platform.architecture:
        raise BadInputError(f"{where}: os or architecture is missing")
    if platform.os != "linux":
        raise RefusedError(f"{where} is for {platform.os[:40]!r}; only Linux images are read")
    return platform


def instructions(config: Config, layers: int) -> tuple[str, ...]:
    """Return the instruction that made each layer, from the history.

    Args:
        config: of the image.
        layers: how many the image has.

    Returns:
        One string a layer, lowest first; all empty when the history is absent or counts another number of layers.
    """
    made = tuple(entry.created_by for entry in config.history if not entry.empty_layer)
    return made if len(made) == layers else ("",) * layers


def _diff_ids(document: Document, where: str, forgive: fields.Forgive) -> tuple[str, ...]:
    rootfs = fields.mapping(document, "rootfs", where)
    fields.check_case(rootfs, ("type", "diff_ids"), f"{where}: rootfs")
    if rootfs.get("type") != "layers":
        raise BadInputError(f"{where}: rootfs is missing, or its type is not 'layers'")
    values = fields.items(rootfs, "diff_ids", f"{where}: rootfs")
    if len(values) > LAYERS_LIMIT:
        raise BadInputError(f"{where}: more than {LAYERS_LIMIT} diff_ids")
    return tuple(
        fields.attempt(partial(check_digest, value, f"{where}: diff_ids[{index}]"), "", forgive)
        for index, value in enumerate(values)
    )


def _history(document: Document, where: str) -> tuple[History, ...]:
    entries = fields.items(document, "history", where)
    if len(entries) > HISTORY_LIMIT:
        raise BadInputError(f"{where}: more than {HISTORY_LIMIT} history entries")
    return tuple(_history_entry(value, f"{where}: history[{index}]") for index, value in enumerate(entries))


def _history_entry(value: Any, where: str) -> History:
    entry = fields.an_object(value, where)
    return History(
        created_by=fields.text(entry, "created_by", where),
        created=fields.text(entry, "created", where),
        comment=fields.text(entry, "comment", where),
        empty_layer=fields.flag(entry, "empty_layer", where),
    )


def _process(document: Document, where: str) -> Process:
    where = f"{where}: config"
    process = fields.mapping(document, "config", where)
    fields.check_case(process, _PROCESS_KEYS, where)
    healthcheck = fields.mapping(process, "Healthcheck", where)
    return Process(
        entrypoint=fields.texts(process, "Entrypoint", where),
        cmd=fields.texts(process, "Cmd", where),
        env=_env(process, where),
        user=fields.text(process, "User", where),
        workdir=fields.text(process, "WorkingDir", where),
        exposed_ports=tuple(fields.mapping(process, "ExposedPorts", where)),
        healthcheck=fields.texts(healthcheck, "Test", f"{where}: Healthcheck"),
        labels=fields.string_map(process, "Labels", where) or None,
        stop_signal=fields.text(process, "StopSignal", where),
        volumes=tuple(fields.mapping(process, "Volumes", where)),
    )


def _env(process: Document, where: str) -> tuple[str, ...]:
    env = fields.texts(process, "Env", where)
    for item in env:
        if item.startswith("="):
            raise BadInputError(f"{where}: Env: {item[:80]!r} has no name")
    return env
