"""What tells a tracer which modules Python imports: the image's Python executes it at its start, from a ``.pth`` file.

The kernel sees only what is opened. A module that is missing causes no look-up once Python has listed its directory,
and who imports what is not in the kernel's sight at all. So an audit hook (PEP 578, event ``import``, raised before a
module is looked for) asks for a path that is not there, and that names both: strace records it in its place among the
other calls. Nothing of the image is changed: the file is made in the container's own layer. Python before 3.8 has no
audit hooks, and ``python -S`` reads no ``.pth`` files.
"""

import re

from jettison.run.spec import TOOLS

IMPORTS = f"{TOOLS}/import/"
"""Where the paths begin: then come the module's name, a slash, and the name of the module that imports it."""
SITE = re.compile(r"(?:.*/)?(?:lib|lib64)/python3(?:\.\d+)?/(?:site|dist)-packages\Z")
"""Folders in which Python reads ``.pth`` files."""
FILE = "aaa-jettison-trace.pth"  # in the order of names, before others that import
_CODE = f"""\
def hook(sys, access):
    seen = set()

    def heard(event, arguments):
        if event != "import":
            return
        try:
            if arguments[0] in seen or len(seen) > 100000:
                return
            seen.add(arguments[0])
            frame = sys._getframe(1)
            while frame is not None and "importlib" in str(frame.f_globals.get("__name__")):
                frame = frame.f_back
            by = str(frame.f_globals.get("__name__")) if frame is not None else ""
            access("{IMPORTS}%s/%s" % (arguments[0][:200], by[:200]), 0)
        except Exception:
            pass

    sys.addaudithook(heard)
"""


def pth_text() -> str:
    """Return the ``.pth`` file: one line, that an older or stricter Python passes over without a word."""
    code = f"{_CODE}\nimport os, sys\nif hasattr(sys, 'addaudithook'):\n    hook(sys, os.access)\n"
    return f"import builtins; builtins.exec({code!r}, {{}})\n"


def imported(path: str) -> tuple[str, str] | None:
    """Return the module and its importer that a path tells of; None for another path."""
    if not path.startswith(IMPORTS):
        return None
    module, _, by = path.removeprefix(IMPORTS).partition("/")
    return module, by
