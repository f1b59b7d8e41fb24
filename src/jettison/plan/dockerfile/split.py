"""A single-stage recipe as a builder and a runtime stage.

The builder is the old recipe as it was, up to the last thing that installs or compiles: whatever was there for it before
is there still. Before the first distribution is installed, a virtual environment is made and put in front of PATH, so
that all of them land in one folder. The runtime stage has the rest, on the smallest base with the same interpreter.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from jettison.dockerfile.record import Instruction
from jettison.dockerfile.tools.record import Call
from jettison.plan.dockerfile.packages import NEEDED_BY_WHEELS, runtime_packages
from jettison.plan.dockerfile.parts import Part, parts_of
from jettison.plan.dockerfile.refuse import refusals
from jettison.plan.dockerfile.rewrite_record import Choice, Facts, NewStage, Piece, Refusal, Split
from jettison.plan.dockerfile.runtime_base import choose_runtime_base
from jettison.rules.dockerfile.bases import Base, base_of
from jettison.rules.dockerfile.case import Case, Site

VENV = "/opt/venv"
BUILDER = "builder"
RUNTIME = "runtime"
UID = 10001

_BUILD_ENV = re.compile(
    r"DEBIAN_FRONTEND|(?:PIP|UV|POETRY|PIPENV|PDM)_\w+|CFLAGS|CXXFLAGS|LDFLAGS|MAX_JOBS|TORCH_CUDA_ARCH_LIST"
)
_INSTALLERS = frozenset(["poetry", "uv", "pipenv", "pdm", "pip-tools", "hatch", "virtualenv", "poetry-plugin-export"])
_SYSTEM_MODULES = re.compile(r"python3-(?!dev$|pip$|venv$|setuptools$|wheel$|distutils$|virtualenv$|full$|minimal$).+")
_DOWNLOADERS = frozenset(["curl", "wget", "hf", "tar", "unzip", "mkdir", "mv", "rm", "ln", "chmod"])
_CONFIG = ("LABEL", "EXPOSE", "VOLUME", "STOPSIGNAL", "HEALTHCHECK", "CMD", "ENTRYPOINT", "USER", "MAINTAINER")


@dataclass(frozen=True, slots=True)
class _Work:
    """What the layout is made from.

    Attributes:
        case: the recipe.
        facts: of the service.
        base: its base image.
        index: by instruction its index in the recipe.
        parts: by index of each RUN its parts.
        last: index of the last RUN that the builder has.
    """

    case: Case
    facts: Facts
    base: Base
    index: dict[int, int]
    parts: dict[int, tuple[Part, ...]]
    last: int

    def at(self, instruction: Instruction) -> int:
        """Return the index of an instruction."""
        return self.index[instruction.span[0]]

    def text(self, instruction: Instruction) -> str:
        """Return an instruction's lines, with the comments directly above it."""
        recipe = self.case.recipe
        number = instruction.line
        while number > 1 and recipe.lines[number - 2].kind == "comment":
            number -= 1
        text = recipe.text[recipe.lines[number - 1].start : instruction.span[1]]
        return text if text.endswith("\n") else text + "\n"


def split_recipe(case: Case, facts: Facts) -> Split | tuple[Refusal, ...]:
    """Split a recipe of one stage into a builder and a runtime stage.

    Args:
        case: the recipe, and what is around it.
        facts: what is known of the service.

    Returns:
        the stages; or every reason why the recipe stays as it is.
    """
    index = {instruction.span[0]: at for at, instruction in enumerate(case.recipe.instructions)}
    runs = {index[site.instruction.span[0]]: parts_of(site) for site in case.named("RUN")}
    if found := refusals(case, tuple(part for parts in runs.values() for part in parts)):
        return found
    base = base_of(case.final.image if case.final else None)
    assert base is not None  # noqa: S101 -- refused above
    last = max(at for at, parts in runs.items() if any(part.kind in ("python", "build") for part in parts))
    work = _Work(case, facts, base, index, runs, last)
    image, choice = choose_runtime_base(base, facts)
    builder = NewStage(BUILDER, tuple(_builder(work)))
    runtime, dropped, choices = _runtime(work, image)
    head = tuple(Piece(work.text(each), at) for at, each in enumerate(case.recipe.instructions[: work.at(_from(case))]))
    return Split(head, (builder, NewStage(RUNTIME, runtime)), dropped, (choice, *choices))


def _from(case: Case) -> Instruction:
    assert case.final is not None  # noqa: S101 -- refused before
    return case.final.start


def _builder(work: _Work) -> Iterator[Piece]:
    start = _from(work.case)
    flags = "".join(f" {flag.word.text}" for flag in start.flags)
    text = work.text(start)
    head = text[: text.rindex(start.keyword)] if text.count("\n") > 1 else ""
    yield Piece(
        f"{head}FROM{flags} {start.words[0].text} AS {BUILDER}\n", work.at(start), "changed", "the build's stage"
    )
    made = False
    for site in work.case.sites:
        at = work.at(site.instruction)
        if at > work.last:
            return
        if site.instruction.name in _CONFIG:
            continue
        if site.instruction.name == "RUN" and _skipped_in_builder(work, at):
            continue
        if not made and _installs(work, at):
            yield from _venv(work, site)
            made = True
        yield Piece(work.text(site.instruction), at)


def _installs(work: _Work, at: int) -> bool:
    """Whether an instruction is the first that installs what the service is to have: installers are not shipped."""
    for part in work.parts.get(at, ()):
        if part.kind == "build":
            return True
        if part.kind == "python":
            names = [word.value for call in part.calls for word in call.operands]
            installer = bool(names) and all(_plain_name(name) in _INSTALLERS for name in names)
            configures = all(call.action in ("config", "self") for call in part.calls)
            if not (installer or configures) or not part.whole:
                return True
    return False


def _plain_name(name: str | None) -> str:
    return re.split(r"[\[=<>~!;@ ]", name or "", maxsplit=1)[0].lower()


def _skipped_in_builder(work: _Work, at: int) -> bool:
    """Whether a RUN is nothing to the builder: it fetches files that nothing behind it in the builder names."""
    parts = work.parts[at]
    if not all(part.kind in ("other", "files", "clean") for part in parts):
        return False
    calls = parts[0].site.calls
    if not calls or any(call.tool not in _DOWNLOADERS for call in calls) or parts[0].site.script is None:
        return False
    if len(calls) != len(parts[0].site.script.commands) or not any(
        call.tool in ("curl", "wget", "hf") for call in calls
    ):
        return False
    later = "".join(work.text(i) for i in work.case.recipe.instructions[at + 1 : work.last + 1] if i.name == "RUN")
    words = {word.text.strip("'\"").rpartition("/")[2] for call in calls for word in call.command.words[1:]}
    return not any(word and word in later for word in words if len(word) > 3)  # noqa: PLR2004 -- `-o`, `.`


def _interpreter(work: _Work) -> str:
    """Return how the recipe calls its interpreter: as the pip that it names, else as the base has it."""
    for parts in work.parts.values():
        for call in (call for part in parts if part.kind == "python" for call in part.calls):
            version = re.search(r"(?:pip|python)(3\.\d+)$", call.head[0].text)
            if call.tool == "pip" and version:
                return f"python{version[1]}"
    return "python" if work.base.family in ("python", "pytorch") else "python3"


def _venv(work: _Work, site: Site) -> Iterator[Piece]:
    python = _interpreter(work)
    packages = _packages(work)
    system = work.base.family == "pytorch" or any(_SYSTEM_MODULES.fullmatch(name) for name in packages)
    if work.base.family in ("debian", "ubuntu", "cuda"):
        name = f"{python}-venv"
        if name not in packages and "python3-full" not in packages:
            text = f"RUN apt-get update && apt-get install -y --no-install-recommends {name}\n"
            yield Piece(text, None, "added", "makes virtual environments")
    flag = " --system-site-packages" if system else ""
    text = f"RUN {python} -m venv{flag} {VENV}\n{_venv_env()}"
    if any(call.tool == "uv" for parts in work.parts.values() for part in parts for call in part.calls):
        text += f"ENV UV_PROJECT_ENVIRONMENT={VENV} UV_PYTHON={VENV}/bin/python\n"
    assert site.instruction.name == "RUN"  # noqa: S101 -- only RUN installs
    yield Piece(text, None, "added", "all distributions land in one folder, which is copied")


def _venv_env() -> str:
    return f'ENV VIRTUAL_ENV={VENV} PATH="{VENV}/bin:$PATH"\n'


def _packages(work: _Work) -> tuple[str, ...]:
    """Return the packages that the recipe installs plainly."""
    return tuple(
        word.value or word.text
        for parts in work.parts.values()
        for part in parts
        for call in part.calls
        if call.tool == "apt" and call.action == "install"
        for word in call.operands
    )


def _runtime(work: _Work, image: str) -> tuple[tuple[Piece, ...], dict[int, str], tuple[Choice, ...]]:
    start = _from(work.case)
    flags = "".join(f" {flag.word.text}" for flag in start.flags)
    pieces = [Piece(f"FROM{flags} {image} AS {RUNTIME}\n", work.at(start), "changed", "what is shipped")]
    dropped: dict[int, str] = {}
    packages, choice = _runtime_packages(work)
    copied = _copied_tree(work)
    placed = tree_placed = False
    for site in work.case.sites:
        at = work.at(site.instruction)
        name = site.instruction.name
        if not placed and name not in ("ARG", "ENV", "LABEL", "SHELL", "MAINTAINER") and not _is_whole_os(work, at):
            pieces += _brought(work, packages)
            placed = True
        if name == "RUN":
            made, why = _run_in_runtime(work, at, site)
            pieces += made
            if why:
                dropped[at] = why
        elif name == "ENV" and (made_env := _env(work, site)) is not None:
            pieces += made_env
            if not made_env:
                dropped[at] = "only the build needs it; it is in the builder"
        elif name in ("COPY", "ADD") and copied and at < work.last and _into(site, copied):
            if not tree_placed:
                reason = "the builder's folder has these files and what was built in it"
                pieces.append(Piece(f"COPY --from={BUILDER} {copied} {copied}\n", at, "changed", reason))
                tree_placed = True
            else:
                dropped[at] = f"it is in {copied}, which is copied from the builder"
        else:
            pieces.append(Piece(work.text(site.instruction), at))
    return tuple(pieces), dropped, (choice,)


def _is_whole_os(work: _Work, at: int) -> bool:
    return any(part.kind == "os-whole" for part in work.parts.get(at, ()))


def _brought(work: _Work, packages: list[str]) -> Iterator[Piece]:
    """Give what the runtime stage has of the builder, and the packages it needs."""
    if packages:
        lines = "".join(f"        {package} \\\n" for package in packages)
        text = (
            "RUN apt-get update \\\n    && apt-get install -y --no-install-recommends \\\n"
            f"{lines}    && rm -rf /var/lib/apt/lists/*\n"
        )
        yield Piece(text, None, "added", "what the service needs at run time of the packages installed before")
    yield Piece(f"COPY --from={BUILDER} {VENV} {VENV}\n{_venv_env()}", None, "added", "the distributions")


def _runtime_packages(work: _Work) -> tuple[list[str], Choice]:
    used = frozenset(_programs(work))
    family = "ubuntu" if "ubuntu" in work.base.image else "debian"
    kept, left = runtime_packages(_packages(work), used, family)
    for need in sorted((work.facts.requirements or frozenset()) & NEEDED_BY_WHEELS.keys()):
        kept += [each for each in NEEDED_BY_WHEELS[need] if each not in kept]
    python = _interpreter(work)
    if work.base.family in ("debian", "ubuntu", "cuda") and python not in kept:
        kept.insert(0, python)
    kept += [f"{program}" for program in sorted(used) if program in left and program not in kept]
    if work.base.family == "python" and not work.base.slim:
        kept += [each for each in _full_image_tools(used) if each not in kept]
    reasons = (f"left to the builder: {', '.join(left)}",) if left else ()
    return kept, Choice("runtime packages", ", ".join(kept) or "none", reasons)


def _full_image_tools(used: frozenset[str]) -> list[str]:
    """Return packages of programs that the full Python image has, and the slim one has not."""
    return sorted(used & {"curl", "wget", "git", "unzip", "procps", "openssh-client"})


def _programs(work: _Work) -> Iterator[str]:
    """Give the programs that the runtime stage calls: by the code, the health check, the start, and later RUNs."""
    yield from work.facts.programs
    for site in work.case.sites:
        name = site.instruction.name
        if name in ("CMD", "ENTRYPOINT", "HEALTHCHECK"):
            yield from (part.rpartition("/")[2] for arg in site.instruction.args for part in arg.split())
        if name == "RUN" and not _skips_in_runtime(work, work.at(site.instruction)) and site.script is not None:
            for part in work.parts[work.at(site.instruction)]:
                if part.kind in ("other", "files", "os-whole"):
                    yield from (command.name for command in part.commands or site.script.commands)


def _skips_in_runtime(work: _Work, at: int) -> bool:
    return all(part.kind in ("os", "python", "build", "clean") for part in work.parts[at])


def _run_in_runtime(work: _Work, at: int, site: Site) -> tuple[list[Piece], str]:
    """Return what the runtime stage has of a RUN; and why nothing, when it has nothing."""
    parts = work.parts[at]
    kept = [part for part in parts if part.kind in ("other", "files", "os-whole")]
    if not kept:
        kinds = {part.kind for part in parts}
        return [], "it builds; the builder has it" if kinds & {
            "python",
            "build",
        } else "its packages are installed above"
    if kept == list(parts):
        return [Piece(work.text(site.instruction), at)], ""
    recipe = work.case.recipe
    commands = [command for part in kept for command in part.commands]
    texts = [recipe.text[slice(*command.span)] for command in commands]
    flags = "".join(f" {flag.word.text}" for flag in site.instruction.flags)
    text = f"RUN{flags} " + " \\\n    && ".join(texts) + "\n"
    return [Piece(text, at, "changed", "what installs is in the builder")], ""


def _env(work: _Work, site: Site) -> list[Piece] | None:
    """Return ENV without what only the build needs; None when it stays whole."""
    pairs = list(site.instruction.pairs())
    kept = [word for name, _, word in pairs if not _BUILD_ENV.fullmatch(name)]
    if len(kept) == len(pairs) or (site.instruction.args[2:3] == ("",) and kept):
        return None
    if not kept:
        return []
    text = "ENV " + " ".join(word.text for word in kept) + "\n"
    return [Piece(text, work.at(site.instruction), "changed", "what only the build needs is in the builder")]


def _copied_tree(work: _Work) -> str:
    """Return the folder that the builder changes, so that the runtime stage takes it from there; empty: none."""
    for parts in work.parts.values():
        for part in parts:
            if part.kind == "build" or any(_in_place(call) for call in part.calls):
                workdir = part.site.state.workdir
                return workdir if workdir and workdir != "/" else ""
    return ""


def _in_place(call: Call) -> bool:
    return call.tool in ("pip", "uv") and call.has("-e", "--editable")


def _into(site: Site, folder: str) -> bool:
    """Whether a COPY puts files into ``folder``."""
    to = site.instruction.args[-1] if site.instruction.args else ""
    workdir = site.state.workdir or ""
    full = to if to.startswith("/") else f"{workdir}/{to}"
    return f"{full.rstrip('/')}/".replace("/./", "/").startswith(f"{folder.rstrip('/')}/")
