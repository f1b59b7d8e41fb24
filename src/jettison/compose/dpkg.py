"""The package databases of a composed image (dpkg's, apt's), so that scanners and people see what is inside."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from jettison.compose.stanza import parse_stanzas
from jettison.compose.tree import Tree
from jettison.errors import BadInputError

STATUS_D = "var/lib/dpkg/status.d"
INFO = "var/lib/dpkg/info"
STATES = "var/lib/apt/extended_states"


@dataclass(frozen=True, slots=True)
class Installed:
    """A package whose files are in the tree.

    Attributes:
        name: of the package.
        control: its control files by name.
        paths: what it ships, as it names it, relative to the root; directories included.
        asked: whether the compose file names it; the others are there because packages depend on them.
    """

    name: str
    control: Mapping[str, bytes]
    paths: tuple[str, ...]
    asked: bool = False


def write_lean(tree: Tree, packages: Sequence[Installed]) -> None:
    """Write one file a package below ``status.d``, as distroless images have it, with sums of the files that are there.

    Scanners read it as they read dpkg's own status file.
    """
    for package in packages:
        tree.add_file(f"{STATUS_D}/{package.name}", package.control["control"].rstrip(b"\n") + b"\n")
        sums = package.control.get("md5sums", b"").decode("utf-8", "surrogateescape").splitlines()
        kept = [line for line in sums if tree.place(line.partition("  ")[2]) in tree.nodes]
        text = "".join(f"{line}\n" for line in kept)
        tree.add_file(f"{STATUS_D}/{package.name}.md5sums", text.encode("utf-8", "surrogateescape"))


def write_full(tree: Tree, packages: Sequence[Installed]) -> None:
    """Write dpkg's own database (``status`` and the files below ``info``), and apt's of what nobody asked for."""
    known = [_fields(package) for package in packages]
    stanzas = []
    for package, fields in zip(packages, known, strict=True):
        stem = package.name
        if fields.get("multi-arch") == "same":
            stem += f":{fields.get('architecture', '')}"
        stanzas.append(_status(tree, package))
        listed = "/.\n" + "".join(f"/{path}\n" for path in package.paths if path)
        tree.add_file(f"{INFO}/{stem}.list", listed.encode("utf-8", "surrogateescape"))
        for name, data in sorted(package.control.items()):
            if name != "control":
                mode = 0o755 if data.startswith(b"#!") else 0o644
                tree.add_file(f"{INFO}/{stem}.{name}", data, mode=mode)
    tree.add_file("var/lib/dpkg/status", b"\n".join(stanzas))
    tree.add_file("var/lib/dpkg/available", b"")
    tree.add_file(f"{INFO}/format", b"1\n")
    automatic = [fields for package, fields in zip(packages, known, strict=True) if not package.asked]
    tree.add_file(STATES, _states(automatic))


def _states(automatic: Sequence[Mapping[str, str]]) -> bytes:
    """Return apt's ``extended_states`` that marks packages as installed for others.

    Apt names the image's own architecture where a package is for all (checked with apt 2.6).
    """
    architectures = [fields.get("architecture", "all") for fields in automatic]
    native = next((each for each in architectures if each != "all"), "all")
    return "".join(
        f"Package: {fields['package']}\nArchitecture: {native if kind == 'all' else kind}\nAuto-Installed: 1\n\n"
        for fields, kind in zip(automatic, architectures, strict=True)
    ).encode()


def _fields(package: Installed) -> dict[str, str]:
    stanzas = parse_stanzas(package.control["control"].decode(errors="replace"), f"package {package.name}: control")
    if len(stanzas) != 1 or stanzas[0].get("package") != package.name:
        raise BadInputError(f"package {package.name}: its control file is not about it")
    return stanzas[0]


def _status(tree: Tree, package: Installed) -> bytes:
    first, _, rest = package.control["control"].strip(b"\n").partition(b"\n")
    lines = [first, b"Status: install ok installed", rest]
    names = package.control.get("conffiles", b"").decode("utf-8", "surrogateescape").split("\n")
    sums = []
    for name in names:
        data = tree.read(name) if name.startswith("/") else None
        if data is not None:
            sums.append(f" {name} {hashlib.md5(data, usedforsecurity=False).hexdigest()}")
    if sums:
        lines.append(("Conffiles:\n" + "\n".join(sums)).encode("utf-8", "surrogateescape"))
    return b"\n".join(lines) + b"\n"
