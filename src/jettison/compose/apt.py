"""apt asked to choose and fetch packages for an empty system, with a state of its own and no rights.

apt checks the index's signature with the given keyring and each archive file against the index; Jettison checks the
hashes once more, because they end up in the lock.
"""

import fcntl
import hashlib
import os
import re
import shutil
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from jettison.compose.aptsources import Source, sources_text
from jettison.compose.stanza import parse_stanzas
from jettison.compose.watched import LEAST, free_bytes, run_watched
from jettison.errors import BadInputError, MachineError, UsageError
from jettison.layers.write import ROOM_HINT
from jettison.storage import cache_root

TIMEOUT = 1800
_CHOSEN = re.compile(r"^Inst (\S+) \((\S+) .*\[(\S+)\]\)", re.MULTILINE)
_CONFIG = """\
Dir::State "{state}";
Dir::State::lists "lists/";
Dir::State::status "{state}/status";
Dir::State::extended_states "{state}/extended_states";
Dir::Cache "{cache}";
Dir::Cache::archives "archives/";
Dir::Cache::pkgcache "pkgcache.bin";
Dir::Cache::srcpkgcache "";
Dir::Etc::sourcelist "/dev/null";
Dir::Etc::sourceparts "{etc}";
Dir::Etc::preferences "/dev/null";
Dir::Etc::preferencesparts "/dev/null";
Dir::Log "{log}";
APT::Sandbox::User "{user}";
#clear APT::Architectures;
APT::Architectures {{ "{architecture}"; }};
#clear APT::Update;
#clear DPkg;
#clear APT::Default-Release;
APT::Get::Assume-Yes "true";
APT::Get::AllowUnauthenticated "false";
APT::Install-Suggests "false";
Acquire::AllowInsecureRepositories "false";
Acquire::AllowDowngradeToInsecureRepositories "false";
Acquire::GzipIndexes "true";
Acquire::Languages "none";
Acquire::Retries "3";
"""


@dataclass(frozen=True, slots=True)
class Apt:
    """A private state of apt.

    Attributes:
        folder: where it lies.
        architecture: as dpkg names it.
    """

    folder: Path
    architecture: str

    def run(self, tool: str, *arguments: str, cwd: Path | None = None) -> str:
        """Run ``apt-get`` or ``apt-cache`` with this state and return what it printed.

        Raises:
            MachineError: it is not there, or it failed; the message holds its first complaint.
        """
        command = [tool, "-c", str(self.folder / "apt.conf"), "-q", *arguments]
        env = {**os.environ, "LC_ALL": "C", "DEBIAN_FRONTEND": "noninteractive"}
        env.pop("APT_CONFIG", None)
        try:
            done = run_watched(command, cwd=cwd or self.folder, env=env, disk=self.folder, limit=TIMEOUT)
        except FileNotFoundError as error:
            raise MachineError(
                f"{tool} is not there", hint="compose packages on a Debian or Ubuntu machine, or use [base] image"
            ) from error
        except MachineError:
            self._drop_downloads()
            raise
        if done.returncode:
            if free_bytes(self.folder) < LEAST:
                self._drop_downloads()
            raise _failed(f"{tool} {arguments[0]}", done.stderr.decode(errors="replace"))
        return done.stdout.decode(errors="replace")

    def _drop_downloads(self) -> None:
        """Remove all that was fetched and made from it: it may be what fills the disk."""
        for part in ("state/lists", "cache"):
            shutil.rmtree(self.folder / part, ignore_errors=True)


def _failed(command: str, complaint: str) -> MachineError | UsageError:
    lines = [line.strip() for line in complaint.splitlines() if line.startswith(("E:", "W:"))]
    text = "; ".join(dict.fromkeys(line[2:].strip() for line in lines))[:600] or complaint.strip()[-300:]
    if "Unable to locate package" in text or "has no installation candidate" in text:
        return UsageError(f"{command}: {text}", hint="see [debian] packages, suite and components")
    if "No space left on device" in complaint or "Disk quota exceeded" in complaint:
        return MachineError(f"{command} failed: {text}", hint=ROOM_HINT)
    return MachineError(f"{command} failed: {text}", hint="see the network, the proxy and the machine's apt sources")


@contextmanager
def open_apt(sources: Sequence[Source]) -> Iterator[Apt]:
    """Give the private state for these sources; another run that uses the same one waits its turn."""
    text = sources_text(sources)
    architecture = _architecture()
    name = hashlib.sha256(f"{architecture}\n{text}".encode()).hexdigest()[:24]
    folder = cache_root() / "apt" / name
    for part in ("state/lists/partial", "cache/archives/partial", "etc", "log"):
        (folder / part).mkdir(parents=True, exist_ok=True)
    with open(folder / "lock", "ab") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        (folder / "etc" / "jettison.sources").write_text(text)
        (folder / "state" / "status").write_text("")
        (folder / "apt.conf").write_text(
            _CONFIG.format(
                state=folder / "state",
                cache=folder / "cache",
                etc=folder / "etc",
                log=folder / "log",
                architecture=architecture,
                user="root" if os.geteuid() == 0 else "",
            )
        )
        yield Apt(folder, architecture)


def _architecture() -> str:
    if not shutil.which("apt-get") or not shutil.which("dpkg"):
        raise MachineError(
            "apt-get and dpkg are needed to choose Debian packages, and this machine lacks them",
            hint='compose on a Debian or Ubuntu machine, or stand on an image: [base] image = "…"',
        )
    done = subprocess.run(["dpkg", "--print-architecture"], capture_output=True, check=True)  # noqa: S607 -- found above
    return done.stdout.decode().strip()


def update(apt: Apt) -> None:
    """Fetch the indexes and check their signatures.

    Raises:
        MachineError: no network, or a signature that the keyring does not vouch for.
    """
    apt.run("apt-get", "-o", "APT::Update::Error-Mode=any", "update")


def choose(apt: Apt, names: Sequence[str], *, recommends: bool) -> tuple[tuple[str, str, str], ...]:
    """Return name, version and architecture of every package that ``names`` bring to an empty system.

    Raises:
        UsageError: a name is not known.
        MachineError: apt finds no solution.
    """
    flag = "--install-recommends" if recommends else "--no-install-recommends"
    output = apt.run("apt-get", "install", "--simulate", flag, *names)
    return tuple(sorted((m[1].partition(":")[0], m[2], m[3]) for m in _CHOSEN.finditer(output)))


def describe(apt: Apt, packages: Sequence[tuple[str, str, str]]) -> dict[str, dict[str, str]]:
    """Return the index's stanza of each package, by name.

    Raises:
        BadInputError: the index lacks one, or its SHA-256.
    """
    wanted = {name: version for name, version, _ in packages}
    output = apt.run("apt-cache", "show", *(f"{name}={version}" for name, version, _ in packages))
    found = {}
    for stanza in parse_stanzas(output, "apt-cache show"):
        name = stanza.get("package", "")
        if wanted.get(name) == stanza.get("version") and re.fullmatch("[0-9a-f]{64}", stanza.get("sha256", "")):
            found[name] = stanza
    if missing := sorted(set(wanted) - set(found)):
        raise BadInputError(f"the archive's index has no SHA-256 for {', '.join(missing[:5])}")
    return found


def download(apt: Apt, packages: Sequence[tuple[str, str, str]], into: Path) -> None:
    """Fetch the archive files of exactly these versions into a folder.

    Raises:
        MachineError: one cannot be had any more.
    """
    apt.run("apt-get", "download", *(f"{name}={version}" for name, version, _ in packages), cwd=into)


def listings(apt: Apt) -> tuple[tuple[str, Path], ...]:
    """Return the index files on disk with a name for each that does not say where they came from."""
    output = apt.run("apt-get", "indextargets", "--format", "$(CREATED_BY) $(RELEASE) $(COMPONENT) $(FILENAME)")
    found = []
    for line in output.splitlines():
        maker, release, component, filename = line.split(" ", 3)
        path = Path(filename)
        if maker == "Packages" and path.is_file():
            name = f"archive_dists_{release.replace('/', '_')}_{component}_binary-{apt.architecture}_Packages"
            found.append((name + path.suffix, path))
    return tuple(sorted(found))
