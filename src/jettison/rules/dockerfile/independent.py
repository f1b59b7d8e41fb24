"""Whether an instruction neither reads nor writes what a COPY in front of it brings."""

import posixpath

from jettison.dockerfile.tools.record import Call
from jettison.regex import regex
from jettison.rules.dockerfile.case import Case, Site
from jettison.rules.dockerfile.copies import Copying, copyings, is_under
from jettison.rules.dockerfile.mounts import mounts_of
from jettison.rules.dockerfile.needed_files import brings_into
from jettison.rules.dockerfile.project_installs import reads_of
from jettison.rules.dockerfile.tables import words

_QUIET = frozenset(
    ("ENV", "ARG", "LABEL", "EXPOSE", "STOPSIGNAL", "HEALTHCHECK", "CMD", "ENTRYPOINT", "MAINTAINER", "WORKDIR", "USER")
)
_TOOL_VARIABLES = regex(r"PATH|VIRTUAL_ENV|HOME|PYTHONUSERBASE|PYTHONPYCACHEPREFIX|(?:PIP|UV|CONDA|POETRY|XDG|APT)_\w+")
_FILE_VARIABLES = regex(
    r"PIP_(?:CONFIG_FILE|FIND_LINKS|REQUIREMENT|CONSTRAINT|CERT|TARGET|PREFIX|ROOT|SRC|LOG|EDITABLE)"
)
_HARMLESS_ASSIGNMENTS = words("DEBIAN_FRONTEND PIP_NO_CACHE_DIR PIP_DISABLE_PIP_VERSION_CHECK TZ LC_ALL LANG")
_PIP_OPTIONS = words(
    """
    -r --requirement -c --constraint -U --upgrade --no-cache-dir -q --quiet -v --verbose --user --pre -f --find-links
    --disable-pip-version-check --upgrade-strategy -i --index-url --extra-index-url --trusted-host --timeout
    --default-timeout --retries --no-input --prefer-binary --only-binary --no-binary --require-hashes
    --break-system-packages --ignore-installed -I --force-reinstall --no-deps --progress-bar --root-user-action
    --no-warn-script-location --no-build-isolation --no-compile --compile --use-pep517 --proxy --isolated
    --no-python-version-warning --use-deprecated --use-feature
    """
)
_HARMLESS_APT = words("install update upgrade clean autoremove remove purge autoclean dist-upgrade")


def is_independent(case: Case, copying: Copying, site: Site) -> bool:
    """Whether an instruction neither reads nor writes what the COPY brings; of the install its files are seen to."""
    name = site.instruction.name
    if name in _QUIET:
        return True
    if name in ("COPY", "ADD"):
        other = next(
            (each for each in copyings(case, stage=site.stage) if each.site.instruction is site.instruction), None
        )
        return other is not None and _apart(copying, other)
    return name == "RUN" and _run_is_independent(case, site, copying)


def _apart(first: Copying, second: Copying) -> bool:
    """Whether two copies write to places that have nothing in common."""
    one, two = _places(first), _places(second)
    return bool(one and two) and not any(is_under(a, b) or is_under(b, a) for a in one for b in two)


def _places(copying: Copying) -> tuple[str, ...]:
    """Return where a COPY writes; empty when that is not known."""
    if copying.destination is None or not copying.sources:
        return ()
    if copying.whole or any("*" in source or "?" in source or "[" in source for source in copying.sources):
        return (copying.destination,)
    plain = all(posixpath.splitext(source)[1] for source in copying.sources)
    if copying.folder and plain:
        return tuple(posixpath.join(copying.destination, posixpath.basename(source)) for source in copying.sources)
    return (copying.destination,)


def _run_is_independent(case: Case, site: Site, copying: Copying) -> bool:
    place = copying.destination or "/"
    if (
        not site.editable
        or site.script is None
        or site.instruction.heredocs
        or len(site.calls) != len(site.script.commands)
    ):
        return False
    if any(
        mount.type not in ("cache", "tmpfs", "secret", "ssh") or mount.target is None or is_under(mount.target, place)
        for mount in mounts_of(site)
    ):
        return False
    if _tools_live_in(case, site, copying):
        return False
    return all(_harmless(call, place) for call in site.calls)


def _tools_live_in(case: Case, site: Site, copying: Copying) -> bool:
    """Whether a variable leads a tool to the place of the source, or it is not known where it leads."""
    stages = {stage.index for stage in case.scopes.lineage(site.stage)}
    for each in case.sites:
        if each.stage not in stages or each.instruction.name not in ("ENV", "ARG"):
            continue
        for name, value, _ in each.instruction.pairs():
            if _TOOL_VARIABLES.fullmatch(name) and any(
                _leads(case, each, name, part, copying) for part in value.split(":")
            ):
                return True
    return False


def _leads(case: Case, site: Site, name: str, part: str, copying: Copying) -> bool:
    plain = part.strip("\"'")
    if plain in (f"${name}", f"${{{name}}}", ""):
        return False
    known = site.state.expand(plain)
    if known is None or (known.startswith("/") and is_under(known, copying.destination or "/")):
        return known is None or brings_into(case, copying, known)
    return _FILE_VARIABLES.fullmatch(name) is not None and not known.startswith(("/", "http"))


def _harmless(call: Call, place: str) -> bool:
    """Whether a call reads and writes nothing at ``place``; what pip reads is seen to elsewhere."""
    command = call.command
    program = call.head[0].value or ""
    if not command.plain or command.redirects or any(wrapper not in ("sudo", "env") for wrapper in call.wrappers):
        return False
    if any(assignment.name not in _HARMLESS_ASSIGNMENTS for assignment in command.assignments):
        return False
    if any("$(" in word.text or "`" in word.text for word in command.words):
        return False
    if "/" in program and (not program.startswith("/") or is_under(program, place)):
        return False
    return _means_no_harm(call, place)


def _means_no_harm(call: Call, place: str) -> bool:
    if call.tool == "pip":
        return call.action == "install" and all(option.name in _PIP_OPTIONS for option in call.options)
    if call.tool in ("uv", "poetry", "pipenv") and not (call.tool == "poetry" and call.action == "config"):
        return reads_of(call) is not None
    if call.tool == "poetry":
        return not call.has("--local")
    if call.tool in ("apt", "apk", "dnf"):
        return call.action in _HARMLESS_APT and not any("/" in word.text for word in call.operands)
    if call.tool == "rm":
        return all(_elsewhere(word.text.strip("\"'"), place) for word in call.operands)
    return call.tool == "echo" or (call.tool == "set" and bool(call.options)) or _is_sync(call) or _is_conda(call)


_CONDA_OPTIONS = frozenset(["-f", "--file", "-n", "--name", "-y", "--yes", "-q", "--quiet", "-a", "--all"])


def _is_conda(call: Call) -> bool:
    """Whether conda makes an environment from a file, which is seen to elsewhere, or cleans its caches."""
    does = (call.group, call.action) in (("env", "create"), ("", "clean"))
    return call.tool == "conda" and does and all(option.name in _CONDA_OPTIONS for option in call.options)


def _is_sync(call: Call) -> bool:
    return call.tool == "pip-sync" and not call.options


def _elsewhere(path: str, place: str) -> bool:
    plain = path.partition("*")[0].rstrip("/")
    return path.startswith("/") and "$" not in path and not is_under(plain, place) and not is_under(place, plain or "/")
