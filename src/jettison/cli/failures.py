"""Whatever a command raises → a sentence, a hint and an exit code; a refusal and a bug never look alike."""

import contextlib
import errno
import os
import sys
import traceback
from collections.abc import Iterator, Sequence

from jettison import __version__
from jettison.cli.streams import write
from jettison.errors import EXIT_BUG, EXIT_INTERRUPTED, JettisonError, MachineError, UsageError
from jettison.report.failure import Failure, failure_of

_PACKAGE = os.path.dirname(os.path.dirname(os.path.abspath(__file__))) + os.sep
_FULL = frozenset({errno.ENOSPC, errno.EDQUOT})
_RIGHTS_AND_ROOM = frozenset(
    {errno.EACCES, errno.EPERM, errno.EROFS, errno.EIO, errno.EMFILE, errno.ENFILE, errno.ENOMEM, errno.EFBIG}
)
_SENTENCES = {
    errno.ENOENT: "there is no {}",
    errno.EACCES: "no permission for {}",
    errno.EPERM: "no permission for {}",
    errno.EISDIR: "{} is a folder, a file is needed",
    errno.ENOTDIR: "{} is not in a folder, or is a file where a folder is needed",
    errno.EEXIST: "{} exists",
    errno.ENAMETOOLONG: "the name is too long: {}",
    errno.ELOOP: "{} is a loop of symlinks",
}


def exit_code_of(error: BaseException, argv: Sequence[str]) -> int:
    """Tell ``error`` on standard error (as JSON when ``--json`` is among ``argv``) and return the exit code."""
    failure = failure_from(error, argv)
    if failure.exit_code == EXIT_BUG and _debugging(argv):
        traceback.print_exception(error, file=sys.stderr)
    _tell(failure, as_json="--json" in argv)
    return failure.exit_code


def failure_from(error: BaseException, argv: Sequence[str]) -> Failure:
    """Return what went wrong as a record.

    Args:
        error: anything a command may raise.
        argv: the command line: a missing file that it names is the user's slip, any other is ours.
    """
    if isinstance(error, JettisonError):
        return failure_of(error)
    if isinstance(error, KeyboardInterrupt):
        return Failure("interrupted", EXIT_INTERRUPTED, "interrupted; nothing is left behind")
    if isinstance(error, MemoryError):
        return failure_of(MachineError("out of memory", hint="free some, or lower a --limit"))
    if isinstance(error, OSError) and (known := _of_machine(error, argv)):
        return failure_of(known)
    return _bug(error)


def _of_machine(error: OSError, argv: Sequence[str]) -> JettisonError | None:
    """Return the error of the user or the machine that ``error`` stands for, or None when it is a bug."""
    name = os.fsdecode(error.filename) if isinstance(error.filename, str | bytes) else ""
    if error.errno in _FULL:
        where = f" (writing {name})" if name else ""
        return MachineError(f"the disk is full{where}", hint="free some room; $JETTISON_CACHE moves the cache")
    sentence = _SENTENCES.get(error.errno or 0)
    if name and sentence and any(_concerns(name, word) for word in argv):
        return UsageError(sentence.format(name))
    if error.errno in _RIGHTS_AND_ROOM:
        return MachineError(f"{os.strerror(error.errno or 0)}: {name or 'no file named'}")
    return None


def _concerns(name: str, word: str) -> bool:
    """Return whether the file ``name`` is the one that ``word`` of the command line names, lies in it or beside it."""
    target = os.path.abspath(name)
    for full in {os.path.abspath(path) for path in _paths_in(word) if path}:
        if target == full or target.startswith(full + "/") or target in (os.path.dirname(full), f"{full}.jettison"):
            return True
        if os.path.dirname(target) == os.path.dirname(full) and f".{os.path.basename(full)}." in target:
            return True
    return False


def _paths_in(word: str) -> Iterator[str]:
    """Give what may be a path in ``word``: itself, an option's value, a reference without its scheme and its tag."""
    for text in (word, word.partition("=")[2]):
        yield text
        rest = text.partition(":")[2]
        while rest:
            yield rest
            rest = rest.rpartition(":")[0]


def _bug(error: BaseException) -> Failure:
    frames = traceback.extract_tb(error.__traceback__)
    ours = [frame for frame in frames if frame.filename.startswith(_PACKAGE)] or frames
    place = "".join(f" ({_short(frame.filename)}:{frame.lineno})" for frame in ours[-1:])
    message = f"this is a bug in Jettison {__version__}: {type(error).__name__}: {error}{place}"
    hint = "please report it with the command line; --debug (or JETTISON_DEBUG=1) shows the whole traceback"
    return Failure("bug", EXIT_BUG, message, hint)


def _short(path: str) -> str:
    return "/".join(path.split("/")[-2:])


def _debugging(argv: Sequence[str]) -> bool:
    return "--debug" in argv or bool(os.environ.get("JETTISON_DEBUG"))


def _tell(failure: Failure, *, as_json: bool) -> None:
    if as_json:
        from jettison.report.json import dumps, to_document  # noqa: PLC0415 -- not needed to start

        _say(dumps(to_document(failure)))
        return
    note(failure.message)
    if failure.hint:
        from jettison.report.escape import plain  # noqa: PLC0415 -- not needed to start

        _say(f"hint: {plain(failure.hint)}\n")


def note(message: str) -> None:
    """Say a sentence on standard error."""
    from jettison.report.escape import plain  # noqa: PLC0415 -- not needed to start

    _say(f"jettison: {plain(message)}\n")


def _say(text: str) -> None:
    """Write to standard error; where even that is full there is nobody to tell, and the exit code still speaks."""
    with contextlib.suppress(OSError):
        write(text, sys.stderr)
