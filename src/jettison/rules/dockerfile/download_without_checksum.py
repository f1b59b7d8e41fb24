"""Downloads that nothing checks."""

from collections.abc import Iterator

from jettison.rules.dockerfile.bodies import whole_body
from jettison.rules.dockerfile.case import Case, Site
from jettison.rules.dockerfile.fetches import ARCHIVE, Download, downloads, outside
from jettison.rules.dockerfile.record import Example, Find, Rule

_CHECKS = frozenset(("sha256sum", "gpg"))
_UNPACKS = frozenset(("tar", "unzip"))


def _check(case: Case) -> Iterator[Find]:
    for site in case.named("RUN"):
        if site.stage not in case.built or not site.calls or _checked(site):
            continue
        found = [download for download in downloads(case, site) if _counts(site, download)]
        if found:
            yield Find(
                "what is downloaded here is used unchecked: no sha256sum, no signature",
                found[0].call.command.span,
            )


def _checked(site: Site) -> bool:
    body = whole_body(site)
    words = ("sha256", "sha512", "shasum", "md5", "openssl dgst", "checksum")
    return any(call.tool in _CHECKS for call in site.calls) or any(word in body.lower() for word in words)


def _counts(site: Site, download: Download) -> bool:
    """Whether a download is of something that is run or unpacked."""
    if not outside(download.url):
        return False
    name = download.name or download.url.strip("\"'")
    if download.name == "":
        return "pipeline" in download.call.command.inside and any(call.tool in _UNPACKS for call in site.calls)
    made = any(
        call.tool == "chmod" and any((word.value or "").endswith(download.name or "\n") for word in call.operands)
        for call in site.calls
    )
    return made or bool(ARCHIVE.search(name))


DOWNLOAD_WITHOUT_CHECKSUM = Rule(
    name="download-without-checksum",
    title="a download that nothing checks",
    severity="info",
    confidence="medium",
    why="An address gives what its server has at the hour of the build: another release, a page of an error, or a "
    'file that someone exchanged. `echo "<sha256>  file" | sha256sum -c -` makes the build stop instead. `ADD '
    "--checksum=` does the same without curl. Only archives, packages, installers and programs are told, once for "
    "each RUN.",
    sources=("Dockerfile reference, ADD --checksum", "SLSA, threats: use of a compromised dependency"),
    check=_check,
    fixes="none",
    bad=(
        Example("FROM debian\nRUN curl -fLo /tmp/t.tar.gz https://example.org/t.tar.gz && tar xf /tmp/t.tar.gz\n"),
        Example("FROM debian\nRUN wget -O /usr/bin/tool https://example.org/tool && chmod +x /usr/bin/tool\n"),
        Example("FROM debian\nRUN curl -fL https://example.org/t.tar.gz | tar xz\n"),
    ),
    good=(
        Example('FROM debian\nRUN curl -fLO https://example.org/t.tgz && echo "00  t.tgz" | sha256sum -c -\n'),
        Example("FROM debian\nRUN curl -f http://localhost:8080/ready\n"),
        Example("FROM debian\nRUN wget -qO- https://example.org/key.asc | gpg --dearmor -o /etc/apt/k.gpg\n"),
        Example("FROM debian\nRUN wget https://example.org/labels.txt\n"),
    ),
)
