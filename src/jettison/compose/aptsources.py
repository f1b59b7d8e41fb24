"""Which archives to ask: the machine's own apt sources, narrowed to its distribution and one suite."""

import platform
import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from jettison.compose.record import HOST, DebianBase
from jettison.compose.stanza import parse_stanzas
from jettison.errors import BadInputError, MachineError

ETC_APT = Path("/etc/apt")
KEYRINGS = Path("/usr/share/keyrings")
POCKETS = ("", "-updates", "-security")  # the suite itself, its point updates, its security fixes
_ONE_LINE = re.compile(r"deb\s+(?:\[(?P<options>[^\]]*)\]\s+)?(?P<uri>\S+)\s+(?P<suite>\S+)\s*(?P<components>.*)")


@dataclass(frozen=True, slots=True)
class Source:
    """One archive, one suite.

    Attributes:
        uri: address.
        suite: as apt wants it, for example ``bookworm-updates``.
        components: such as ``main``.
        signed_by: file of keys named for it; empty when none is named.
    """

    uri: str
    suite: str
    components: tuple[str, ...]
    signed_by: str = ""


def host_suite() -> tuple[str, str]:
    """Return this machine's distribution and suite, such as ``("debian", "bookworm")``.

    Raises:
        MachineError: it has none that apt knows.
    """
    try:
        release = platform.freedesktop_os_release()
    except OSError:
        release = {}
    codename = release.get("VERSION_CODENAME") or release.get("UBUNTU_CODENAME", "")
    family = [release.get("ID", ""), *release.get("ID_LIKE", "").split()]
    kind = next((name for name in family if name in {"debian", "ubuntu"}), "")
    if not kind or not codename:
        raise MachineError(
            "this machine is neither Debian nor Ubuntu, so it has no apt to choose packages with",
            hint='compose on a Debian or Ubuntu machine, or stand on an image: [base] image = "…"',
        )
    return ("ubuntu" if "ubuntu" in family else "debian"), codename


def read_sources(folder: Path = ETC_APT) -> tuple[Source, ...]:
    """Return all binary package sources of an apt configuration folder, disabled ones left out.

    Raises:
        BadInputError: a file is malformed.
    """
    found: list[Source] = []
    lists = [folder / "sources.list", *sorted((folder / "sources.list.d").glob("*.list"))]
    for path in lists:
        if path.is_file():
            found.extend(_one_line(path.read_text(errors="replace")))
    for path in sorted((folder / "sources.list.d").glob("*.sources")):
        found.extend(_deb822(path.read_text(errors="replace"), str(path)))
    return tuple(found)


def _one_line(text: str) -> Iterable[Source]:
    for line in text.splitlines():
        match = _ONE_LINE.match(line.partition("#")[0].strip())
        if match:
            signed = re.search(r"signed-by=(\S+)", match["options"] or "", re.IGNORECASE)
            yield Source(match["uri"], match["suite"], tuple(match["components"].split()), signed[1] if signed else "")


def _deb822(text: str, where: str) -> Iterable[Source]:
    for stanza in parse_stanzas(text, where):
        if stanza.get("enabled", "yes").lower() in {"no", "false", "0"} or "deb" not in stanza.get("types", "").split():
            continue
        for uri in stanza.get("uris", "").split():
            for suite in stanza.get("suites", "").split():
                yield Source(
                    uri, suite, tuple(stanza.get("components", "").split()), stanza.get("signed-by", "").strip()
                )


def choose_sources(debian: DebianBase, mirror: str = "", folder: Path = ETC_APT) -> tuple[str, tuple[Source, ...]]:
    """Return the suite by name, and the sources for a base, each with the keyring that must have signed it.

    Args:
        debian: what the compose file asks for.
        mirror: an address that overrides the file's.
        folder: the machine's apt configuration.

    Raises:
        MachineError: the machine's configuration names no such archive, or there is no keyring.
    """
    kind, host = host_suite()
    suite = host if debian.suite == HOST else debian.suite
    keyring = debian.keyring or str(KEYRINGS / f"{kind}-archive-keyring.gpg")
    if not Path(keyring).is_file():
        raise MachineError(
            f"there is no keyring {keyring} to check the archive's signature with",
            hint=f'apt-get install {kind}-archive-keyring, or name one: [debian] keyring = "…"',
        )
    if address := mirror or debian.mirror:
        return suite, (Source(address, suite, debian.components, keyring),)
    chosen = tuple(_narrowed(read_sources(folder), kind, host, suite, debian.components, keyring))
    if not any(source.suite == suite for source in chosen):
        raise MachineError(
            f"this machine's apt configuration names no archive for {suite} ({', '.join(debian.components)})",
            hint='name one: [debian] mirror = "…", or --mirror',
        )
    return suite, chosen


def archive_sources(kind: str, suite: str, mirror: str = "", folder: Path = ETC_APT) -> tuple[Source, ...]:
    """Return the archives of a distribution's suite that this machine knows, keys not looked at; none when it has none.

    For reading what an archive says of its packages; what installs them goes through :func:`choose_sources`.

    Args:
        kind: ``debian`` or ``ubuntu``.
        suite: such as ``bookworm``.
        mirror: an address that overrides the machine's.
        folder: the machine's apt configuration.
    """
    components = ("main", "universe") if kind == "ubuntu" else ("main",)
    if mirror:
        return (Source(mirror, suite, components),)
    try:
        host_kind, host = host_suite()
        sources = read_sources(folder)
    except (MachineError, BadInputError):
        return ()
    return tuple(_narrowed(sources, kind, host, suite, components, "")) if host_kind == kind else ()


def _narrowed(
    sources: Iterable[Source], kind: str, host: str, suite: str, components: tuple[str, ...], keyring: str
) -> Iterable[Source]:
    """Give the distribution's own sources, moved from the host's suite to ``suite``; third parties are left out."""
    seen = set()
    for source in sources:
        pocket = source.suite.removeprefix(host).replace("/updates", "-security")
        have = tuple(name for name in source.components if name in components)
        foreign = source.signed_by and f"{kind}-archive" not in source.signed_by and "BEGIN PGP" not in source.signed_by
        if not source.suite.startswith(host) or pocket not in POCKETS or not have or foreign:
            continue
        moved = Source(source.uri, suite + pocket, have, keyring)
        if moved not in seen:
            seen.add(moved)
            yield moved


def sources_text(sources: Iterable[Source]) -> str:
    """Return sources as a deb822 file for apt.

    Raises:
        BadInputError: a value would break the file.
    """
    stanzas = []
    for source in sources:
        for value in (source.uri, source.suite, *source.components, source.signed_by):
            if re.search(r"\s", value):
                raise BadInputError(f"apt source: {value[:80]!r} holds white space")
        stanzas.append(
            f"Types: deb\nURIs: {source.uri}\nSuites: {source.suite}\nComponents: {' '.join(source.components)}\n"
            f"Signed-By: {source.signed_by}\n"
        )
    return "\n".join(stanzas)
