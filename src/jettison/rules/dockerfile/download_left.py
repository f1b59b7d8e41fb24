"""Archives and installers that stay where they were downloaded."""

import re
from collections.abc import Iterator

from jettison.dockerfile.edit import append_command
from jettison.dockerfile.shell.record import Command
from jettison.regex import regex
from jettison.rules.dockerfile.case import Case, Site
from jettison.rules.dockerfile.fetches import ARCHIVE, Download, downloads
from jettison.rules.dockerfile.places import earlier, folder_at, joined, later, text_of
from jettison.rules.dockerfile.record import Example, Find, Fix, Rule
from jettison.rules.dockerfile.stored import removed_in

_UNPACKERS = frozenset(
    ("tar", "bsdtar", "unzip", "dpkg", "apt", "apt-get", "rpm", "dnf", "yum", "bash", "sh", "7z", "7za", "pip", "pip3")
)
_PLAIN_NAME = regex(r"[\w./+~-]+$")


def _check(case: Case) -> Iterator[Find]:
    for site in case.named("RUN"):
        if site.stage not in case.shipped or not site.calls:
            continue
        for download in downloads(case, site):
            if _stays(case, site, download):
                yield Find(
                    f"{download.name} is unpacked or installed, and stays in this layer beside what came out of it",
                    download.call.command.span,
                    _fix(case, site, download),
                )


def _stays(case: Case, site: Site, download: Download) -> bool:
    path = download.path
    if path is None or not ARCHIVE.search(path) or removed_in(case, site, path) or _mounted(site, path):
        return False
    if not any(_uses(case, site, command, path) for command in _behind(site, download)):
        return False
    return not any(removed_in(case, other, path) for other in later(case, site))


def _behind(site: Site, download: Download) -> Iterator[Command]:
    commands = site.script.commands if site.script else ()
    return (command for command in commands if command.span[0] > download.call.command.span[0])


def _uses(case: Case, site: Site, command: Command, path: str) -> bool:
    """Whether a command takes the file apart, or runs it."""
    folder = folder_at(case, site, command)
    words = [joined(folder, text_of(site, word)) for word in command.words]
    named = path in words[1:] or any(word.text.rpartition("=")[2] == path for word in command.words[1:])
    unpacks = command.name in _UNPACKERS or (command.name == "sudo" and len(words) > 1)
    return (named and unpacks) or (bool(words) and words[0] == path)


def _mounted(site: Site, path: str) -> bool:
    """Whether a file is put into a mount, which is not stored."""
    for flag in site.instruction.flags_named("mount"):
        targets = re.findall(r"(?:target|dst|destination)=([^,]+)", flag.value or "")
        if any(path.startswith(target.rstrip("/") + "/") for target in targets):
            return True
    return False


def _fix(case: Case, site: Site, download: Download) -> Fix | None:
    path, commands = download.path, site.script.commands if site.script else ()
    if path is None or not site.editable or not download.call.command.plain:
        return None
    users = [command for command in _behind(site, download) if _uses(case, site, command, path)]
    if not all(command.plain for command in users) or any(command.joiner == "&" for command in commands):
        return None
    if commands[-1].name in ("exit", "exec") or _named_later(case, site, path):
        return None
    name = _written(case, site, users[0], path)
    edit = append_command(case.recipe, site.instruction, f"rm {name}") if name else None
    return Fix("safe", (edit,), "remove the file in the same layer") if edit else None


def _written(case: Case, site: Site, user: Command, path: str) -> str | None:
    """Return how the file is named at the body's end: as there, so that variables stay what they are."""
    assert site.script is not None  # noqa: S101 -- the site is editable
    last = site.script.commands[-1]
    folder = folder_at(case, site, user)
    word = next((word for word in user.words if joined(folder, text_of(site, word)) == path), None)
    if word is None or last.name in ("cd", "pushd", "popd"):
        return None
    if word.text.startswith("/") or folder_at(case, site, last) == folder is not None:
        return word.text.removeprefix("./")
    fixed = word.value is not None and not any("$" in other.instruction.body.text for other in _workdirs(case, site))
    return path if fixed and _PLAIN_NAME.match(path) and "$" not in site.instruction.body.text else None


def _workdirs(case: Case, site: Site) -> Iterator[Site]:
    return (other for other in earlier(case, site) if other.instruction.name == "WORKDIR")


def _named_later(case: Case, site: Site, path: str) -> bool:
    """Whether anything behind a RUN may mean the file: by its name, or a pattern with its ending."""
    rest = case.recipe.text[site.instruction.span[1] :]
    name = path.rpartition("/")[2]
    if name in rest or re.search(rf"[*}}?]\w*{re.escape(name[name.rfind('.') :])}", rest):
        return True
    words = (
        word for other in later(case, site) if other.script for each in other.script.commands for word in each.words
    )
    return any((text_of(site, word) or "").endswith(name) for word in words)


DOWNLOAD_LEFT = Rule(
    name="download-left",
    title="a downloaded archive or installer stays in the image",
    severity="medium",
    confidence="high",
    why="The archive is stored beside what was unpacked from it. Only `rm` in the same RUN keeps it out of the "
    "image; in a later one it is too late. Files that a pattern may remove, that go into a mount, or that nothing "
    "unpacks are left alone.",
    sources=("OCI image specification, layer", "Docker's best practices for RUN"),
    check=_check,
    fixes="safe",
    bad=(
        Example(
            "FROM debian:bookworm\nRUN curl -fLO https://example.org/cmake.tar.gz && tar xzf cmake.tar.gz -C /opt\n",
            "FROM debian:bookworm\nRUN curl -fLO https://example.org/cmake.tar.gz && tar xzf cmake.tar.gz -C /opt \\\n"
            "    && rm cmake.tar.gz\n",
        ),
        Example(
            "FROM debian:bookworm\nRUN wget -q https://example.org/conda.sh -O /tmp/conda.sh && \\\n"
            "  bash /tmp/conda.sh -b -p /opt/conda\n",
            "FROM debian:bookworm\nRUN wget -q https://example.org/conda.sh -O /tmp/conda.sh && \\\n"
            "  bash /tmp/conda.sh -b -p /opt/conda \\\n  && rm /tmp/conda.sh\n",
        ),
        Example(
            "FROM debian:bookworm\nARG V=1\n"
            "RUN cd /tmp && wget https://example.org/a-$V.zip && unzip a-$V.zip && cd a && make\n"
        ),
        Example(
            "FROM debian:bookworm\nARG V=1\nRUN wget https://example.org/a-$V.zip && unzip a-$V.zip\n",
            "FROM debian:bookworm\nARG V=1\n"
            "RUN wget https://example.org/a-$V.zip && unzip a-$V.zip \\\n    && rm a-$V.zip\n",
        ),
        Example("FROM debian\nRUN if x; then wget -O /a.zip https://example.org/a.zip && unzip /a.zip; fi\n"),
    ),
    good=(
        Example(
            "FROM debian:bookworm\nRUN curl -fLO https://example.org/a.tar.gz && tar xzf a.tar.gz && rm a.tar.gz\n"
        ),
        Example(
            "FROM debian:bookworm\nRUN cd /tmp && wget https://example.org/a.zip && unzip a.zip && rm -rf /tmp/*\n"
        ),
        Example("FROM debian:bookworm\nRUN wget https://example.org/model.tar.gz\n"),
        Example("FROM debian:bookworm\nRUN curl -fL https://example.org/a.tar.gz | tar xz -C /opt\n"),
        Example("FROM debian:bookworm\nRUN wget https://example.org/$V.deb && dpkg -i *.deb && rm *.deb\n"),
        Example(
            "FROM debian:bookworm\nRUN --mount=type=tmpfs,target=/tmp "
            "wget -P /tmp https://example.org/a.zip && unzip /tmp/a.zip\n"
        ),
    ),
)
