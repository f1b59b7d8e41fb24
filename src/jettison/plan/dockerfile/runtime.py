"""The runtime stage: what the service needs, on the smallest base with the same interpreter."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from jettison.dockerfile.tools.record import Call
from jettison.plan.dockerfile.conda import is_profile
from jettison.plan.dockerfile.health import health_pieces
from jettison.plan.dockerfile.layout import BUILDER, RUNTIME, VENV, Work, interpreter_of, packages_of, venv_env
from jettison.plan.dockerfile.packages import NEEDED_BY_WHEELS, runtime_packages
from jettison.plan.dockerfile.parts import Part
from jettison.plan.dockerfile.rewrite_record import Choice, Piece
from jettison.plan.dockerfile.runner import brings_installers, start_piece
from jettison.plan.dockerfile.user import User, choose_user, owned, user_pieces, with_flag
from jettison.plan.dockerfile.weights import is_linkable
from jettison.rules.dockerfile.caches import CACHES
from jettison.rules.dockerfile.case import Site
from jettison.rules.dockerfile.copies import Copying, copyings
from jettison.rules.dockerfile.mounts import mounts_of

_BUILD_ENV = re.compile(
    r"DEBIAN_FRONTEND|(?:PIP|UV|POETRY|PIPENV|PDM)_\w+|CFLAGS|CXXFLAGS|LDFLAGS|MAX_JOBS|TORCH_CUDA_ARCH_LIST"
)
_INSTALLERS = tuple(f"/{cache.home}" for cache in CACHES.values())
"""Folders that only what installs distributions looks into; those calls are in the builder."""


def runtime_of(work: Work, image: str) -> tuple[tuple[Piece, ...], dict[int, str], tuple[Choice, ...]]:
    """Return the runtime stage's pieces, the instructions that are in no stage with the reason, and the choices.

    Args:
        work: what the layout is made from.
        image: the stage's base.
    """
    user, choice_of_user = choose_user(work)
    health, added, health_choices = health_pieces(work)
    packages, choice = _runtime_packages(work, frozenset(health))
    stage = _Stage(work, packages, user, health, _copied_tree(work), [_from(work, image)], {})
    for site in work.case.sites:
        _place(stage, site)
    start = next((at for at, piece in enumerate(stage.pieces) if _starts(work, piece)), len(stage.pieces))
    tail = [*added]
    if user.name:
        named = user.owner if user.origin is None else user.name
        tail.insert(0, Piece(f"USER {named}\n", None, "added", "the service runs without rights"))
    pieces = _without_repeats(work, [*stage.pieces[:start], *tail, *stage.pieces[start:]], stage.dropped)
    return tuple(pieces), stage.dropped, (choice, choice_of_user, *health_choices)


@dataclass(slots=True)
class _Stage:
    """The runtime stage while it is laid out; ``tree`` is the folder that the builder gives."""

    work: Work
    packages: list[str]
    user: User
    health: dict[int, Piece]
    tree: str
    pieces: list[Piece]
    dropped: dict[int, str]
    placed: bool = False
    tree_placed: bool = False


def _from(work: Work, image: str) -> Piece:
    flags = "".join(f" {flag.word.text}" for flag in work.start.flags)
    return Piece(f"FROM{flags} {image} AS {RUNTIME}\n", work.at(work.start), "changed", "what is shipped")


def _starts(work: Work, piece: Piece) -> bool:
    """Whether a piece says how the container starts: user and health check stand in front of it."""
    return piece.origin is not None and work.case.recipe.instructions[piece.origin].name in ("CMD", "ENTRYPOINT")


def _place(stage: _Stage, site: Site) -> None:
    """Put what the runtime stage has of an instruction behind what it has so far."""
    work, name = stage.work, site.instruction.name
    at = work.at(site.instruction)
    if not stage.placed and name not in ("ARG", "ENV", "LABEL", "SHELL", "MAINTAINER") and not _is_whole_os(work, at):
        stage.pieces += _brought(work, stage.packages)
        stage.pieces += user_pieces(work, stage.user) if stage.user.name else ()
        stage.placed = True
    if name == "RUN" and at == stage.user.origin:
        return
    if name == "RUN" and work.base.family == "conda" and is_profile(site):
        stage.dropped[at] = "it is about interactive shells, and conda stays in the builder"
        return
    if name == "RUN":
        pieces, why = _run_in_runtime(work, at, site)
        stage.pieces += [_with_owner(piece, work.parts[at], stage.user) for piece in pieces]
        stage.dropped.update({at: why} if why else {})
    elif name == "ENV" and (pairs := _env(work, site)) is not None:
        stage.pieces += pairs
        stage.dropped.update({} if pairs else {at: "only the build needs it; it is in the builder"})
    elif name in ("COPY", "ADD"):
        _place_copy(stage, site, at)
    elif name in ("CMD", "ENTRYPOINT"):
        piece, why = start_piece(work, site.instruction)
        stage.pieces += [piece] if piece else []
        stage.dropped.update({at: why} if why else {})
    else:
        stage.pieces.append(stage.health.get(at) or Piece(work.text(site.instruction), at))


def _place_copy(stage: _Stage, site: Site, at: int) -> None:
    if brings_installers(site.instruction):
        stage.dropped[at] = "the installer stays in the builder"
        return
    owner = f" --chown={stage.user.owner}" if stage.user.name else ""
    if stage.tree and at < stage.work.last and _into(site, stage.tree):
        if stage.tree_placed:
            stage.dropped[at] = f"it is in {stage.tree}, which is copied from the builder"
            return
        text = f"COPY{owner} --from={BUILDER} {stage.tree} {stage.tree}\n"
        reason = "the builder's folder has these files and what was built in it"
        stage.pieces.append(Piece(text, at, "changed", reason))
        stage.tree_placed = True
        return
    text, reasons = stage.work.text(site.instruction), []
    if stage.user.name and site.instruction.flag("chown") is None:
        text, reasons = owned(text, stage.user), ["the service's files are its user's"]
    if is_linkable(stage.work.case, site, stage.user):
        text = with_flag(text, "--link")
        reasons.append("the weights' layer stays as it is when the base changes")
    stage.pieces.append(Piece(text, at, "changed", "; ".join(reasons)) if reasons else Piece(text, at))


def _without_repeats(work: Work, pieces: list[Piece], dropped: dict[int, str]) -> Iterator[Piece]:
    """Leave out a COPY of files that a later one brings to the same places, with nothing in between that reads them."""
    copies = {work.at(each.site.instruction): each for each in copyings(work.case)}
    for number, piece in enumerate(pieces):
        copying = copies.get(piece.origin) if piece.origin is not None else None
        if copying is not None and any(
            _repeats(copying, each) for each in _directly_behind(work, pieces, number, copies)
        ):
            assert piece.origin is not None  # noqa: S101 -- it has a COPY
            dropped[piece.origin] = "a later COPY brings the same files, and nothing in between reads them"
        else:
            yield piece


def _directly_behind(work: Work, pieces: list[Piece], number: int, copies: dict[int, Copying]) -> Iterator[Copying]:
    """Give the COPYs behind a piece, up to the first that runs something or goes elsewhere."""
    for piece in pieces[number + 1 :]:
        if piece.origin is None or work.case.recipe.instructions[piece.origin].name in ("RUN", "WORKDIR", "SHELL"):
            return
        if piece.origin in copies and "--from=" not in piece.text:
            yield copies[piece.origin]


def _repeats(first: Copying, later: Copying) -> bool:
    """Whether ``later`` brings every file of ``first`` to where that one puts it."""
    if first.origin is not None or later.origin is not None or not later.whole or first.whole:
        return False
    flags = {flag.name for flag in first.site.instruction.flags} | {flag.name for flag in later.site.instruction.flags}
    places = [(source, first.lands(source)) for source in first.sources]
    return flags <= {"chown", "link"} and all(place and later.brings(place) == source for source, place in places)


def _with_owner(piece: Piece, parts: tuple[Part, ...], user: User) -> Piece:
    """Return a RUN that makes folders with the user as their owner: who made them for the service was root before."""
    folders = [
        word.text
        for part in parts
        for call in part.calls
        if call.tool == "mkdir" and part.kind in ("files", "other")
        for word in call.operands
    ]
    if not folders or not user.name:
        return piece
    text = f"{piece.text.rstrip()} \\\n    && chown {user.owner} {' '.join(folders)}\n"
    return Piece(text, piece.origin, "changed", "; ".join(filter(None, (piece.reason, "its folders are the user's"))))


def _is_whole_os(work: Work, at: int) -> bool:
    return any(part.kind == "os-whole" for part in work.parts.get(at, ()))


def _brought(work: Work, packages: list[str]) -> Iterator[Piece]:
    """Give what the runtime stage has of the builder, and the packages it needs."""
    if packages:
        lines = "".join(f"        {package} \\\n" for package in packages)
        text = (
            "RUN apt-get update \\\n    && apt-get install -y --no-install-recommends \\\n"
            f"{lines}    && rm -rf /var/lib/apt/lists/*\n"
        )
        yield Piece(text, None, "added", "what the service needs at run time of the packages installed before")
    enters = venv_env() if work.environment == VENV else ""  # the recipe has its own
    text = f"COPY --from={BUILDER} {work.environment} {work.environment}\n{enters}"
    yield Piece(text, None, "added", "the distributions")


def _runtime_packages(work: Work, translated: frozenset[int]) -> tuple[list[str], Choice]:
    used = frozenset(_programs(work, translated))
    family = "ubuntu" if "ubuntu" in work.base.image else "debian"
    kept, left = runtime_packages(packages_of(work), used, family, compiles=bool(work.facts.compiles))
    for need in sorted((work.facts.requirements or frozenset()) & NEEDED_BY_WHEELS.keys()):
        kept += [each for each in NEEDED_BY_WHEELS[need] if each not in kept]
    python = interpreter_of(work)
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


def _programs(work: Work, translated: frozenset[int]) -> Iterator[str]:
    """Give the programs that the runtime stage calls: by the code, the health check, the start, and later RUNs."""
    yield from work.facts.programs
    for site in work.case.sites:
        name = site.instruction.name
        if name in ("CMD", "ENTRYPOINT", "HEALTHCHECK") and work.at(site.instruction) not in translated:
            yield from (part.rpartition("/")[2] for arg in site.instruction.args for part in arg.split())
        if name == "RUN" and not _skips_in_runtime(work, work.at(site.instruction)) and site.script is not None:
            for part in work.parts[work.at(site.instruction)]:
                if part.kind in ("other", "files", "os-whole"):
                    yield from (command.name for command in part.commands or site.script.commands)


def _skips_in_runtime(work: Work, at: int) -> bool:
    return all(part.kind in ("os", "python", "build", "clean") for part in work.parts[at])


def _run_in_runtime(work: Work, at: int, site: Site) -> tuple[list[Piece], str]:
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
    idle = [mount.flag for mount in mounts_of(site, "cache") if (mount.target or "").endswith(_INSTALLERS)]
    flags = "".join(f" {flag.word.text}" for flag in site.instruction.flags if flag not in idle)
    text = f"RUN{flags} " + " \\\n    && ".join(texts) + "\n"
    return [Piece(text, at, "changed", "what installs is in the builder")], ""


def _env(work: Work, site: Site) -> list[Piece] | None:
    """Return ENV without what only the build needs; None when it stays whole."""
    pairs = list(site.instruction.pairs())
    kept = [word for name, _, word in pairs if not _BUILD_ENV.fullmatch(name)]
    if len(kept) == len(pairs) or (site.instruction.args[2:3] == ("",) and kept):
        return None
    if not kept:
        return []
    text = "ENV " + " ".join(word.text for word in kept) + "\n"
    return [Piece(text, work.at(site.instruction), "changed", "what only the build needs is in the builder")]


def _copied_tree(work: Work) -> str:
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
