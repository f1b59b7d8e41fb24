"""ADD where COPY does the same."""

import re
from collections.abc import Iterator

from jettison.dockerfile.edit import Edit
from jettison.regex import regex
from jettison.rules.dockerfile.case import Case
from jettison.rules.dockerfile.copying import Copying, copyings
from jettison.rules.dockerfile.places import earlier
from jettison.rules.dockerfile.record import Example, Find, Fix, Rule, Safety
from jettison.rules.dockerfile.weights import context_folder

_REMOTE = regex(r"(?:https?|ftp|git|ssh)://|git@|[^/]+@[^/]+:", re.IGNORECASE)
_ARCHIVE = regex(r"\.(?:tar|tgz|tbz2?|txz|tlz|tzst|gz|bz2|xz|lzma|zst)$|\.tar\.", re.IGNORECASE)
_PLAIN = regex(
    r"\.(?:txt|py|sh|bash|ps1|json|ya?ml|toml|cfg|conf|ini|md|rst|env|lock|in|service|properties|xml|html|css|js|ts|"
    r"ipynb|[rR]|sql|csv|pth?|onnx|safetensors|bin|h5|pkl|pb|whl|deb|rpm|jar|zip|so|cpp|cc|c|h|cu|pem|crt|key|repo|list|"
    r"template|proto|ttf|npy|png|jpe?g|patch|diff)$"
    r"|(?:^|/)(?:Makefile|Pipfile|LICENSE|Dockerfile)$"
)
_PROJECT_FLAGS = frozenset({"checksum", "keep-git-dir", "unpack"})


def _check(case: Case) -> Iterator[Find]:
    for copying in copyings(case):
        instruction = copying.instruction
        if instruction.name != "ADD" or any(flag.name in _PROJECT_FLAGS for flag in instruction.flags):
            continue
        if any(_REMOTE.match(source) or _ARCHIVE.search(source) or "$" in source for source in copying.sources):
            continue
        yield Find(
            "ADD of local files: COPY does the same, and never unpacks or fetches",
            instruction.keyword_span,
            _fix(case, copying),
        )


def _fix(case: Case, copying: Copying) -> Fix | None:
    """Return the fix; none for a relative destination without WORKDIR, which hadolint (DL3045) allows ADD only."""
    to = copying.instruction.words[-1].text.strip("\"'")
    placed = any(site.instruction.name == "WORKDIR" for site in earlier(case, copying.site))
    if not to.startswith(("/", "$")) and not placed:
        return None
    edit = Edit(*copying.instruction.keyword_span, "COPY" if copying.instruction.keyword.isupper() else "copy")
    return Fix(_safety(case, copying), (edit,), "use COPY")


def _safety(case: Case, copying: Copying) -> Safety:
    """Return how sure it is that no source is an archive: BuildKit tells by the content, whatever the name."""
    sure = all(
        _PLAIN.search(source) or source.endswith(("/", "/.")) or source in (".", "..") or context_folder(case, source)
        for source in copying.sources
    )
    return "safe" if sure else "unsafe"


ADD_INSTEAD_OF_COPY = Rule(
    name="add-instead-of-copy",
    title="ADD where COPY does the same",
    severity="info",
    confidence="high",
    why="ADD unpacks archives and fetches addresses; a file that happens to be an archive is unpacked without a "
    "word. For local files COPY says what is meant. Sources whose name ends as an archive's, or is not known, are "
    "left alone. The fix is safe for folders and for names with the ending of another kind of file.",
    sources=("Dockerfile reference, ADD or COPY", "hadolint DL3020"),
    check=_check,
    fixes="safe",
    bad=(
        Example("FROM debian\nADD . /app\n", "FROM debian\nCOPY . /app\n"),
        Example(
            "FROM debian\nadd --chown=1:1 a.py \\\n  b.py /app/\n",
            "FROM debian\ncopy --chown=1:1 a.py \\\n  b.py /app/\n",
        ),
        Example("FROM debian\nADD weights /w\n", "FROM debian\nCOPY weights /w\n"),
        Example("FROM debian\nADD weights /w\n", "FROM debian\nCOPY weights /w\n", {"weights/a.bin": "a"}),
        Example("FROM debian\nADD app.py .\n"),
    ),
    good=(
        Example("FROM debian\nADD rootfs.tar.xz /\n"),
        Example("FROM debian\nADD https://example.org/a.py /a.py\n"),
        Example("FROM debian\nADD git@example.org:a/b.git /b\n"),
        Example("FROM debian\nARG FILE\nADD $FILE /a\n"),
    ),
    aliases=("DL3020",),
)
