"""One blob on its way into a registry: not at all where it is there, mounted where a neighbour has it, else sent.

Distribution-spec, "Pushing blobs": a session is opened with POST, the bytes go with PATCH, and PUT closes it with the
digest. All bytes go in one PATCH, as Docker sends them; when the line breaks, the registry is asked how far it came,
and is sent the rest. Where it does not say, the blob begins again.
"""

import contextlib
import hashlib
import re
from collections.abc import Iterator
from dataclasses import dataclass
from threading import Event
from typing import Literal
from urllib.parse import urlencode

from jettison.errors import BadInputError, MachineError
from jettison.oci.image import Descriptor, Extent
from jettison.progress import Task
from jettison.sources.extent import pieces
from jettison.sources.registry.client import (
    ACCEPTED,
    CREATED,
    NO_CONTENT,
    NOT_FOUND,
    OK,
    NoEntryError,
    Registry,
    asked,
    place_of,
)
from jettison.sources.registry.documents import refusal
from jettison.sources.registry.homes import home_of, remember_home
from jettison.sources.registry.together import StoppedError

_NOTHING = {"Content-Length": "0"}
How = Literal["there", "mounted", "sent"]
_RANGE = re.compile(r"(?:bytes=)?0-(\d{1,15})\Z")


@dataclass(frozen=True, slots=True)
class Cargo:
    """A blob to send.

    Attributes:
        descriptor: digest and size, as the manifest says.
        content: where its bytes lie, or they themselves.
    """

    descriptor: Descriptor
    content: Extent | bytes


class _BrokenError(Exception):
    """The session is over or unsure; another try may do."""


def has_blob(registry: Registry, descriptor: Descriptor) -> bool:
    """Ask whether the repository has a blob.

    Raises:
        BadInputError: it has one of this digest and another size.
        MachineError: it cannot be reached.
    """
    with asked(registry, f"blobs/{descriptor.digest}", {}, method="HEAD") as response:
        if response.status != OK:
            return False
        said = response.headers.get("Content-Length", "")
    if said.isdecimal() and int(said) != descriptor.size:
        raise BadInputError(f"{_where(registry, descriptor)}: the registry has {said} bytes of it")
    return True


def upload(registry: Registry, cargo: Cargo, task: Task, stop: Event) -> How:
    """Bring a blob into the repository.

    Args:
        registry: whom to give it.
        cargo: the blob.
        task: told the bytes that are there then.
        stop: set when the work is to end.

    Returns:
        How it came there.

    Raises:
        BadInputError: the bytes are not what the descriptor says, or the registry refuses them.
        MachineError: the registry does not take it.
    """
    job = _Job(registry, cargo, task, stop)
    descriptor, patience = cargo.descriptor, registry.patience
    reason = ""
    for attempt in range(patience.tries):
        if stop.is_set():
            raise StoppedError
        if has_blob(registry, descriptor):
            task.advance(descriptor.size)
            return "sent" if attempt else "there"  # the answer to an earlier try was lost
        place = _open_session(job)
        if not place:
            task.advance(descriptor.size)
            return "mounted"
        try:
            _close_session(job, _send(job, place))
        except _BrokenError as error:
            reason = str(error)
            if attempt + 1 < patience.tries:
                patience.wait(attempt, stop)
            continue
        remember_home(registry.host, descriptor.digest, registry.repository)
        return "sent"
    raise MachineError(f"{_where(registry, descriptor)}: {reason}", hint="try again: what is there is not sent again")


@dataclass(frozen=True, slots=True)
class _Job:
    """One blob to send."""

    registry: Registry
    cargo: Cargo
    task: Task
    stop: Event


def _where(registry: Registry, descriptor: Descriptor) -> str:
    return f"{registry.host}/{registry.repository}: blob {descriptor.digest}"


def _open_session(job: _Job) -> str:
    """Return the address of a session; empty when the blob was mounted instead."""
    registry, digest = job.registry, job.cargo.descriptor.digest
    home = home_of(registry.host, digest)
    if home and home in registry.beside:
        mount = urlencode({"mount": digest, "from": home})
        with (
            contextlib.suppress(NoEntryError),  # this user may push here, and not read there: then it is sent
            asked(registry, f"blobs/uploads/?{mount}", _NOTHING, method="POST") as response,
        ):
            if response.status == CREATED:
                return ""
            if response.status == ACCEPTED:
                return place_of(registry.root, response)
    with asked(registry, "blobs/uploads/", _NOTHING, method="POST") as response:
        if response.status != ACCEPTED:
            where = _where(registry, job.cargo.descriptor)
            raise BadInputError(f"{where}: the registry takes no upload: {refusal(response.status, response)}")
        return place_of(registry.root, response)


class _Flow:
    """The bytes of a blob on their way, counted, and hashed as far as they went in order."""

    def __init__(self, job: _Job) -> None:
        self._job = job
        self.hash = hashlib.sha256()
        self.hashed = 0
        self.gone = 0

    def pieces(self, start: int) -> Iterator[bytes | memoryview]:
        """Give the bytes from ``start`` on."""
        self._job.task.advance(start - self.gone)
        self.gone = start
        content = self._job.cargo.content
        if isinstance(content, bytes):
            rest: Iterator[bytes | memoryview] = iter((content[start:],) if content[start:] else ())
        else:
            rest = pieces(Extent(content.path, content.offset + start, content.size - start))
        for piece in rest:
            if self._job.stop.is_set():
                raise StoppedError
            ahead = self.gone + len(piece) - self.hashed
            if ahead > 0:  # after a break, what was sent before is sent, and not hashed, again
                self.hash.update(memoryview(piece)[len(piece) - ahead :])
                self.hashed += ahead
            yield piece
            self.gone += len(piece)
            self._job.task.advance(len(piece))


def _send(job: _Job, place: str) -> str:
    """Send the bytes, and return the address that closes the session."""
    flow = _Flow(job)
    try:
        return _send_all(job, flow, place)
    except BaseException:
        job.task.advance(-flow.gone)
        raise


def _send_all(job: _Job, flow: _Flow, place: str) -> str:
    start, descriptor = 0, job.cargo.descriptor
    for _ in range(job.registry.patience.tries):
        closing = _patch(job, flow, place, start)
        actual = f"sha256:{flow.hash.hexdigest()}"
        if flow.hashed == descriptor.size and actual != descriptor.digest:
            raise BadInputError(f"{_where(job.registry, descriptor)}: its bytes have the digest {actual}")
        if closing:
            return closing
        place, start = _progress_of(job, flow, place)
        if start == descriptor.size == flow.hashed:  # all came; only the answer was lost
            return place
    raise _BrokenError("the line breaks again and again")


def _patch(job: _Job, flow: _Flow, place: str, start: int) -> str:
    """Send bytes from ``start`` on; return where to go on, or nothing when the line broke."""
    size = job.cargo.descriptor.size
    headers = {"Content-Type": "application/octet-stream", "Content-Length": str(size - start)}
    if start:
        headers["Content-Range"] = f"{start}-{size - 1}"
    try:
        with asked(
            job.registry, place, headers, method="PATCH", body=lambda: flow.pieces(start), once=True
        ) as response:
            if response.status in (ACCEPTED, NO_CONTENT):
                return place_of(place, response)
            raise _BrokenError(f"the registry answers {refusal(response.status, response)}")
    except NoEntryError:
        raise
    except MachineError:
        return ""


def _progress_of(job: _Job, flow: _Flow, place: str) -> tuple[str, int]:
    """Ask how far a session came, and return where and with which byte to go on."""
    with asked(job.registry, place, {}, method="GET") as response:
        match = _RANGE.match(response.headers.get("Range", ""))
        if response.status != NO_CONTENT or not match:
            raise _BrokenError("the line broke, and the registry does not say how far the blob came")
        came = int(match[1]) + 1 if match[1] != "0" else 0  # 0-0 is said of nothing at all
        there = place_of(place, response) if response.headers.get("Location") else place
    if came > flow.hashed:
        raise _BrokenError("the registry says that it has more of the blob than was sent")
    return there, came


def _close_session(job: _Job, place: str) -> None:
    descriptor = job.cargo.descriptor
    url = f"{place}{'&' if '?' in place else '?'}{urlencode({'digest': descriptor.digest})}"
    headers = {"Content-Type": "application/octet-stream", "Content-Length": "0"}
    try:
        with asked(job.registry, url, headers, method="PUT") as response:
            if response.status in (OK, CREATED, NO_CONTENT):
                said = response.headers.get("Docker-Content-Digest", "")
                if said and said != descriptor.digest:
                    raise BadInputError(f"{_where(job.registry, descriptor)}: the registry took it as {said[:80]}")
                return
            if response.status == NOT_FOUND:
                raise _BrokenError("the registry has forgotten the upload")
            raise BadInputError(
                f"{_where(job.registry, descriptor)}: the registry refuses it: {refusal(response.status, response)}"
            )
    except NoEntryError:
        raise
    except MachineError as error:
        raise _BrokenError(error.message) from error
