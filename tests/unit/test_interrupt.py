"""Ctrl-C at every moment of putting an output in its place: all is as before, or the output is there and whole."""

import os
import shutil
import signal
import sys
import weakref
from collections.abc import Callable, Iterator
from pathlib import Path
from types import FrameType
from typing import Any

import pytest

from jettison import interrupt, outputs, storage
from jettison.api import delivery
from jettison.api.delivery import stage_for
from jettison.outputs import whole_dir, whole_file
from jettison.storage import atomic_file, scratch_dir

WATCHED = frozenset(module.__file__ for module in (interrupt, outputs, storage, delivery)) | {shutil.__file__}
Act = Callable[[Path], None]
State = dict[str, bytes]


@pytest.fixture(autouse=True)
def _heard() -> Iterator[None]:
    """Ctrl-C is not ignored, as it is where pytest itself runs in a shell's background."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


def deliver(folder: Path) -> None:
    """Put an image with its papers in place, as slim does."""
    with stage_for(f"oci-archive:{folder / 'o'}", force=True) as stage:
        stage.image.write_bytes(b"new")
        stage.papers.mkdir()
        (stage.papers / "plan.json").write_bytes(b"new")
        stage.deliver()


def write_dir(folder: Path) -> None:
    with whole_dir(folder / "l", force=True) as made:
        (made / "blob").write_bytes(b"new")


def write_file(folder: Path) -> None:
    with whole_file(folder / "f", force=True) as file:
        file.write(b"new")


def write_own_file(folder: Path) -> None:
    with atomic_file(folder / "f", force=True) as file:
        file.write(b"new")


def use_scratch(folder: Path) -> None:
    with scratch_dir(folder) as scratch:
        (scratch / "x").touch()


def before_of(folder: Path) -> None:
    """Make what is replaced."""
    for name in ("o", "f"):
        (folder / name).write_bytes(b"old")
    for name in ("o.jettison/plan.json", "l/blob"):
        (folder / name).parent.mkdir()
        (folder / name).write_bytes(b"old")


def state_of(folder: Path) -> State:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


class Presser:
    """Presses Ctrl-C before the ``moment``-th line that runs in a watched module, and ``more`` times at the next ones.

    Args:
        moment: counted from 0.
        more: how often it is pressed again, before each line that follows.
    """

    def __init__(self, moment: int, more: int = 0) -> None:
        self.lines = 0
        self.moment, self.last = moment, moment + more

    def trace(self, frame: FrameType, event: str, _arg: object) -> "Callable[[FrameType, str, object], Any] | None":
        if frame.f_code.co_filename not in WATCHED:
            return None
        if event == "line":
            self.lines += 1
            if self.moment < self.lines <= self.last + 1:
                # without its trace the function's other lines go on, as after a real signal
                signal.raise_signal(signal.SIGINT)
        return self.trace


def press(act: Act, folder: Path, presser: Presser) -> tuple[str, int]:
    """Do ``act`` as the command line does; return how it ended, and how many lines were watched."""
    if not folder.exists():
        folder.mkdir()
        before_of(folder)
    with interrupt.owned():
        try:
            with interrupt.allowed():
                sys.settrace(presser.trace)
                try:
                    act(folder)
                finally:
                    sys.settrace(None)
        except KeyboardInterrupt:
            end = "done" if interrupt.place_done() else "interrupted"
        else:
            end = "done"
    return end, presser.lines


# a file that is interrupted on its way into a with statement is closed by the interpreter, which says so
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
@pytest.mark.parametrize("more", [0, 40])
@pytest.mark.parametrize("act", [deliver, write_dir, write_file, write_own_file, use_scratch])
def test_ctrl_c_at_every_line(tmp_path: Path, act: Act, more: int) -> None:
    """Whatever line Ctrl-C comes upon, once or again and again, the folder is as before or as after, and never both."""
    _, lines = press(act, tmp_path / "whole", Presser(sys.maxsize))
    after = state_of(tmp_path / "whole")
    (tmp_path / "before").mkdir()
    before_of(tmp_path / "before")
    before = state_of(tmp_path / "before")
    assert lines > 10
    ends = set()
    for moment in range(lines):
        folder = tmp_path / str(moment)
        end, _ = press(act, folder, Presser(moment, more))
        ends.add(end)
        found = state_of(folder)
        # a file of Jettison's own (a cache's) may be there although the run was interrupted; it is whole
        wanted = [before, after] if act is write_own_file else [after if end == "done" else before]
        assert found in wanted, (moment, end)
        assert not [name for name in os.listdir(folder) if name.startswith((".", "jettison-scratch"))], moment
        shutil.rmtree(folder)
    assert "interrupted" in ends
    assert "done" in ends or act in (write_own_file, use_scratch)


def test_a_lost_interrupt_does_not_make_the_next_one_deaf() -> None:
    """An interrupt raised where Python ignores exceptions is lost; the next Ctrl-C ends the work all the same."""

    class Thing:
        pass

    thing = Thing()
    heard = []

    def callback(_: object) -> None:
        heard.append(1)
        signal.raise_signal(signal.SIGINT)

    kept = weakref.ref(thing, callback)
    ignored = []
    hook, sys.unraisablehook = sys.unraisablehook, lambda told: ignored.append(told.exc_type)
    try:
        with interrupt.owned(), interrupt.allowed():
            del thing
            with pytest.raises(KeyboardInterrupt):
                signal.raise_signal(signal.SIGINT)
    finally:
        sys.unraisablehook = hook
    assert kept() is None
    assert (heard, ignored) == ([1], [KeyboardInterrupt])


def test_further_signals_do_not_break_the_clean_up() -> None:
    """While one interrupt is on its way out, others change nothing, also amid an error that the clean-up handles."""
    steps = []

    def work() -> None:
        try:
            signal.raise_signal(signal.SIGINT)
        finally:
            signal.raise_signal(signal.SIGTERM)
            try:
                os.stat("/none")
            except OSError:
                signal.raise_signal(signal.SIGINT)
            steps.append("cleaned")

    with interrupt.owned(), interrupt.allowed(), pytest.raises(KeyboardInterrupt):
        work()
    assert steps == ["cleaned"]


def test_nobody_owns_the_signals_of_a_program_that_calls_jettison() -> None:
    """Without the command line the caller's handlers act, in deferred blocks as well."""
    with interrupt.deferred(), pytest.raises(KeyboardInterrupt):
        signal.raise_signal(signal.SIGINT)
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler
