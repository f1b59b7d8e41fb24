"""Blobs on their way, several at once: when one fails, or the user stops, so do the others."""

from collections.abc import Callable, Sequence
from concurrent.futures import FIRST_EXCEPTION, ThreadPoolExecutor, wait
from threading import Event
from typing import TypeVar

AT_ONCE = 4
T = TypeVar("T")
R = TypeVar("R")


class StoppedError(Exception):
    """Another blob failed, or the user pressed Ctrl-C."""


def together(work: Callable[[T, Event], R], things: Sequence[T], stop: Event | None = None) -> list[R]:
    """Do work on each thing, :data:`AT_ONCE` at a time.

    Args:
        work: takes a thing, and an event after which it shall raise :class:`StoppedError`.
        things: of any number.
        stop: set by whoever wants the work to end.

    Returns:
        What each gave, in order.

    Raises:
        Exception: that of the first thing which failed by itself.
    """
    stop = stop or Event()
    with ThreadPoolExecutor(AT_ONCE, "jettison-blob") as pool:
        results = [pool.submit(work, one, stop) for one in things]
        try:
            over, _ = wait(results, return_when=FIRST_EXCEPTION)
            if any(result.cancelled() or result.exception() for result in over):
                stop.set()
        except BaseException:
            stop.set()
            raise
        finally:
            pool.shutdown(wait=True, cancel_futures=True)
    for result in results:
        if not result.cancelled() and (error := result.exception()) and not isinstance(error, StoppedError):
            raise error
    if any(result.cancelled() or result.exception() for result in results):
        raise StoppedError
    return [result.result() for result in results]
