"""Files removed in a later layer than the one that stores them."""

from collections.abc import Iterator

from jettison.dockerfile.edit import Edit, add_flag, remove_instruction
from jettison.dockerfile.edit_commands import remove_command
from jettison.dockerfile.tools.record import Call
from jettison.rules.dockerfile.case import Case, Site
from jettison.rules.dockerfile.copying import Copying, copying_of
from jettison.rules.dockerfile.places import covered_place, earlier, within
from jettison.rules.dockerfile.record import Example, Find, Fix, Rule
from jettison.rules.dockerfile.stored import Stored, stored_before
from jettison.rules.dockerfile.weights import stored_again


def _check(case: Case) -> Iterator[Find]:
    for site, call in case.calls("rm"):
        if site.stage not in case.shipped:
            continue
        for word in call.operands:
            path = covered_place(case, site, call.command, word)
            stored = _stored(case, site, path) if path else None
            if path and stored:
                yield Find(
                    f"rm does not free {path}: {stored.how} on line {stored.site.instruction.line} stored it in a "
                    "layer below, which is shipped all the same",
                    call.command.span,
                    _fix(case, site, call, path, stored),
                    stored_again(case, stored.site),
                    severity="info" if stored.small else None,
                )


def _stored(case: Case, site: Site, path: str) -> Stored | None:
    found = [stored for stored in stored_before(case, site) if within(stored.path, path)]
    return next((stored for stored in found if not stored.small), found[-1] if found else None)


def _fix(case: Case, site: Site, call: Call, path: str, stored: Stored) -> Fix | None:
    """Mount what is only needed in this RUN, where the COPY stands directly in front of it."""
    copying = copying_of(case, stored.site)
    before = list(earlier(case, site))
    if copying is None or not before or before[-1] is not stored.site or not _mountable(copying, path):
        return None
    if len(call.operands) != 1 or not site.editable or site.script is None or not _last(site, call):
        return None
    removal = remove_command(case.recipe, site.instruction, site.script, call.command)
    if removal is None or _whole(removal, site):
        return None
    origin = f"from={copying.origin}," if copying.origin else ""
    source = copying.sources[0]
    mount = f"--mount=type=bind,{origin}source={source},target={path},rw"
    edits = (remove_instruction(stored.site.instruction), add_flag(site.instruction, mount), removal)
    return Fix("unsafe", edits, "mount the file for this RUN, and store it nowhere")


def _mountable(copying: Copying, path: str) -> bool:
    """Whether a COPY takes one thing, by its plain name, to exactly this path."""
    plain = all(flag.name in ("from", "link") for flag in copying.instruction.flags)
    if not plain or not copying.known or len(copying.sources) != 1 or copying.instruction.name != "COPY":
        return False
    named = copying.places()[1:]
    exact = named == (path,) if copying.folder else copying.to == path and "." in path.rpartition("/")[2]
    source = copying.sources[0]
    odd = set(source) & set(", \"'$") or source.rstrip("/") in ("", ".", "..") or source.endswith("/")
    return exact and not odd and "." in source.rpartition("/")[2] and not copying.instruction.heredocs


def _last(site: Site, call: Call) -> bool:
    """Whether the body ends with the call, and nothing there or in front is in the background."""
    assert site.script is not None  # noqa: S101 -- the site is editable
    return max(command.span[0] for command in site.script.commands) == call.command.span[0]


def _whole(edit: Edit, site: Site) -> bool:
    return (edit.start, edit.end) == site.instruction.span


REMOVED_IN_LATER_LAYER = Rule(
    name="removed-in-later-layer",
    title="files removed in a later layer than the one that stores them",
    severity="medium",
    confidence="high",
    why="A layer that removes a file only hides it: the layer below is stored and pulled with the file in it. Remove "
    "it in the RUN that made it; use `RUN --mount=type=bind` instead of COPY for what one command needs.\n\nThe fix is "
    "made for one file that COPY stores directly in front of the RUN that removes it last. It is marked unsafe: "
    "a command may care that the file is a mount.",
    sources=("OCI image specification, layer: whiteouts", "Dockerfile reference, RUN --mount=type=bind"),
    check=_check,
    fixes="unsafe",
    bad=(
        Example(
            "FROM debian:bookworm\nCOPY tool.deb /tmp/\nRUN dpkg -i /tmp/tool.deb && rm /tmp/tool.deb\n",
            "FROM debian:bookworm\n"
            "RUN --mount=type=bind,source=tool.deb,target=/tmp/tool.deb,rw dpkg -i /tmp/tool.deb\n",
        ),
        Example("FROM debian:bookworm\nCOPY . /src\nRUN make -C /src install\nRUN rm -rf /src\n"),
        Example(
            "FROM debian:bookworm\nRUN curl -fo /tmp/a.tar https://example.org/a.tar\nRUN tar xf /tmp/a.tar\n"
            "RUN rm /tmp/a.tar\n"
        ),
    ),
    good=(
        Example("FROM debian:bookworm\nRUN curl -fo /tmp/a.tar https://example.org/a.tar && rm /tmp/a.tar\n"),
        Example("FROM debian:bookworm\nCOPY . /app\nRUN rm -rf /var/lib/apt/lists/*\n"),
        Example("FROM debian:bookworm AS b\nCOPY s /s\nRUN rm -rf /s\nFROM debian:bookworm\nCOPY --from=b /x /x\n"),
    ),
)
