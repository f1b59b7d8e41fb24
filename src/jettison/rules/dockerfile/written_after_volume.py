"""Changes of a volume's folder behind its VOLUME."""

from collections.abc import Iterator

from jettison.rules.dockerfile.case import Case, Site
from jettison.rules.dockerfile.copying import copying_of
from jettison.rules.dockerfile.places import earlier, within
from jettison.rules.dockerfile.record import Example, Find, Rule
from jettison.rules.dockerfile.stored import stored_by


def _check(case: Case) -> Iterator[Find]:
    for site in case.sites:
        if site.stage not in case.shipped or site.instruction.name not in ("RUN", "COPY", "ADD"):
            continue
        for volume in _volumes(case, site):
            if path := _writes(case, site, volume):
                yield Find(
                    f"{path} is written behind VOLUME {volume}: builders other than BuildKit drop it",
                    site.instruction.span,
                )
                break


def _volumes(case: Case, site: Site) -> list[str]:
    before = (other for other in earlier(case, site) if other.instruction.name == "VOLUME")
    return [text for other in before for word in other.instruction.words if (text := _clean(other, word.text))]


def _clean(site: Site, text: str) -> str | None:
    expanded = site.state.expand(text)
    return expanded.rstrip("/") if expanded and expanded.startswith("/") else None


def _writes(case: Case, site: Site, volume: str) -> str | None:
    copying = copying_of(case, site)
    places = [copying.to] if copying and copying.to else [stored.path for stored in stored_by(case, site)]
    places += [
        word.value
        for call in site.calls
        if call.tool in ("mkdir", "chown", "chmod", "mv", "cp")
        for word in call.operands[-1:]
        if word.value and word.value.startswith("/")
    ]
    return next((place for place in places if within(place, volume)), None)


WRITTEN_AFTER_VOLUME = Rule(
    name="written-after-volume",
    title="a volume's folder is changed behind its VOLUME",
    severity="low",
    confidence="high",
    why="Docker's older builder, and others like it, throw away what is written into a volume's folder behind the "
    "VOLUME instruction; BuildKit keeps it. Put VOLUME behind what fills the folder, or leave it out: who starts "
    "the container can name a volume as well.",
    sources=("Dockerfile reference, notes about specifying volumes",),
    check=_check,
    fixes="none",
    bad=(
        Example("FROM debian\nVOLUME /data\nCOPY seed /data/seed\n"),
        Example('FROM debian\nVOLUME ["/models"]\nRUN mkdir -p /models/a && chown 1000 /models/a\n'),
    ),
    good=(
        Example("FROM debian\nCOPY seed /data/seed\nVOLUME /data\n"),
        Example("FROM debian\nVOLUME /data\nCOPY seed /database\n"),
    ),
)
