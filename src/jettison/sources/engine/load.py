"""An image loaded into an engine: its archive is streamed into ``load``, never laid on the disk."""

import subprocess
import tempfile
from collections.abc import Mapping
from typing import IO, Any, cast

from jettison.errors import BadInputError, UsageError
from jettison.interrupt import deferred, done
from jettison.oci.image import Image
from jettison.progress import SILENT, Progress
from jettison.sources.blobs import Contents, contents_of
from jettison.sources.engine.client import Engine, ask, failed, find_engine, inspect_image
from jettison.sources.write import stream_archive

_LAST_WORDS = 4_096


def check_name_free(engine: str, name: str, *, force: bool) -> None:
    """Refuse, before any work, a name that an engine has already.

    Raises:
        UsageError: it is there, and ``force`` is False.
        MachineError: the engine is not here, or does not answer.
    """
    if inspect_image(find_engine(engine), name) is not None and not force:
        raise UsageError(f"{engine}:{name} exists", hint="choose another name, or add --force")


def load_image(
    image: Image, engine: str, name: str, *, force: bool = False, last: bool = True, progress: Progress = SILENT
) -> str:
    """Load an image into an engine.

    Args:
        image: what to load; each blob is verified on the way.
        engine: its name.
        name: that the image shall have there, ``REPOSITORY:TAG``.
        force: take the name from an image that has it.
        last: whether the run is done with it.
        progress: told the bytes of layers sent.

    Returns:
        The image's id, as the engine says it.

    Raises:
        UsageError: the name is taken.
        BadInputError: a blob is not what its descriptor says, or the engine made another image of it.
        MachineError: the engine is not here, or refuses the image (Docker before 23 knows no zstd).
    """
    found = find_engine(engine)
    contents = contents_of(image)
    own = {contents.image.config.digest, contents.image.manifest_digest}
    before = inspect_image(found, name)
    if before is not None and id_of(before) not in own and not force:
        raise UsageError(f"{engine}:{name} exists", hint="choose another name, or add --force")
    if found.name == "podman" and not _has_host(name):
        name = f"localhost/{name}"  # as podman build names it; else it would become docker.io's
    _stream(found, contents, name, progress)
    with deferred():
        after = inspect_image(found, name)
        if after is None or id_of(after) not in own:
            raise BadInputError(f"{engine} made {id_of(after or {}) or 'nothing'} of {image.name}")
        if last:
            done(f"{engine}:{name}")
    return id_of(after)


def remove_image(engine: Engine, name: str) -> None:
    """Take a name from an engine, and the image with it when it has no other."""
    ask(engine, "rmi", name)


def id_of(known: Mapping[str, Any]) -> str:
    """Return an image's id, with its algorithm (Podman leaves that out)."""
    text = str(known.get("Id", ""))
    return text if not text or text.startswith("sha256:") else f"sha256:{text}"


def _has_host(name: str) -> bool:
    first, slash, _ = name.partition("/")
    return bool(slash) and ("." in first or ":" in first or first == "localhost")


def _stream(engine: Engine, contents: Contents, name: str, progress: Progress) -> None:
    size = sum(layer.descriptor.size for layer in contents.layers)
    with tempfile.TemporaryFile() as said, progress.task(f"load {name} into {engine.name}", size) as task:
        process = subprocess.Popen(  # noqa: S603 -- an engine
            [engine.program, "load"], stdin=subprocess.PIPE, stdout=said, stderr=said
        )
        stdin = cast("IO[bytes]", process.stdin)
        try:
            stream_archive(stdin.fileno(), contents, (name,), task, docker=True)
            stdin.close()
            code = process.wait()
        except BrokenPipeError:
            code = process.wait() or 1
        except BaseException:
            process.kill()
            process.wait()
            raise
        finally:
            stdin.close()
        if code:
            said.seek(0)
            raise failed(engine, ("load",), said.read(_LAST_WORDS))
