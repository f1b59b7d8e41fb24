"""From system calls to what was done to the image's paths: working directories, roots and symlinks followed."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from jettison.files.folders import folders_of
from jettison.files.record import File
from jettison.files.resolve import walk
from jettison.layers.entry import Entry
from jettison.run.pyhook import imported
from jettison.run.trace.calls import (
    CALLS,
    LINKING,
    MAKING,
    TARGET_ONLY,
    Named,
    Shape,
    command_line,
    follows,
    mapped,
    named,
    opened_how,
)
from jettison.run.trace.record import HOWS, MOST_MISSING, Access, Gpu, How, TracedImport, TracedProcess, joined
from jettison.run.trace.strace import Call

_MOST_RANGES = 10_000
_MOST_PROCESSES = 100_000
_MOST_FOUND = 500_000  # look-ups whose outcome is kept
_IN_FOLDER = frozenset({"create", "write", "rename", "delete"})  # what is done to the folder as well
_NOT_THERE = frozenset({"ENOENT", "ENOTDIR"})
_GPU_DEVICES = ("dev/nvidia", "dev/dxg", "dev/kfd", "dev/dri/")
_DRIVERS = ("libcuda.so", "libnvidia-ml.so", "libamdhip64.so")
_FREE = {"dev", "proc", "sys"}  # the kernel's, whatever the image has there


@dataclass(slots=True)
class _Place:
    """Where a process is: its working directory and its root, real paths, shared by threads."""

    cwd: str
    root: str = ""


@dataclass(slots=True)
class _Seen:
    """What was done to a path so far."""

    how: set[How]
    process: int
    seconds: float
    ranges: list[tuple[int, int]] = field(default_factory=list)
    most: int = _MOST_RANGES


class Follower:
    """Follows the calls of one run.

    Args:
        visible: what the image has, by path.
        workdir: where its commands start.
        began: when the run did, seconds since the epoch.
    """

    def __init__(self, visible: Mapping[str, File], workdir: str, began: float) -> None:
        self._visible = visible
        self._folders = folders_of(visible)
        self._began = began
        self._workdir = workdir.strip("/")
        self._places: dict[int, _Place] = {}
        self._guessed: dict[int, str] = {}  # the first directory of processes whose maker is not known yet
        self._links: dict[str, str] = {}  # symlinks that were made meanwhile
        self._making: dict[int, str] = {}  # arguments of calls that make a process and have not returned yet
        self._index: dict[int, int] = {}
        self._processes: list[TracedProcess] = []
        self._found: dict[tuple[str, str, str, bool], tuple[tuple[str, ...], str | None]] = {}
        self._seen: dict[str, _Seen] = {}
        self._missing: dict[str, set[How]] = {}
        self._imports: dict[str, TracedImport] = {}
        self._gpu: set[Gpu] = set()
        self.problems: dict[str, int] = {}
        self.events = 0
        self.last = 0.0

    def take(self, call: Call) -> None:
        """Follow one call; of a process, in the order in which they returned."""
        self.events += 1
        self.last = max(self.last, call.time - self._began)
        place = self._place(call.pid)
        if call.name == "+making":
            self._making[call.pid] = call.arguments
        elif call.name == "+became":
            self._became(call.pid, int(call.arguments))
        elif call.name in MAKING:
            self._making.pop(call.pid, None)
            self._made(call.pid, call.result or 0, call.arguments)
        elif call.name in ("+exit", "+killed"):
            self._places.pop(call.pid, None)  # ids are used again
            self._guessed.pop(call.pid, None)
            self._making.pop(call.pid, None)  # it was killed while it made another
        elif call.name == "mmap":
            self._mapped(call)
        elif call.name == "io_uring_setup" and call.result is not None and call.result >= 0:
            self._problem("io_uring was used: what it opens is not seen")
        elif call.name == "open_by_handle_at" and call.path:
            self._note(call, call.path.lstrip("/"), "open")
        elif shape := CALLS.get(call.name):
            self._take(call, shape, place)

    def end(self) -> None:
        """Note that a command's record ended: its processes are gone, and another's may have their ids."""
        for known in (self._places, self._making, self._guessed):
            known.clear()

    # --- processes ----------------------------------------------------------------------------------------------------

    def _place(self, pid: int) -> _Place:
        """Return where a thread is; one whose maker's call has not returned yet is where that maker is."""
        if pid not in self._places:
            if self._making:
                places = {(self._places[maker].cwd, self._places[maker].root) for maker in self._making}
                if len(places) > 1:
                    self._problem("it is not known which process made another")
                maker = next(reversed(self._making))
                if len(self._making) > 1:  # taken for a process of its own until its maker's call returns
                    self._places[pid] = _Place(self._places[maker].cwd, self._places[maker].root)
                    self._add(pid, 0)
                    self._guessed[pid] = self._places[pid].cwd
                else:
                    self._made(maker, pid, self._making[maker])
            else:  # a command that the sandbox started
                self._places[pid] = _Place(self._workdir)
                self._add(pid, 0)
        return self._places[pid]

    def _add(self, pid: int, parent: int) -> None:
        if len(self._processes) >= _MOST_PROCESSES:
            self._problem(f"more than {_MOST_PROCESSES} processes ran")
            self._index[pid] = len(self._processes) - 1
            return
        self._index[pid] = len(self._processes)
        self._processes.append(TracedProcess(pid, parent, ()))

    def _made(self, maker: int, pid: int, arguments: str) -> None:
        """Note a new process or thread, unless it is known already: it is where its maker is, or shares that."""
        if pid in self._guessed:
            self._settle(maker, pid, arguments)
            return
        if pid <= 0 or pid in self._places:
            return
        place = self._places[maker]
        self._places[pid] = place if "CLONE_FS" in arguments else _Place(place.cwd, place.root)
        if "CLONE_THREAD" in arguments:
            self._index[pid] = self._index[maker]
        else:
            self._add(pid, self._processes[self._index[maker]].pid)

    def _settle(self, maker: int, pid: int, arguments: str) -> None:
        """Correct what was taken for granted of a process that ran before its maker's call returned."""
        moved = self._places[pid].cwd != self._guessed.pop(pid)
        if "CLONE_FS" in arguments:
            if moved:
                self._problem("it is not known which process made another")
            self._places[pid] = self._places[maker]
        if "CLONE_THREAD" in arguments:
            self._index[pid] = self._index[maker]
        else:
            number, parent = self._index[pid], self._processes[self._index[maker]].pid
            self._processes[number] = TracedProcess(pid, parent, self._processes[number].argv)

    def _became(self, pid: int, thread: int) -> None:
        """Note that a thread goes on as its process: with its own directory, which nobody shares any more."""
        place = self._places.pop(thread, None)
        if place is not None:
            self._index.setdefault(pid, self._index[thread])
            self._places[pid] = _Place(place.cwd, place.root)

    # --- calls --------------------------------------------------------------------------------------------------------

    def _mapped(self, call: Call) -> None:
        found = mapped(call)
        if found is None or not call.result or call.result < 0:
            return
        path, offset, size = found
        if seen := self._note(call, path.lstrip("/"), "map"):
            seen.ranges.append((offset, size))
            if len(seen.ranges) > seen.most:
                seen.ranges = list(joined(seen.ranges))
                seen.most = max(_MOST_RANGES, 2 * len(seen.ranges))

    def _take(self, call: Call, shape: Shape, place: _Place) -> None:
        names = named(call, shape)
        if names is None:
            if call.error != "EFAULT" and "NULL" not in call.arguments[:4]:
                self._problem("arguments of a call could not be read")
            return
        if call.name in ("chdir", "fchdir", "chroot") and not call.error:
            self._move(call, names[0], place)
        if call.name in ("execve", "execveat") and call.result == 0:
            self._executed(call)
        if not call.error and call.name in LINKING:
            self._linked(call, names, place)
        for number, (one, how) in enumerate(zip(names, shape.how, strict=True)):
            if not (call.name in TARGET_ONLY and number == 0):
                self._touch(call, one, self._how(call, how, one), place, follow=follows(shape, one.flags))

    def _how(self, call: Call, how: How, one: Named) -> How:
        return opened_how(one.flags) if how == "open" and call.name.startswith("open") else how

    def _touch(self, call: Call, one: Named, how: How, place: _Place, *, follow: bool) -> None:
        if not one.text:
            self._stands(call, one, how)
            return
        if found := imported(one.text):
            self._import(call, *found)
            return
        if not one.known and not one.text.startswith("/"):
            self._problem("a path is relative to a descriptor that was not resolved")
            return
        links, real = self._locate(one, place, follow=follow)
        for link in links:
            self._note(call, link, "readlink")
        if call.error in _NOT_THERE:
            self._miss(call, real, how)
        elif real is not None:
            self._note(call, real, how)
            self._driver(real)
            if how in _IN_FOLDER:
                self._note(call, real.rpartition("/")[0], "write")
        if call.path.startswith("/"):
            self._note(call, call.path.lstrip("/"), how)

    def _stands(self, call: Call, one: Named, how: How) -> None:
        """Note what is done to what a descriptor stands for: it was opened before."""
        if call.error or how == "stat":
            return
        if one.base.startswith("/"):
            self._note(call, one.base.lstrip("/"), how)
        elif not one.known:
            self._problem("what a descriptor stands for was not resolved")

    def _locate(self, one: Named, place: _Place, *, follow: bool) -> tuple[tuple[str, ...], str | None]:
        base = (one.base if one.base.startswith("/") else f"/{place.cwd}").lstrip("/")
        key = (base, place.root, one.text, follow)
        if key not in self._found:
            if len(self._found) >= _MOST_FOUND:
                self._found.clear()
            links: list[str] = []
            self._found[key] = (), None
            real = self._walk(base, place.root, one.text, links, follow=follow)
            self._found[key] = tuple(links), real
        return self._found[key]

    def _walk(self, base: str, root: str, text: str, links: list[str], *, follow: bool) -> str | None:
        path = text if text.startswith("/") else f"/{base.removeprefix(root).lstrip('/')}/{text}"
        if path.startswith(("/proc/self/", "/proc/thread-self/")):
            rest = path.removeprefix("/proc/").partition("/")[2]
            name, _, behind = rest.partition("/")
            if name not in ("cwd", "root"):
                return None  # exe, fd and the like: what they lead to was executed or opened before
            start = f"/{base.removeprefix(root).lstrip('/')}" if name == "cwd" else ""
            path = f"{start}/{behind}"
        head, _, last = path.rstrip("/").rpartition("/")
        if follow or last in ("", ".", "..") or path.endswith("/"):
            return walk(self._entry, path, root=root, links=links)
        parent = walk(self._entry, head, root=root, links=links)
        return None if parent is None else f"{parent}/{last}".lstrip("/")

    def _entry(self, path: str) -> Entry | None:
        if path in self._links:
            return Entry(path, "symlink", 0, 0o777, 0, 0, 0, self._links[path], "", (0, 0), (), 0, 0, 0)
        file = self._visible.get(path)
        return file.entry if file else None

    def _linked(self, call: Call, names: list[Named], place: _Place) -> None:
        """Note symlinks that are made, renamed and deleted while the workload runs: later paths lead through them."""
        paths = [self._locate(one, place, follow=False)[1] for one in names]
        if call.name in TARGET_ONLY:
            if paths[1] is not None and len(self._links) < MOST_MISSING:
                self._links[paths[1]] = names[0].text
                self._found.clear()
        elif paths[0] is not None and (target := self._links.pop(paths[0], None)):
            if len(paths) > 1 and paths[1] is not None:
                self._links[paths[1]] = target
            self._found.clear()

    def _move(self, call: Call, one: Named, place: _Place) -> None:
        """Note that a process changes its working directory or its root."""
        if not one.text:
            real: str | None = one.base.lstrip("/") if one.base else None
        else:
            real = self._locate(one, place, follow=True)[1]
        if real is None:
            self._problem(f"{call.name} could not be followed")
        elif call.name == "chroot":
            place.root = real
        else:
            place.cwd = real

    def _executed(self, call: Call) -> None:
        number = self._index[call.pid]
        before = self._processes[number]
        self._processes[number] = TracedProcess(before.pid, before.parent, command_line(call))

    # --- what is found ------------------------------------------------------------------------------------------------

    def _note(self, call: Call, path: str, how: How) -> _Seen | None:
        if (path not in self._visible and path not in self._folders) or path.partition("/")[0] in _FREE:
            return None
        seen = self._seen.get(path)
        if seen is None:
            seen = _Seen({how}, self._index[call.pid], max(0.0, call.time - self._began))
            self._seen[path] = seen
        seen.how.add(how)
        return seen

    def _import(self, call: Call, module: str, by: str) -> None:
        if module not in self._imports and len(self._imports) < MOST_MISSING:
            seconds = round(max(0.0, call.time - self._began), 6)
            self._imports[module] = TracedImport(by, 0, self._index[call.pid], seconds)

    def _miss(self, call: Call, path: str | None, how: How) -> None:
        if path is not None:
            self._note(call, path, "stat")  # it is there, and something else was not: an interpreter, a target
        if path is None or path.partition("/")[0] in _FREE:
            if path and path.startswith(_GPU_DEVICES):
                self._gpu.add("missing")
            return
        if path.rpartition("/")[2].startswith(_DRIVERS):
            self._gpu.add("missing")
        if path in self._missing or len(self._missing) < MOST_MISSING:
            self._missing.setdefault(path, set()).add(how)
        else:
            self._problem(f"more than {MOST_MISSING} paths were asked for in vain")

    def _driver(self, path: str) -> None:
        if path.startswith(_GPU_DEVICES):
            used = (
                path.startswith(("dev/nvidia-uvm", "dev/kfd", "dev/dxg")) or path.removeprefix("dev/nvidia").isdigit()
            )
            self._gpu.add("used" if used else "visible")

    def _problem(self, text: str) -> None:
        self.problems[text] = self.problems.get(text, 0) + 1

    # --- the result ---------------------------------------------------------------------------------------------------

    def gpu(self) -> Gpu:
        """Return what was seen of a GPU."""
        order: tuple[Gpu, ...] = ("used", "visible", "missing")
        return next((word for word in order if word in self._gpu), "none")

    def processes(self) -> tuple[TracedProcess, ...]:
        """Return the processes, in the order of their first event."""
        return tuple(self._processes)

    def accesses(self, run: int) -> dict[str, Access]:
        """Return what was done, by path, in the order of the first time.

        Args:
            run: index of the run.
        """
        found = sorted(self._seen.items(), key=lambda item: (item[1].seconds, item[0]))
        return {
            path: Access(
                tuple(word for word in HOWS if word in seen.how), run, seen.process, round(seen.seconds, 6),
                joined(seen.ranges),
            )
            for path, seen in found
        }  # fmt: skip

    def imports(self) -> dict[str, TracedImport]:
        """Return the Python modules that were looked for, by name, in the order of the first time."""
        return dict(sorted(self._imports.items(), key=lambda item: (item[1].seconds, item[0])))

    def missing(self) -> dict[str, tuple[How, ...]]:
        """Return what was asked for and is not there, by path."""
        return {path: tuple(word for word in HOWS if word in how) for path, how in sorted(self._missing.items())}
