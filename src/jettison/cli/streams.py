"""Standard output and standard error, for what takes part in starting: nothing is imported."""

import os
import sys
from typing import TextIO


def write(text: str, stream: TextIO | None = None) -> None:
    """Write to standard output; a reader that has gone away (``| head``) changes nothing about the exit code.

    Raises:
        OSError: what is behind the stream takes no more: a full disk.
    """
    stream = stream or sys.stdout
    try:
        stream.write(text)
        stream.flush()
    except OSError as error:
        os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())  # what is still buffered goes there
        if not isinstance(error, BrokenPipeError):
            raise
