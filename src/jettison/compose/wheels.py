"""Wheels for the image's interpreter, chosen and fetched by pip with pip's own configuration."""

import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from importlib.util import find_spec
from pathlib import Path

from packaging.utils import InvalidWheelFilename, canonicalize_name, parse_wheel_filename

from jettison.compose.record import Target, Wheel
from jettison.compose.requirements import read_requirements, without_addresses
from jettison.errors import BadInputError, MachineError, RefusedError, UsageError
from jettison.layers.write import ROOM_HINT
from jettison.progress import Task
from jettison.storage import Cache, cache_root

TIMEOUT = 3600
MACHINES: Mapping[str, str] = {"amd64": "x86_64", "arm64": "aarch64", "i386": "i686", "armhf": "armv7l"}
OLDEST_GLIBC = 5  # manylinux1
NAMED = {17: "manylinux2014", 12: "manylinux2010", 5: "manylinux1"}  # PEP 600's old names
RUN_PIP = """\
import json, sys
environment = json.loads(sys.argv.pop(1))
import pip._vendor.packaging.markers as markers
markers.default_environment = lambda: environment
import pip._internal.distributions.sdist as sdist
import pip._internal.operations.prepare as prepare
from pip._internal.exceptions import InstallationError
def refuse(asked, *rest, **more):
    raise InstallationError(f"no wheel, and it would have to be built: {getattr(asked, 'req', asked)}")
sdist.SourceDistribution.prepare_distribution_metadata  # fails where a later pip no longer builds in this way
prepare.unpack_vcs_link
sdist.SourceDistribution.prepare_distribution_metadata = refuse
prepare.unpack_vcs_link = refuse
from pip._internal.cli.main import main
sys.exit(main(sys.argv[1:]))
"""
"""pip takes tags for another interpreter, but evaluates markers for the one it runs on; so it is told (as pex does).

It also builds whatever a wheel's own dependencies name by path or address; so what would build, and what would fetch a
repository, is taken from it.
"""
_UNREACHED = re.compile(
    r"Could not fetch URL \S+: (?!4(?:04|10) )(.*) - skipping|at (\S+ is not a trusted or secure host)"
)
_BUILT = "no wheel, and it would have to be built: "
_HINT = (
    "ask for a version that has one; a source distribution is not built here, because that runs its code "
    "with your rights: build a wheel of it (pip wheel) and let pip's configuration find it (find-links)"
)


def wheel_cache() -> Cache:
    """Return the cache of wheels, by SHA-256."""
    return Cache(cache_root() / "wheels")


def platforms(target: Target) -> tuple[str, ...]:
    """Return the platform tags that run on the image's C library, best first (PEP 600).

    Raises:
        RefusedError: no tag is known for the processor.
    """
    machine = MACHINES.get(target.architecture)
    if machine is None:
        raise RefusedError(f"no wheel platform is known for the architecture {target.architecture!r}")
    tags = []
    for minor in range(target.glibc[1], OLDEST_GLIBC - 1, -1):
        tags.append(f"manylinux_2_{minor}_{machine}")
        if minor in NAMED:
            tags.append(f"{NAMED[minor]}_{machine}")
    return (*tags, f"linux_{machine}")


def markers(target: Target) -> dict[str, str]:
    """Return the environment in which markers are evaluated (PEP 508) for the image's interpreter."""
    return {
        "implementation_name": "cpython",
        "implementation_version": f"{target.python}.0",
        "os_name": "posix",
        "platform_machine": MACHINES[target.architecture],
        "platform_python_implementation": "CPython",
        "platform_release": "",
        "platform_system": "Linux",
        "platform_version": "",
        "python_full_version": f"{target.python}.0",
        "python_version": target.python,
        "sys_platform": "linux",
    }


def _pip(target: Target, arguments: Sequence[str], into: Path, folder: Path) -> None:
    """Run pip download.

    Args:
        target: the interpreter to choose for.
        arguments: what to fetch.
        into: where the wheels go.
        folder: where relative names in pip's own configuration start.
    """
    if find_spec("pip") is None:
        raise MachineError(
            f"pip is not there for {sys.executable}, and it chooses and fetches the wheels",
            hint=f"{sys.executable} -m ensurepip",
        )
    plain = target.python.replace(".", "")
    command = [sys.executable, "-c", RUN_PIP, json.dumps(markers(target)), "download", "--only-binary=:all:"]
    command += ["--disable-pip-version-check", "--no-input", "--progress-bar=off", "--implementation=cp"]
    command += [f"--python-version={target.python}", f"--abi=cp{plain}", "--abi=abi3", "--abi=none"]
    command += [f"--platform={tag}" for tag in platforms(target)]
    # An empty folder to run in: pip takes a name for a path when there is a file of that name.
    with tempfile.TemporaryDirectory(dir=into.parent, prefix="pip-") as empty:
        log = into.parent / f"{Path(empty).name}.log"
        command += ["--log", str(log), "-d", str(into), *arguments]
        try:
            # pip itself, with names from the user's own requirements.
            done = subprocess.run(  # noqa: S603
                command, cwd=empty, env=_environment(folder), capture_output=True, timeout=TIMEOUT, check=False
            )
        except subprocess.TimeoutExpired as error:
            raise MachineError(f"pip took more than {TIMEOUT} s") from error
        except OSError as error:
            raise MachineError(f"pip cannot be started: {error.strerror}") from error
    if done.returncode:
        raise _failed(done.stderr.decode(errors="replace") + done.stdout.decode(errors="replace"), target, _text(log))


def _environment(folder: Path) -> dict[str, str]:
    """Return the environment for pip, the folders of wheels in it made absolute."""
    links = os.environ.get("PIP_FIND_LINKS", "").split()
    whole = " ".join(link if "://" in link else (folder / link).absolute().as_uri() for link in links)
    return {**os.environ, **({"PIP_FIND_LINKS": whole} if links else {})}


def _text(path: Path) -> str:
    try:
        return path.read_text(errors="replace")
    except OSError:
        return ""


def _failed(output: str, target: Target, log: str = "") -> UsageError | MachineError | RefusedError | BadInputError:
    """Sum up what pip said; ``log`` is what it only wrote into its log."""
    errors = [line.removeprefix("ERROR:").strip() for line in output.splitlines() if line.startswith("ERROR:")]
    said = [line for line in dict.fromkeys(errors) if line and line != "Exception:"]
    text = without_addresses("; ".join(said)[:500] or output.strip().rpartition("\n")[2][-300:])
    if _BUILT in output:
        return RefusedError(text, hint=_HINT)
    if "No space left on device" in output:
        return MachineError(f"pip failed: {text}", hint=ROOM_HINT)
    if match := re.search(r"No matching distribution found for ([^\s;(]+)", output):
        # An index that is out of reach offers nothing either: that says nothing of the distribution.
        if unreached := _UNREACHED.search(log):
            reason = without_addresses(unreached[1] or unreached[2])[:200]
            return MachineError(
                f"{match[1]}: not found, and an index could not be read: {reason}",
                hint="see the network, the proxy and pip's configuration (pip config list)",
            )
        return _unmatched(match[1], output, target)
    return _mistaken(output, text)


def _mistaken(output: str, text: str) -> UsageError | MachineError | BadInputError:
    if "THESE PACKAGES DO NOT MATCH THE HASHES" in output:
        return BadInputError("a wheel does not match the hash in the requirements file", hint=text)
    if re.search(
        r"ResolutionImpossible|Invalid ?[Rr]equirement|ParserSyntaxError|Could not open requirements|no such option",
        output,
    ):
        return UsageError(f"the requirements do not fit together or are malformed: {text}")
    return MachineError(f"pip failed: {text}", hint="see pip's configuration (pip config list) and the network")


def _unmatched(wanted: str, output: str, target: Target) -> RefusedError:
    offered = re.search(r"\(from versions: ([^)]*)\)", output)
    versions = [] if offered is None or offered[1] == "none" else offered[1].split(", ")
    place = f"Python {target.python} on {target.architecture} with glibc {target.glibc[0]}.{target.glibc[1]}"
    there = f"; there are wheels of {', '.join(versions[-8:])}" if versions else ""
    return RefusedError(f"{wanted}: no wheel for {place}{there}", hint=_HINT)


def resolve_wheels(target: Target, requirements: Path, into: Path, task: Task) -> tuple[Wheel, ...]:
    """Choose and fetch the wheels for a requirements file, and put them into the cache.

    Args:
        target: the interpreter they are for.
        requirements: the file; hashes in it are checked by pip.
        into: a scratch folder.
        task: told of bytes as wheels arrive.

    Raises:
        RefusedError: something has no wheel for the interpreter.
        UsageError: the requirements are malformed or contradict one another.
        BadInputError: a hash does not fit.
        MachineError: pip is missing, or it failed.
    """
    with tempfile.TemporaryDirectory(dir=into.parent, prefix="requirements-") as folder:
        _pip(target, read_requirements(requirements).write(Path(folder)), into, requirements.parent)
    return tuple(sorted(_taken(into, task), key=lambda wheel: wheel.name))


def refetch_wheels(target: Target, wheels: Sequence[Wheel], into: Path, task: Task) -> None:
    """Fetch exactly these wheels again, each checked against its SHA-256, where the cache lacks them.

    Raises:
        BadInputError: a wheel is not the one the lock names.
        MachineError: a version is not offered any more.
    """
    missing = [wheel for wheel in wheels if wheel_cache().path(f"{wheel.sha256}.whl") is None]
    if not missing:
        return
    wanted = into / "wanted.txt"
    lines = (f"{wheel.name}=={wheel.version} --hash=sha256:{wheel.sha256}\n" for wheel in missing)
    wanted.write_text("".join(lines))
    try:
        _pip(target, ["--no-deps", "--require-hashes", "-r", str(wanted)], into, into)
    except RefusedError as error:
        raise MachineError(
            f"a locked wheel is not offered any more: {error.message}", hint="choose anew: jettison build --update"
        ) from error
    got = {wheel.sha256 for wheel in _taken(into, task)}
    for wheel in missing:
        if wheel.sha256 not in got:
            raise BadInputError(f"{wheel.filename}: what is offered is not what the lock names")


def _taken(folder: Path, task: Task) -> Iterator[Wheel]:
    """Move what pip left in a folder into the cache."""
    for path in sorted(folder.iterdir()):
        if path.suffix != ".whl":
            if path.name != "wanted.txt":
                raise RefusedError(f"{path.name}: not a wheel; source distributions are not built here")
            continue
        try:
            name, version, _, _ = parse_wheel_filename(path.name)
        except InvalidWheelFilename as error:
            raise BadInputError(f"{path.name}: {error}") from error
        with open(path, "rb") as source:
            sha256 = hashlib.file_digest(source, "sha256").hexdigest()
            source.seek(0)
            if wheel_cache().path(f"{sha256}.whl") is None:
                with wheel_cache().put(f"{sha256}.whl") as target:
                    shutil.copyfileobj(source, target, 1 << 20)
        size = path.stat().st_size
        path.unlink()
        task.advance(size)
        yield Wheel(canonicalize_name(name), str(version), path.name, sha256, size)
