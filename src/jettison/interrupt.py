"""Ctrl-C, SIGTERM and SIGHUP end the work once, never amid a step that must be whole, and never the clean-up.

A signal's KeyboardInterrupt comes up wherever the main thread happens to be: also between two renames that belong
together, and in the clean-up after the signal before it. So there is one owner of these signals, in three moods:

- in a block under :class:`deferred` a signal is noted, and raised when the block is left;
- while a KeyboardInterrupt is on its way out, another signal changes nothing;
- else it is raised at once.

A run that has put its output in place says so (:func:`done`); what is noted then is told, not raised.

Nothing here acts before :func:`owned` does, which only the command line calls, nor in any thread but the main one: a
program that calls :mod:`jettison.api` keeps its signals.
"""

import os
import signal
import sys
from _thread import get_ident
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

_ENDING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
_INTERRUPTED = 130  # as shells say it: 128 and the number of SIGINT


@dataclass(slots=True)
class _State:
    """What the handlers go by; there is one, as signals belong to the process.

    Attributes:
        thread: the one that owns the signals; 0 while nobody does.
        deferred: whether a signal is noted only.
        noted: whether one was.
        place: what was put in place; empty until then.
        code: exit code for a signal when nothing can be left behind any more.
    """

    thread: int = 0
    deferred: bool = False
    noted: bool = False
    place: str = ""
    code: int = _INTERRUPTED


_state = _State()


def leave_at_once() -> None:
    """Make Ctrl-C end the process without a word, for the time in which it has nothing to clean up."""
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:  # else it is ignored, as behind a shell's &
        signal.signal(signal.SIGINT, _leave)


def ignore() -> None:
    """Ignore the signals from now on: the interpreter, as it ends, would make them deadly again, and hide the code."""
    for number in _ENDING:
        signal.signal(number, signal.SIG_IGN)


def _leave(_number: int, _frame: object) -> None:
    os._exit(_state.code)


@contextmanager
def owned() -> Iterator[None]:
    """Own the signals for a block, which begins as under :class:`deferred`; signals that are ignored stay so."""
    _state.deferred, _state.noted, _state.place, _state.code = True, False, "", _INTERRUPTED
    _state.thread = get_ident()
    before = {}
    try:
        for number in _ENDING:
            if signal.getsignal(number) is not signal.SIG_IGN:
                before[number] = signal.signal(number, _interrupt)
    except ValueError:  # not the main thread: the caller owns the signals
        _state.thread = 0
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
        _state.thread = 0


def _interrupt(_number: int, _frame: object) -> None:
    if _state.deferred:
        _state.noted = True
    elif not _on_its_way():
        raise KeyboardInterrupt


def _on_its_way() -> bool:
    """Return whether the code that a signal came upon handles a KeyboardInterrupt: it cleans up.

    The interpreter is asked, and no flag kept: an interrupt that is lost (raised where exceptions are ignored, as in a
    weak reference's callback) leaves no trace, so that the next one ends the work.
    """
    error = sys.exc_info()[1]
    while error is not None and not isinstance(error, KeyboardInterrupt):
        error = error.__context__
    return error is not None


class _Mood:
    """A block in which signals are deferred, or not; afterwards all is as it was before."""

    __slots__ = ("_before", "_mine")

    def __enter__(self) -> None:
        self._mine = _state.thread == get_ident()
        self._before = _state.deferred

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        if self._mine:
            _state.deferred = self._before
            if kind is None:
                _raise_noted()


class deferred(_Mood):  # noqa: N801 -- reads as the block's adverb
    """A block that signals do not break; one that came meanwhile is raised when the outermost is left."""

    __slots__ = ()

    def __enter__(self) -> None:
        super().__enter__()
        if self._mine:
            _state.deferred = True


class allowed(_Mood):  # noqa: N801 -- as above
    """A block inside a deferred one that signals do break: for work between making a place and removing it."""

    __slots__ = ()

    def __enter__(self) -> None:
        super().__enter__()
        if self._mine:
            _state.deferred = False
            _raise_noted()


def _raise_noted() -> None:
    if _state.noted and not _state.deferred and not _state.place:
        _state.noted = False
        raise KeyboardInterrupt


def done(place: str) -> None:
    """Say, in a deferred block, that the run's output is in its place: from now on the run counts as done."""
    _state.place = place


def goes_on() -> None:
    """Say that what was put in place was a step only: an interruption from now on ends the run as if it were not."""
    _state.place = ""
    _raise_noted()


def place_done() -> str:
    """Return what was put in place; empty when nothing was."""
    return _state.place


def came() -> bool:
    """Return whether a signal came that was not raised."""
    return _state.noted


def settle(code: int) -> None:
    """Say what the process exits with: a signal that comes while it ends changes that no more."""
    _state.code = code
