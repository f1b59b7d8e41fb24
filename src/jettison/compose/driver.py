"""Compiles Python sources to bytecode; run by the image's own interpreter, so it imports nothing of Jettison.

Standard input: one JSON object a line: file (what holds the source), offset, size (where in it), name (the path in the
image), mtime (seconds; null makes bytecode that is never checked against its source). Standard output: one line a
source, the number of bytes of its bytecode, 0 where it does not compile. The bytecode goes to the file named in argv.
"""

import importlib.util
import json
import marshal
import struct
import sys
import warnings
from typing import Any

UNCHECKED = 1  # PEP 552: by hash, and the hash is not looked at when it is loaded
BY_MTIME = 0


def compiled(job: "dict[str, Any]") -> bytes:
    """Return the bytecode file for one source; empty where the source is not valid for this interpreter."""
    with open(job["file"], "rb") as file:
        file.seek(job["offset"])
        source = file.read(job["size"])
    try:
        code = compile(source, "/" + job["name"], "exec", dont_inherit=True)
    except (SyntaxError, ValueError, RecursionError, MemoryError, OverflowError):
        return b""
    if job["mtime"] is None:
        stamp = struct.pack("<L", UNCHECKED) + importlib.util.source_hash(source)
    else:
        stamp = struct.pack("<LLL", BY_MTIME, job["mtime"] & 0xFFFFFFFF, len(source) & 0xFFFFFFFF)
    return importlib.util.MAGIC_NUMBER + stamp + marshal.dumps(code)


def main() -> None:
    """Compile all that standard input asks for."""
    warnings.simplefilter("ignore")
    with open(sys.argv[1], "wb") as output:
        for line in sys.stdin:
            data = compiled(json.loads(line))
            output.write(data)
            sys.stdout.write(f"{len(data)}\n")


if __name__ == "__main__":
    main()
