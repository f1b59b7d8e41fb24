"""Documentation and manual pages; licences and copyright files stay."""

import re
from collections.abc import Iterator

from jettison.files.record import File
from jettison.rules.inside import select
from jettison.rules.record import Case, Proposal, Rule

_DOCS = re.compile(
    r"usr/(?:local/)?share/(?:doc/.+|man/.+|info/.+|gtk-doc/.+|doc-base/.+|lintian/.+|bug/.+|linda/.+|help/.+)"
    r"|opt/[^/]+/share/(?:man|doc|info)/.+|.*/[^/]+\.data/data/share/man/.+"
)


def _propose(case: Case) -> Iterator[Proposal]:
    def wanted(file: File) -> bool:
        return bool(_DOCS.fullmatch(file.path)) and not (file.path.startswith("usr/share/doc/") and _is_link(file))

    yield from select(case, wanted, "documentation and manual pages; copyright files stay")


def _is_link(file: File) -> bool:
    """Whether it is a symlink below usr/share/doc: such a link often stands for a package's copyright folder."""
    return file.entry.type == "symlink" and file.path.count("/") == 3  # noqa: PLR2004 -- usr/share/doc/NAME


DOCUMENTATION = Rule(
    "documentation",
    1,
    "documentation and manual pages",
    "Licences and copyright files stay, also where they lie among documentation.",
    ("usr/share/man/man1/openssl.1.gz goes", "usr/share/doc/libssl3/copyright stays"),
    _propose,
)
