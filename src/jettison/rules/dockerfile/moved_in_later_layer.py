"""Trees moved or copied in a later layer than the one that stores them."""

from collections.abc import Iterator

from jettison.dockerfile.tools.record import Call
from jettison.rules.dockerfile.case import Case, Site
from jettison.rules.dockerfile.places import covered_place
from jettison.rules.dockerfile.record import Example, Find, Rule
from jettison.rules.dockerfile.stored import Stored, stored_before
from jettison.rules.dockerfile.weights import stored_again


def _check(case: Case) -> Iterator[Find]:
    for tool in ("mv", "cp"):
        for site, call in case.calls(tool):
            stored = _stored(case, site, call) if site.stage in case.shipped else None
            if stored:
                yield Find(
                    f"{tool} stores {stored.path} a second time: {stored.how} on line {stored.site.instruction.line} "
                    "stored it in a layer below",
                    call.command.span,
                    claims=stored_again(case, stored.site),
                )


def _stored(case: Case, site: Site, call: Call) -> Stored | None:
    words = call.operands if call.has("-t", "--target-directory") else call.operands[:-1]
    places = {place for word in words if (place := covered_place(case, site, call.command, word))}
    found = (stored for stored in stored_before(case, site) if stored.path in places)
    return next((stored for stored in found if not stored.small), None)


MOVED_IN_LATER_LAYER = Rule(
    name="moved-in-later-layer",
    title="trees moved or copied in a later layer than the one that stores them",
    severity="low",
    confidence="medium",
    why="A file that is moved is stored in both layers: where it was, and where it is. Put it at its last place at "
    "once: name that place in the COPY, or move it in the RUN that fetches it.",
    sources=("OCI image specification, layer: a change set holds whole files",),
    check=_check,
    fixes="none",
    bad=(
        Example("FROM debian:bookworm\nCOPY models /tmp/models\nRUN mv /tmp/models /opt/models\n"),
        Example("FROM debian:bookworm\nWORKDIR /w\nRUN git clone https://example.org/a/b.git\nRUN cp -r b /opt\n"),
    ),
    good=(
        Example("FROM debian:bookworm\nCOPY nginx.conf /tmp/nginx.conf\nRUN mv /tmp/nginx.conf /etc/nginx.conf\n"),
        Example("FROM debian:bookworm\nWORKDIR /w\nRUN git clone https://example.org/a/b.git && mv b /opt\n"),
    ),
)
