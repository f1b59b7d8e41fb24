"""Which packages of a closure an image needs at run time: what only maintainer scripts call for stays out."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from jettison.compose.stanza import names_of
from jettison.finding import Skip

ALWAYS = ("base-files",)  # the folders, os-release and licences every other package counts on

SCRIPTS_ONLY: Mapping[str, str] = {
    "adduser": "makes users in maintainer scripts",
    "cdebconf": "asks questions in maintainer scripts",
    "debconf": "asks questions in maintainer scripts",
    "debconf-2.0": "asks questions in maintainer scripts",
    "dpkg": "installs packages; nothing is installed in a finished image",
    "init-system-helpers": "starts services from maintainer scripts",
    "install-info": "indexes documentation in maintainer scripts",
    "libpam-runtime": "configures logins in maintainer scripts",
    "lsb-base": "prints messages of init scripts",
    "mawk": "base-files names an awk for maintainer scripts",
    "passwd": "makes users in maintainer scripts",
    "perl-base": "runs maintainer scripts and debconf",
    "sensible-utils": "finds an editor for people",
    "sysvinit-utils": "helps init scripts",
    "tar": "dpkg unpacks with it",
    "ucf": "merges configuration in maintainer scripts",
}
"""Packages that others depend on for installation only, with what for. Looked at in Debian 12 and 13."""

EDGES: Mapping[tuple[str, str], str] = {
    ("ca-certificates", "openssl"): "rehashes certificates at installation; the bundle is made natively",
    ("libreadline8", "readline-common"): "brings key bindings for people",
    ("libreadline8t64", "readline-common"): "brings key bindings for people",
}
"""Single dependencies that are for installation only, by (who, whom)."""


@dataclass(frozen=True, slots=True)
class Trimmed:
    """What stays of a closure, and what was left out with the reason."""

    kept: tuple[str, ...]
    skips: tuple[Skip, ...]


def trim(index: Mapping[str, Mapping[str, str]], roots: Iterable[str], exclude: Iterable[str]) -> Trimmed:
    """Return the packages reachable from ``roots`` without the dependencies that only installation needs.

    Args:
        index: stanza by package name, of the whole closure.
        roots: names the user listed; they stay even when the tables would leave them out.
        exclude: names the user wants left out.
    """
    wanted, excluded = {*roots, *ALWAYS} & set(index), set(exclude)
    providers = _providers(index)
    reasons: dict[str, str] = dict.fromkeys(excluded & set(index), "the compose file excludes it")
    kept: set[str] = set()
    queue = sorted(wanted - excluded)
    while queue:
        name = queue.pop()
        if name in kept:
            continue
        kept.add(name)
        for target in _targets(index[name], providers):
            reason = SCRIPTS_ONLY.get(target, "") or EDGES.get((name, target), "")
            if target in excluded or (reason and target not in wanted):
                reasons.setdefault(target, reason)
            else:
                queue.append(target)
    left = sorted(set(index) - kept)
    return Trimmed(
        tuple(sorted(kept)), tuple(Skip(name, reasons.get(name, "only left-out packages need it")) for name in left)
    )


def _providers(index: Mapping[str, Mapping[str, str]]) -> dict[str, list[str]]:
    providers: dict[str, list[str]] = {}
    for name, stanza in index.items():
        for virtual in (name, *(group[0] for group in names_of(stanza.get("provides", "")))):
            providers.setdefault(virtual, []).append(name)
    return providers


def _targets(stanza: Mapping[str, str], providers: Mapping[str, list[str]]) -> Iterable[str]:
    """Give the packages of the closure that satisfy a package's dependencies, by any of the alternatives."""
    for field in ("depends", "pre-depends"):
        for group in names_of(stanza.get(field, "")):
            present = next((providers[name] for name in group if name in providers), ())
            yield from present
