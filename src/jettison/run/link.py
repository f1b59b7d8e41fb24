"""An image behind a link: served to this machine's loopback at the speed of a network, as far as the machine allows."""

import json
import os
import select
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, Literal, cast

from jettison.errors import MachineError
from jettison.oci.image import Image
from jettison.sources.blobs import contents_of

How = Literal["shaped", "paced", "unshaped"]
_START_LIMIT = 60.0
# as for the sandbox's agent: neither the user's environment nor site-packages is looked at
_BOOT = "import sys; sys.path.append(sys.argv[1]); from jettison.run.depot import main; main()"
_HOME = str(Path(__file__).parents[2])


@dataclass(frozen=True, slots=True)
class Shape:
    """How slow a link is.

    Attributes:
        bandwidth: bytes a second; 0 for as fast as this machine is.
        rtt: seconds of a round trip that are added.
        really: shape it in network namespaces where the machine allows; else it is paced by the sender.
    """

    bandwidth: int = 0
    rtt: float = 0.0
    really: bool = True


@dataclass(frozen=True, slots=True)
class Link:
    """A registry with one image behind a link.

    Attributes:
        host: where it listens, ``127.0.0.1:PORT``; every repository and tag there is the image.
        how: what makes it slow.
        notes: what could not be done as asked.
    """

    host: str
    how: How
    notes: tuple[str, ...]


@contextmanager
def linked(image: Image, shape: Shape) -> Iterator[Link]:
    """Serve an image for a block; afterwards nothing of the link is left, nor after a crash.

    Args:
        image: what to serve; blobs are sent from where they lie.
        shape: of the link.

    Raises:
        MachineError: the process that serves does not start.
    """
    argv = [sys.executable, "-I", "-S", "-c", _BOOT, _HOME]
    with subprocess.Popen(  # noqa: S603 -- this Python and this package
        argv,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        start_new_session=True,  # Ctrl-C is for Jettison, which ends it
        env={"LC_ALL": "C.UTF-8", "PATH": os.environ.get("PATH", "")},
    ) as process:
        try:
            told = _start(process, image, shape)
            yield Link(f"127.0.0.1:{told['port']}", told["how"], tuple(told["notes"]))
        finally:
            process.kill()


def _start(process: subprocess.Popen[bytes], image: Image, shape: Shape) -> dict[str, Any]:
    contents = contents_of(image)
    made = contents.image
    where = {layer.descriptor.digest: layer.blob for layer in contents.layers}
    blobs = {digest: [os.path.abspath(one.path), one.offset, one.size] for digest, one in where.items()}
    stdin, stdout = cast("IO[bytes]", process.stdin), cast("IO[bytes]", process.stdout)
    asked = {
        "manifest": made.manifest.decode("latin-1"),
        "media_type": made.manifest_media_type,
        "digest": made.manifest_digest,
        "config": [made.config.digest, made.config.raw.decode("latin-1")],
        "blobs": blobs,
        "rate": shape.bandwidth,
        "rtt": shape.rtt,
        "shape": shape.really,
    }
    stdin.write(json.dumps(asked).encode() + b"\n")
    stdin.flush()
    line = stdout.readline() if select.select([stdout], [], [], _START_LIMIT)[0] else b""
    if not line:
        process.kill()
        said = cast("IO[bytes]", process.stderr).read(100_000).decode(errors="replace").strip()
        raise MachineError(f"the registry for the measurement does not start: {said[-300:] or 'no answer'}")
    told: dict[str, Any] = json.loads(line)
    return told
